"""Reads the log: checkpoint, consistency, and the rebuild of the whole tree from its entries."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sextant_client.copies.nodes import TileHistory
from sextant_client.copies.sources import WebSource
from sextant_client.session import Session
from sextant_shared.encoding import b64_decode, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE, leaf_hash
from sextant_shared.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, format_index, parse_bundle
from sextant_shared.merkle.tree import Frontier, root_of
from sextant_shared.models.entries import parse_entry
from sextant_shared.models.log import ConsistencyProof, InclusionProof, WitnessedHead, WitnessReport
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint
from sextant_shared.protocol.levels import parse_witnessed

MAX_REPORT_BYTES = 1 << 20
MAX_PROOF_BYTES = 1 << 14  # 63 hashes and their punctuation
_NO_ROUTE = (Code.NOT_FOUND, Code.INTERNAL)  # a plain web server's 404 is no problem document
Progress = Callable[[int, int], None]
"""Told how many entries of how many were read."""


@dataclass(frozen=True)
class LogReader:
    """Reads one log over HTTP; entries need an auditor's session."""

    session: Session

    def checkpoint(self, keys: LogKeys) -> Checkpoint:
        """Return the published head, both signatures verified.

        Raises:
            PlatformError: `E_INTEGRITY`, `E_UNAVAILABLE`.
        """
        return verify_checkpoint(self.session.request("GET", "/checkpoint").text, keys)

    def consistency(self, first: int, second: int) -> list[bytes]:
        """Return the consistency path between two sizes; of a copy without routes, from its tiles.

        Raises:
            PlatformError: `E_UNAVAILABLE`, `E_MALFORMED`.
        """
        try:
            answer = self.session.request(
                "GET", "/v1/proofs/consistency", params={"first": first, "second": second}
            )
        except PlatformError as error:
            if error.code not in _NO_ROUTE:
                raise
            source = WebSource(self.session.base_url)
            try:
                return TileHistory(source, second).consistency(first, second)
            finally:
                source.close()
        proof = read_model(ConsistencyProof, parse_json(answer.content, max_bytes=MAX_PROOF_BYTES))
        if (proof.first, proof.second) != (first, second):
            raise PlatformError(
                Code.MALFORMED,
                "the log proves other sizes than were asked for",
                expected=f"{first} to {second}",
                received=f"{proof.first} to {proof.second}",
            )
        return [b64_decode(node, 32) for node in proof.path]

    def witnessed(self, first: int) -> WitnessedHead | None:
        """Return the newest head with a quorum that continues size `first`; None while none does.

        Raises:
            PlatformError: `E_UNAVAILABLE`, `E_MALFORMED`.
        """
        try:
            answer = self.session.request("GET", "/v1/witnessed", params={"first": first})
        except PlatformError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise
        return parse_witnessed(answer.content)

    def cose(self, index: int, size: int | None = None) -> bytes | None:
        """Return the COSE receipt of an entry, under a published head of `size` or the newest.

        None when this log has no key of such receipts, or no such head.

        Raises:
            PlatformError: `E_UNAVAILABLE` while no head over the entry is published.
        """
        params: dict[str, str | int] = {"form": "cose"} | ({"size": size} if size else {})
        try:
            answer = self.session.request("GET", f"/v1/entries/{index}/proof", params=params)
        except PlatformError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise
        return answer.content

    def proof(self, index: int, *, witnessed: bool = False) -> str:
        """Return the tlog-proof of an entry, under the published head or the newest witnessed one.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_UNAVAILABLE`.
        """
        params = {"form": "tlog", "witnessed": "true" if witnessed else "false"}
        return self.session.request("GET", f"/v1/entries/{index}/proof", params=params).text

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the inclusion path of an entry in the tree of `size`.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_UNAVAILABLE`, `E_MALFORMED`.
        """
        params = {"index": index, "size": size}
        answer = self.session.request("GET", "/v1/proofs/inclusion", params=params)
        proof = read_model(InclusionProof, answer.json())
        return [b64_decode(node, HASH_SIZE) for node in proof.path]

    def leaf_hash(self, index: int, size: int) -> bytes:
        """Return the hash of an entry, from a tile of the published tree of `size`.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_MALFORMED`.
        """
        number, at = divmod(index, TILE_WIDTH)
        tile = Tile(0, number, min(TILE_WIDTH, size - number * TILE_WIDTH))
        data = self.session.request("GET", f"/tile/{tile.path}").content
        found = data[at * HASH_SIZE : (at + 1) * HASH_SIZE]
        if len(found) != HASH_SIZE:
            raise PlatformError(Code.MALFORMED, f"tile/{tile.path} has another width")
        return found

    def witnesses(self) -> WitnessReport | None:
        """Return what the log says of its witnesses; None when it asks none.

        Raises:
            PlatformError: `E_UNAVAILABLE`, `E_MALFORMED`.
        """
        try:
            answer = self.session.request("GET", "/v1/witnesses")
        except PlatformError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise
        return read_model(WitnessReport, parse_json(answer.content, max_bytes=MAX_REPORT_BYTES))

    def prefix_root(self, size: int) -> bytes:
        """Return the root over the first `size` leaves, a power of two, as the log serves it now.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_MALFORMED`.
        """
        level, height = divmod(size.bit_length() - 1, TILE_HEIGHT)
        tile = Tile(level, 0, 1 << height)
        data = self.session.request("GET", f"/tile/{tile.path}").content
        hashes = [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]
        if len(hashes) != tile.width:
            raise PlatformError(Code.MALFORMED, f"tile/{tile.path} has another width")
        return root_of(hashes)

    def entries(self, size: int) -> Iterator[bytes]:
        """Yield the leaves `0 … size - 1` from the entry bundles.

        Raises:
            PlatformError: `E_INTEGRITY` for a bundle of another length, `E_FORBIDDEN`.
        """
        for number in range((size + TILE_WIDTH - 1) // TILE_WIDTH):
            width = min(TILE_WIDTH, size - number * TILE_WIDTH)
            partial = f".p/{width}" if width < TILE_WIDTH else ""
            path = f"/tile/entries/{format_index(number)}{partial}"
            entries = parse_bundle(self.session.request("GET", path).content)
            if len(entries) != width:
                raise PlatformError(
                    Code.INTEGRITY,
                    f"bundle {number} has another length",
                    expected=str(width),
                    received=str(len(entries)),
                )
            yield from entries

    def rebuild(self, checkpoint: Checkpoint, progress: Progress) -> dict[str, int]:
        """Rebuild the tree from its entries, compare it with `checkpoint`; return entries by type.

        Raises:
            PlatformError: `E_INTEGRITY` when the root differs, with both roots.
        """
        frontier, counts = Frontier(), dict[str, int]()
        for entry in self.entries(checkpoint.size):
            frontier.append(leaf_hash(entry))
            kind = parse_entry(entry).type
            counts[kind] = counts.get(kind, 0) + 1
            if frontier.size % TILE_WIDTH == 0 or frontier.size == checkpoint.size:
                progress(frontier.size, checkpoint.size)
        if frontier.root() != checkpoint.root:
            raise PlatformError(
                Code.INTEGRITY,
                "the entries do not give the root that the log signed",
                expected=checkpoint.root.hex(),
                received=frontier.root().hex(),
                evidence={"checkpoint": checkpoint.text},
            )
        return counts
