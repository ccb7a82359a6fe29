"""Split views: what the SDK does at each contact with the log, and the file it writes when it lies.

Responsible for holding every head seen against the newest one verified, and for evidence that
stands by itself: two heads with the log's signatures, and the proof that no history holds both.

    same size        two roots: nothing more is needed
    other sizes      the newer tree's own root at the older size, with the consistency proof that
                     leads from it to the newer root: it is not the root that the log signed before
"""

from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import Field

from sextant_client.home import Home, as_json, write_file
from sextant_client.trust import MAX_TRUST_BYTES, Trust
from sextant_shared.encoding import b64, b64_decode, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.proofs import MAX_PATH, roots_from_consistency, verify_consistency
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint


class History(Protocol):
    """What can be asked about the log: over the network, or of what was carried here."""

    def consistency(self, first: int, second: int) -> list[bytes]:
        """Return the consistency path between two sizes."""
        ...

    def prefix_root(self, size: int) -> bytes:
        """Return the root over the first `size` leaves, a power of two."""
        ...


class SplitView(Strict):
    """An evidence file: everything a stranger needs to see that the log signed two histories."""

    v: Version1
    kind: Literal["split-view"]
    vkeys: Annotated[list[str], Field(min_length=2, max_length=2)]
    first: str
    second: str
    prefix: str | None
    path: Annotated[list[str], Field(max_length=MAX_PATH)]


def contact(home: Home, trust: Trust, seen: Checkpoint, reader: History) -> None:
    """Hold a head, whose signatures verified, against the newest one known, and remember it.

    Raises:
        PlatformError: `E_INTEGRITY` when no history holds both; the evidence file is named.
    """
    try:
        moved = trust.accept(seen, reader.consistency)
    except PlatformError as error:
        if not {"known", "seen"} <= set(error.evidence):
            raise
        raise _with_file(home, trust.log_keys, error, reader) from error
    if moved and trust.path:
        write_file(trust.path, (trust.file.model_dump_json(indent=1) + "\n").encode())


def verify_evidence(data: bytes, pinned: LogKeys | None = None) -> tuple[Checkpoint, Checkpoint]:
    """Return the two heads that contradict each other, older first.

    Raises:
        PlatformError: `E_MALFORMED`; `E_KEY` for another log than the pinned one; `E_SIGNATURE`;
            `E_INTEGRITY` when the file does not show a contradiction.
    """
    file = read_model(SplitView, parse_json(data, max_bytes=MAX_TRUST_BYTES))
    keys = LogKeys.from_vkeys(file.vkeys)
    if pinned is not None and set(keys.vkeys) != set(pinned.vkeys):
        raise PlatformError(
            Code.KEY,
            "the evidence is about another log than the pinned one",
            expected=pinned.origin,
            received=keys.origin,
        )
    first, second = verify_checkpoint(file.first, keys), verify_checkpoint(file.second, keys)
    if first.size > second.size:
        raise PlatformError(Code.MALFORMED, "the older head comes first")
    if first.size == second.size:
        is_shown = first.root != second.root
    else:
        prefix = b64_decode(file.prefix or "", HASH_SIZE)
        path = [b64_decode(node, HASH_SIZE) for node in file.path]
        verify_consistency(first.size, second.size, path, prefix, second.root)
        is_shown = prefix != first.root
    if not is_shown:
        raise PlatformError(Code.INTEGRITY, "the two heads do not contradict each other")
    return first, second


def make_evidence(
    known: Checkpoint,
    seen: Checkpoint,
    path: list[bytes],
    keys: LogKeys,
    reader: History | None = None,
) -> SplitView:
    """Return the evidence in two heads; the prefix is asked of the log where the path hides it.

    Without a `reader` it stays unknown there, and the heads prove nothing by themselves.
    """
    first, second = sorted((known, seen), key=lambda checkpoint: checkpoint.size)
    version: Version1 = 1
    return SplitView(
        v=version,
        kind="split-view",
        vkeys=list(keys.vkeys),
        first=first.text,
        second=second.text,
        prefix=_prefix(first, second, path, reader),
        path=[b64(node) for node in path],
    )


def _prefix(
    first: Checkpoint, second: Checkpoint, path: list[bytes], reader: History | None
) -> str | None:
    if first.size == second.size or not path:
        return None
    try:
        if first.size & (first.size - 1) == 0:  # the path holds no root of such a size
            return b64(reader.prefix_root(first.size)) if reader else None
        return b64(roots_from_consistency(first.size, second.size, path, first.root)[0])
    except PlatformError:
        return None  # the heads alone are worth keeping


def _with_file(home: Home, keys: LogKeys, error: PlatformError, reader: History) -> PlatformError:
    known, seen = (verify_checkpoint(error.evidence[name], keys) for name in ("known", "seen"))
    path = [b64_decode(line, HASH_SIZE) for line in error.evidence.get("path", "").split()]
    evidence = as_json(make_evidence(known, seen, path, keys, reader).model_dump(mode="json"))
    file = home.path / "evidence" / f"{known.size}-{seen.size}-{seen.root.hex()[:12]}.json"
    write_file(file, evidence)
    return PlatformError(
        error.code,
        error.detail,
        expected=error.expected,
        received=error.received,
        fix=f"Keep {file} and show it to the other parties: sextant log evidence verify FILE.",
        evidence=error.evidence,
    )


def read_evidence(path: Path) -> bytes:
    """Return the bytes of an evidence file.

    Raises:
        PlatformError: `E_STATE` when it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.STATE, f"cannot read {path}", fix="Name a file that is there."
        ) from error
