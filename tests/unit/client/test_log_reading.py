"""What the SDK reads of the log: changed by a byte, it is refused and never believed.

Custody receipts, inclusion proofs and cosignature lines have such tests beside their readers
(test_receipts, test_logproof, test_cosignatures, test_checkpoints).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from sextant_client.log import LogReader
from sextant_client.session import Session
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.proofs import verify_consistency
from sextant_shared.merkle.tiles import TILE_WIDTH, bundle_of
from sextant_shared.merkle.tree import consistency_path_of, root_of
from sextant_shared.models.log import ConsistencyProof
from tests.support.logs import MemoryLog, make_accepted

FIRST = 3
REFUSALS = {Code.INTEGRITY, Code.MALFORMED, Code.SIGNATURE, Code.KEY, Code.TOO_LARGE}


def grown(size: int) -> MemoryLog:
    log = MemoryLog()
    for number in range(size):
        log.append(make_accepted(number + 1))
    return log


SMALL, LARGE = grown(6), grown(TILE_WIDTH + 2)


@dataclass
class Serving:
    """A log behind a wire on which one answer may be changed."""

    log: MemoryLog
    changed: dict[str, bytes] = field(default_factory=dict)

    def sound(self, path: str) -> bytes:
        leaves = [leaf_hash(leaf) for leaf in self.log.leaves]
        size = len(leaves)
        if path == "/checkpoint":
            return self.log.checkpoint().encode()
        if path == "/tile/entries/000":
            return bundle_of(self.log.leaves[:TILE_WIDTH])
        if path.startswith("/tile/entries/"):
            return bundle_of(self.log.leaves[size - size % TILE_WIDTH :])
        if path.startswith("/tile/0/000.p/"):
            return b"".join(leaves[: int(path.rpartition("/")[2])])
        proof = [b64(node) for node in consistency_path_of(leaves, FIRST)]
        return ConsistencyProof(first=FIRST, second=size, path=proof).model_dump_json().encode()

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        return httpx.Response(200, content=self.changed.get(path) or self.sound(path))

    def reader(self) -> LogReader:
        transport = httpx.MockTransport(self.answer)
        return LogReader(Session("https://l", client_id="x", signer=None, transport=transport))


def flipped(data: bytes, step: int = 1) -> Iterator[bytes]:
    for position in range(0, len(data), step):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        yield bytes(changed)


def believed(
    log: MemoryLog, path: str, read: Callable[[LogReader], object], step: int = 1
) -> list[bytes]:
    """Return the changed answers that were not refused."""
    serving, found = Serving(log), []
    reader = serving.reader()
    read(reader)  # unchanged, it is believed
    for changed in flipped(serving.sound(path), step):
        serving.changed = {path: changed}
        try:
            read(reader)
            found.append(changed)
        except PlatformError as error:
            if error.code not in REFUSALS:
                found.append(changed)
    return found


def test_each_changed_byte_of_the_checkpoint_is_refused() -> None:
    assert believed(SMALL, "/checkpoint", lambda r: r.checkpoint(SMALL.keys)) == []


def test_each_changed_byte_of_a_partial_bundle_is_refused() -> None:
    head = Serving(SMALL).reader().checkpoint(SMALL.keys)
    path = f"/tile/entries/000.p/{head.size}"
    assert believed(SMALL, path, lambda r: r.rebuild(head, lambda *_: None)) == []


@pytest.mark.parametrize("bundle", ["/tile/entries/000", "/tile/entries/001.p/2"])
def test_changed_bytes_of_a_full_bundle_and_the_one_after_it_are_refused(bundle: str) -> None:
    head = Serving(LARGE).reader().checkpoint(LARGE.keys)
    step = 1409 if bundle.endswith("000") else 29
    assert believed(LARGE, bundle, lambda r: r.rebuild(head, lambda *_: None), step) == []


def test_each_changed_byte_of_a_consistency_proof_is_refused() -> None:
    leaves = [leaf_hash(leaf) for leaf in SMALL.leaves]
    size = len(leaves)

    def read(reader: LogReader) -> None:
        path = reader.consistency(FIRST, size)
        verify_consistency(FIRST, size, path, root_of(leaves[:FIRST]), root_of(leaves))

    assert believed(SMALL, "/v1/proofs/consistency", read) == []


def test_each_changed_byte_of_a_hash_tile_gives_another_root() -> None:
    root = root_of(leaf_hash(leaf) for leaf in SMALL.leaves[:4])

    def read(reader: LogReader) -> None:
        if reader.prefix_root(4) != root:
            raise PlatformError(Code.INTEGRITY, "another root")

    assert believed(SMALL, "/tile/0/000.p/4", read) == []


@pytest.mark.parametrize("answer", [b"[]", b"\xff", b"[" * 9000, b"x" * (1 << 15)])
def test_a_proof_that_is_none_is_refused(answer: bytes) -> None:
    serving = Serving(SMALL, {"/v1/proofs/consistency": answer})
    with pytest.raises(PlatformError) as caught:
        serving.reader().consistency(FIRST, 6)
    assert caught.value.code in REFUSALS
