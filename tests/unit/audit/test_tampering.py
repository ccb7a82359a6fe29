"""Every byte that the ledger keeps: changed, it is found by the check of the whole log.

The files that hold these bytes are damaged in tests/integration/audit/test_lost_writes.py; what
readers outside make of changed bytes is in tests/unit/client/test_log_reading.py.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from sextant_audit.domain.checking import check_log
from sextant_audit.domain.ports import StoredCosignature
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import format_signatures
from tests.support.logs import NOW
from tests.support.witnesses import cosignature, cosigner
from tests.unit.audit.memory import MemoryRows, TestLog, new_entry

pytestmark = pytest.mark.anyio

SMALL, FULL = 3, 257
REFUSALS = {Code.INTEGRITY, Code.MALFORMED, Code.SIGNATURE, Code.KEY}
COSIGNERS = [cosigner("xal", alg) for alg in (Alg.ED25519, Alg.ML_DSA_44)]
Damage = Callable[[MemoryRows, bytes], None]


async def made(size: int) -> TestLog:
    """Return a log whose newest published head two keys of a witness have cosigned."""
    log = await TestLog().start()
    await log.sequencer.flush([[new_entry(number) for number in range(1, size)]])
    await log.publisher.publish()
    for each in COSIGNERS:
        line = cosignature(log.ledger.rows.notes[size], "xal", each.verifier.alg)
        text = format_signatures([line])
        stored = StoredCosignature(size, line.name, line.key_id.hex(), int(NOW), text)
        log.ledger.rows.add_cosignatures([stored])
    return log


def flipped(data: bytes, step: int = 1) -> Iterator[bytes]:
    """Yield `data` with one bit changed, in every byte or every `step`-th one."""
    for position in range(0, len(data), step):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        yield bytes(changed)


def accepted(log: TestLog, original: bytes, damage: Damage, step: int = 1) -> list[bytes]:
    """Return the changed bytes with which the check finds nothing wrong; it may only refuse."""
    sound, found = log.ledger.rows, []
    for changed in flipped(original, step):
        log.ledger.rows = sound.copy()
        try:
            damage(log.ledger.rows, changed)
        except UnicodeDecodeError:
            continue  # the database refuses a text that is none before the check sees it
        try:
            signed = log.signer.size, log.signer.root
            asyncio.run(check_log(log.ledger, log.signer.keys, signed, COSIGNERS))
            found.append(changed)
        except PlatformError as error:
            if error.code not in REFUSALS:
                found.append(changed)
    log.ledger.rows = sound
    return found


def entry(name: str) -> Damage:
    def damage(rows: MemoryRows, changed: bytes) -> None:
        value: object = changed.decode() if name == "id" else changed
        rows.stored[1] = replace(rows.stored[1], **{name: value})  # type: ignore[arg-type]

    return damage


def note(rows: MemoryRows, changed: bytes) -> None:
    rows.notes[SMALL] = changed.decode()


def root(rows: MemoryRows, changed: bytes) -> None:
    rows.roots[SMALL] = changed


def line(number: int) -> Damage:
    def damage(rows: MemoryRows, changed: bytes) -> None:
        rows.cosigs[number] = replace(rows.cosigs[number], line=changed.decode())

    return damage


@pytest.fixture(scope="module")
def small() -> TestLog:
    return asyncio.run(made(SMALL))


def test_each_changed_byte_of_an_entry_is_found(small: TestLog) -> None:
    stored = small.ledger.rows.stored[1]
    assert accepted(small, stored.data, entry("data")) == []
    assert accepted(small, stored.hash, entry("hash")) == []
    assert accepted(small, stored.id.encode(), entry("id")) == []


def test_each_changed_byte_of_a_published_checkpoint_is_found(small: TestLog) -> None:
    text = small.ledger.rows.notes[SMALL].encode()
    head, at = text.rpartition(b"\xe2\x80\x94")[0], len(text)
    assert accepted(small, text, note, step=11) == []
    assert len(head) < at // 4  # what is not the long signature: every byte of it
    assert accepted(small, head, lambda rows, changed: note(rows, changed + text[len(head) :])) == (
        []
    )
    assert accepted(small, small.ledger.rows.roots[SMALL], root) == []


def test_each_changed_byte_of_a_cosignature_line_is_found(small: TestLog) -> None:
    short, long = (each.line.encode() for each in small.ledger.rows.cosigs)
    assert accepted(small, short, line(0)) == []
    assert accepted(small, long, line(1), step=11) == []


def test_changed_bytes_of_a_full_tile_are_found() -> None:
    log = asyncio.run(made(FULL))

    def tile(rows: MemoryRows, changed: bytes) -> None:
        rows.tiles[0, 0] = changed

    assert accepted(log, log.ledger.rows.tiles[0, 0], tile, step=229) == []


def test_a_changed_entry_under_a_full_tile_is_found() -> None:
    log = asyncio.run(made(FULL))
    assert accepted(log, log.ledger.rows.stored[1].data, entry("data"), step=17) == []


def test_a_sound_log_passes_with_its_cosignatures(small: TestLog) -> None:
    def nothing(_rows: MemoryRows, _changed: bytes) -> None: ...

    assert len(accepted(small, b"xy", nothing)) == 2
