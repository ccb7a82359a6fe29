"""Gives entries their place: one batch after another, each durable and signed before it is told.

Responsible for idempotency, contiguous indexes and the order of durable steps. Not responsible for
reading entries strictly (`entries`), for when a head is shown to the world (`publishing`), nor for
gathering requests: whoever calls `flush` never calls it twice at a time.

Durable steps of a batch, and what follows if we stop after them:

1. Requests wait in memory. If we stop here, nothing was told; the callers repeat.
2. Entries, and the tiles they fill, stand in one open transaction (`audit.before_commit`).
   If we stop here, the ledger rolls back; the callers repeat.
   A ledger on a server may also be cut off while it commits, so that nobody knows whether it did;
   the next batch looks, and goes on behind those entries if they stand.
3. The transaction is durable (`audit.after_commit`). If we stop here, recovery finds a ledger that
   continues what the signer remembers, and has the new head signed; repeats find their entries.
4. The signer's state is durable, then both signatures are made. If we stop between, the signer
   remembers a head that the ledger holds, and signs it again.
5. The head is signed (`audit.after_sign`). If we stop here, the answers are lost; repeats find
   their entries and are proved under this head or a later one.
6. The callers have their answers. The published head follows (`publishing`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sextant_audit.domain.ports import (
    CrashPoint,
    Head,
    HeadSigner,
    Ledger,
    Located,
    NewEntry,
    WritableRows,
)
from sextant_audit.domain.proving import Prover
from sextant_audit.domain.tree import FullTile, TileTree
from sextant_shared.clock import Clock
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.log import AppendAnswer, AppendedItem

Request = Sequence[NewEntry]
Answer = AppendAnswer | Exception


@dataclass(frozen=True, slots=True)
class _Placed:
    """What a transaction did: the grown tree, its new tiles, and each request's indexes."""

    tree: TileTree
    full: list[FullTile]
    indexes: list[list[int] | PlatformError]


class Sequencer:
    """Places requests and answers them under the head it has just had signed.

    Owned by the event loop: `flush` is the only method that changes anything.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        signer: HeadSigner,
        prover: Prover,
        head: Head,
        offer: Callable[[Head], None],
        clock: Clock,
        refresh_s: float,
        crash_point: CrashPoint,
    ) -> None:
        self._ledger = ledger
        self._signer = signer
        self._prover = prover
        self._head = head
        self._offer = offer
        self._clock = clock
        self._refresh_s = refresh_s
        self._crash_point = crash_point
        self._doubted: _Placed | None = None  # of a commit that was not answered

    @property
    def head(self) -> Head:
        """The newest signed head."""
        return self._head

    async def flush(self, requests: list[Request]) -> list[Answer]:
        """Place the entries of all requests in one transaction and answer each request.

        A request that reuses an id for other bytes is answered with `E_DUPLICATE` and adds
        nothing; the others are not touched by it. A request without entries only asks for a
        fresh head.

        Raises:
            PlatformError: `E_INTEGRITY` when ledger, tree and signer disagree, `E_UNAVAILABLE`
                when the ledger cannot be written; no request was answered then.
        """
        if any(requests):
            placed = await self._place(requests)
        else:
            placed = _Placed(self._prover.tree, [], [[] for _ in requests])
        await self._sign()
        return await self._answers(placed.indexes)

    async def _place(self, requests: Sequence[Request]) -> _Placed:
        tree, doubted = self._prover.tree, self._doubted
        tried: list[tuple[_Placed, _Placed]] = []

        def work(rows: WritableRows) -> _Placed:
            found = _settled(rows, tree, doubted)
            placed = _place_all(rows, found.tree, requests)
            tried.append((found, placed))
            self._crash_point("audit.before_commit")
            return placed

        try:
            placed = await self._ledger.write(work)
        except PlatformError as error:
            for found, unanswered in tried:
                self._prover.advance(found.tree, found.full)
                self._doubted = unanswered if error.code is Code.UNAVAILABLE else None
            raise
        self._prover.advance(tried[0][0].tree, tried[0][0].full)
        self._doubted = None
        self._crash_point("audit.after_commit")
        self._prover.advance(placed.tree, placed.full)
        return placed

    async def _sign(self) -> None:
        """Have the tree in force signed, unless the newest head says the same and is fresh."""
        tree = self._prover.tree
        age_s = self._clock() - self._head.time
        if self._head.size == tree.size and age_s < self._refresh_s:
            return
        path = await self._prover.consistency(self._signer.size, tree.size)
        root = tree.root()
        self._head = await asyncio.to_thread(self._signer.sign, tree.size, root, path)
        self._crash_point("audit.after_sign")
        self._offer(self._head)

    async def _answers(self, indexes: Sequence[list[int] | PlatformError]) -> list[Answer]:
        """Prove all entries of the batch at once: they share nodes, and each node's text."""
        wanted = [index for found in indexes if isinstance(found, list) for index in found]
        paths = iter(await self._prover.inclusion(wanted, self._head.size))
        texts: dict[bytes, str] = {}
        return [
            found
            if isinstance(found, PlatformError)
            else self._answer(found, [_text(next(paths), texts) for _ in found])
            for found in indexes
        ]

    def _answer(self, indexes: list[int], paths: list[list[str]]) -> AppendAnswer:
        items = [
            AppendedItem.model_construct(index=index, path=path)
            for index, path in zip(indexes, paths, strict=True)
        ]
        return AppendAnswer.model_construct(
            checkpoint=self._head.checkpoint, size=self._head.size, items=items
        )


def _settled(rows: WritableRows, tree: TileTree, doubted: _Placed | None) -> _Placed:
    """Return where to go on: behind the entries of an unanswered commit if they stand, else before.

    Only entries that we tried to place ourselves count; any others are refused by the caller.
    """
    if doubted is not None and tree.size < rows.size() == doubted.tree.size:
        hashes = [leaf_hash(each.data) for each in rows.entries(tree.size, doubted.tree.size)]
        if tree.grown(hashes)[0].root() == doubted.tree.root():
            return doubted
    return _Placed(tree, [], [])


def _place_all(rows: WritableRows, tree: TileTree, requests: Sequence[Request]) -> _Placed:
    """Give every new entry the next index, in one transaction; runs in the writer thread."""
    if rows.size() != tree.size:
        raise PlatformError(
            Code.INTEGRITY,
            "the ledger does not hold the entries that were sequenced",
            expected=f"{tree.size} entries",
            received=f"{rows.size()} entries",
            fix="Restart the service: it compares ledger and signer before it goes on.",
        )
    known: dict[str, Located] = rows.locate([entry.id for request in requests for entry in request])
    fresh: list[NewEntry] = []
    indexes: list[list[int] | PlatformError] = []
    for request in requests:
        clash = _clash(request, known)
        if clash is not None:
            indexes.append(clash)
            continue
        for entry in request:
            if entry.id not in known:
                known[entry.id] = Located(tree.size + len(fresh), entry.hash)
                fresh.append(entry)
        indexes.append([known[entry.id].index for entry in request])
    if not fresh:
        return _Placed(tree, [], indexes)
    rows.add_entries(tree.size, fresh)
    grown, full = tree.grown(_read_back(rows, tree.size, fresh))
    rows.add_tiles((tile.level, tile.index, tile.data) for tile in full)
    return _Placed(grown, full, indexes)


def _clash(request: Request, known: Mapping[str, Located]) -> PlatformError | None:
    """Return the refusal of a request that gives an id other bytes than it has, if it does."""
    own: dict[str, bytes] = {}
    for entry in request:
        before = known[entry.id].hash if entry.id in known else own.setdefault(entry.id, entry.hash)
        if before != entry.hash:
            place = f"at index {known[entry.id].index}" if entry.id in known else "in this request"
            return PlatformError(
                Code.DUPLICATE,
                f"entry id {entry.id} already stands {place} with other bytes; nothing was added",
                expected=f"leaf hash {b64(before)}",
                received=f"leaf hash {b64(entry.hash)}",
                fix="Send the same bytes for an id for ever, and a new id for a new entry.",
            )
    return None


def _read_back(rows: WritableRows, start: int, fresh: Sequence[NewEntry]) -> list[bytes]:
    """Hash what the ledger holds now: the tree commits to the bytes that will be served."""
    hashes = [leaf_hash(entry.data) for entry in rows.entries(start, start + len(fresh))]
    if hashes != [entry.hash for entry in fresh]:
        raise PlatformError(Code.INTEGRITY, "the ledger read back other entries than were written")
    return hashes


def _text(path: list[bytes], texts: dict[bytes, str]) -> list[str]:
    return [texts.get(node) or texts.setdefault(node, b64(node)) for node in path]
