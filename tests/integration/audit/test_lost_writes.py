"""Disks that lose or change what was written: the log goes on whole, or refuses with a reason.

What is on the disk after a power cut is made by hand: copies of the files while the service runs
are what a cut at that moment leaves, and a write-ahead log that is cut short is what remains when
the disk told that it had written and had not.
"""

import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sextant_audit.signer.state import SLOT_BYTES, StateFile, read_memory
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import WitnessReport
from sextant_shared.protocol.checkpoints import LogKeys
from tests.integration.audit.logs import AuditLog, Served
from tests.integration.audit.test_appending import append
from tests.integration.audit.test_read_path import published
from tests.integration.audit.test_witnesses import listening, policy_file
from tests.support.logs import ORIGIN
from tests.support.postgresql import embedded
from tests.support.waiting import found
from tests.support.witness_service import Running

pytestmark = [pytest.mark.anyio, embedded]

STEP = 60  # entries in each append: the third fills a tile
DAMAGE = {Code.INTEGRITY, Code.MALFORMED, Code.SIGNATURE, Code.KEY, Code.UNAVAILABLE}
LEDGER = "log.sqlite3"


@dataclass
class Cut:
    """A log, and what a power cut after each of its appends would have left on the disk."""

    log: AuditLog
    keys: LogKeys
    images: list[Path]
    sizes: list[int]

    def put(self, ledger: int, signer: int) -> None:
        """Put back the ledger of one moment and the signer's memory of another."""
        for name in (LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm"):
            (self.log.folder / name).unlink(missing_ok=True)
            if name != f"{LEDGER}-shm" and (self.images[ledger] / name).exists():
                shutil.copy(self.images[ledger] / name, self.log.folder / name)
        state = self.images[signer] / "signer" / "state.json"
        shutil.copy(state, self.log.settings.signer_folder / "state.json")

    @property
    def wal(self) -> Path:
        return self.log.folder / f"{LEDGER}-wal"


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def running(folder: Path, appends: int = 4) -> Cut:
    cut = Cut(AuditLog(folder), await AuditLog(folder).begin(), [], [])
    async with cut.log.serve() as served:
        for number in range(appends):
            first = 1 + number * STEP
            answer = await append(served, *range(first, first + STEP))
            await published(served, cut.keys, answer.size)
            image = folder.parent / f"image-{number}"
            shutil.copytree(folder, image)
            cut.images.append(image)
            cut.sizes.append(answer.size)
    return cut


async def opens_with(log: AuditLog) -> int | PlatformError:
    """Return the size that a log goes on from, or why it refuses."""
    try:
        async with log.serve() as served:
            return int((await served.get("/checkpoint")).text.splitlines()[1])
    except PlatformError as error:
        return error


# --- writes that came late, or not at all ---------------------------------------------------------


async def test_a_disk_as_a_power_cut_leaves_it_goes_on_whole(tmp_path: Path) -> None:
    cut = await running(made(tmp_path / "log"))
    for moment, size in list(enumerate(cut.sizes))[1::2]:
        cut.put(moment, moment)
        assert await opens_with(cut.log) == size
        assert (await cut.log.check()).size == size


async def test_a_write_ahead_log_that_lost_its_end_goes_on_whole_or_is_refused(
    tmp_path: Path,
) -> None:
    cut = await running(made(tmp_path / "log"))
    last = len(cut.images) - 1
    cut.put(last, last)
    whole = cut.wal.read_bytes()
    outcomes: dict[str, int] = {}
    for part in (0, 50, 90, 97, 100):
        cut.put(last, last)
        cut.wal.write_bytes(whole[: len(whole) * part // 100])
        found = await opens_with(cut.log)
        if isinstance(found, PlatformError):
            assert found.code is Code.INTEGRITY, found
            outcomes["refused"] = outcomes.get("refused", 0) + 1
        else:
            assert found == cut.sizes[last]
            assert (await cut.log.check()).size == found
            outcomes["whole"] = outcomes.get("whole", 0) + 1
    assert set(outcomes) == {"refused", "whole"}


async def test_a_published_head_that_was_lost_is_published_again(tmp_path: Path) -> None:
    """The entries are there and their checkpoint is not: it came late, and is made again."""
    cut = await running(made(tmp_path / "log"))
    with sqlite3.connect(cut.log.settings.database) as connection:
        connection.execute("DROP TRIGGER checkpoint_no_delete")
        connection.execute("DELETE FROM checkpoint WHERE size > ?", [cut.sizes[1]])
        connection.execute(
            "CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint"
            " BEGIN SELECT RAISE(ABORT, 'checkpoint refuses DELETE'); END"
        )
    connection.close()
    assert await opens_with(cut.log) == cut.sizes[-1]
    assert (await cut.log.check()).size == cut.sizes[-1]


# --- backups that were put back -------------------------------------------------------------------


async def test_an_old_ledger_beside_a_newer_signer_is_refused(tmp_path: Path) -> None:
    cut = await running(made(tmp_path / "log"))
    cut.put(1, 3)
    before = (cut.log.settings.signer_folder / "state.json").read_bytes()
    found = await opens_with(cut.log)
    assert isinstance(found, PlatformError)
    assert found.code is Code.INTEGRITY
    assert found.evidence["signed"].startswith(f"{cut.sizes[3]}\n")
    assert found.evidence["held"].startswith(f"{cut.sizes[1]}\n")
    assert (cut.log.settings.signer_folder / "state.json").read_bytes() == before


async def test_an_old_signer_beside_a_newer_ledger_signs_what_the_ledger_holds(
    tmp_path: Path,
) -> None:
    """It continues what the old memory says: the published heads, and no other, come of it."""
    cut = await running(made(tmp_path / "log"))
    cut.put(3, 1)
    assert await opens_with(cut.log) == cut.sizes[3]
    assert read_memory(cut.log.settings.signer_folder / "state.json", ORIGIN).size == cut.sizes[3]
    assert (await cut.log.check()).size == cut.sizes[3]


async def test_when_both_are_old_the_witness_is_who_knows_more(tmp_path: Path) -> None:
    """Nothing inside can tell; a witness that cosigned the newer head does, and says it loudly."""
    folder = tmp_path / "log"
    folder.mkdir()
    log = AuditLog(folder)
    keys = await log.begin()
    async with listening(Running(tmp_path / "xal", vkeys=keys.vkeys)) as url:
        log.policy, _ = policy_file(tmp_path, {"xal": url}, "1")
        async with log.serve() as served:
            await append(served, 1, 2)
            shutil.copytree(folder, tmp_path / "backup")
            answer = await append(served, *range(3, 40))
            await until_cosigned(served, answer.size)
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "backup", folder)
        async with log.serve() as served:
            report = await until_fault(served, "holds size")
            assert "holds size 40, which this log never published" in report
            await append(served, *range(100, 160))  # it has outgrown what was lost: a fork
            report = await until_fault(served, "answered 422")
            assert "answered 422" in report
    with sqlite3.connect(log.settings.database) as connection:
        kept = connection.execute("SELECT status, request FROM refused").fetchall()
    connection.close()
    assert {status for status, _ in kept} >= {409, 422}


async def until_cosigned(served: Served, size: int) -> None:
    await _report(served, lambda report: all(w.size == size for w in report.witnesses))


async def until_fault(served: Served, text: str) -> str:
    report = await _report(served, lambda r: any(text in w.fault for w in r.witnesses))
    return " ".join(witness.fault for witness in report.witnesses)


async def _report(served: Served, holds: Callable[[WitnessReport], bool]) -> WitnessReport:
    async def look() -> WitnessReport | None:
        content = (await served.get("/v1/witnesses")).content
        report = WitnessReport.model_validate_json(content)
        return report if holds(report) else None

    return await found(look, "the witness's state came to that")


# --- bits that changed ----------------------------------------------------------------------------


async def test_a_bit_that_changed_on_the_disk_is_found_or_was_nobody_s(tmp_path: Path) -> None:
    """Wherever it is in the ledger's file: the check refuses, or nothing of the log has changed."""
    cut = await running(made(tmp_path / "log"), appends=2)
    database = cut.log.settings.database
    sound, contents = database.read_bytes(), dump(database)
    chance = random.Random(7)
    found, other = 0, []
    for number in range(240):
        # Half of them at the file's beginning: headers, schema, and the pages that lead to all.
        at = chance.randrange(len(sound) if number % 2 else 3 * 8192)
        changed = bytearray(sound)
        changed[at] ^= 1 << chance.randrange(8)
        database.write_bytes(changed)
        try:
            await cut.log.check()
        except PlatformError as error:
            found += 1
            if error.code not in DAMAGE:
                other.append((at, error))
            continue
        assert dump(database) == contents, at
    assert found > 8
    assert other == []


async def test_a_start_on_a_changed_ledger_is_a_start_or_a_refusal(tmp_path: Path) -> None:
    cut = await running(made(tmp_path / "log"), appends=2)
    database = cut.log.settings.database
    sound = database.read_bytes()
    for at in (b"ABORT", b"only_next", b"CREATE TABLE", ORIGIN.encode(), b"envelope.accepted"):
        changed = bytearray(sound)
        for place in range(len(sound) - 1, 0, -1):
            if sound.startswith(at, place):
                changed[place] ^= 0x80
                break
        database.write_bytes(changed)
        found = await opens_with(cut.log)
        assert found == cut.sizes[-1] or (
            isinstance(found, PlatformError) and found.code in DAMAGE
        ), (at, found)


def test_each_changed_byte_of_the_signer_s_memory_is_refused_or_is_the_memory_before(
    tmp_path: Path,
) -> None:
    """A slot that does not hold its checksum is as one that was never written whole."""
    path = tmp_path / "state.json"
    state = StateFile.create(path, ORIGIN)
    for size in (5, 9):
        state.remember(size, sha256(b"%d" % size))
    newest = state.memory.generation % 2
    state.close()
    sound = path.read_bytes()
    for at in range(0, len(sound), 3):
        changed = bytearray(sound)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        assert read_memory(path, ORIGIN).size == (5 if at // SLOT_BYTES == newest else 9)
    path.write_bytes(bytes(len(sound)))
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        read_memory(path, ORIGIN)


def dump(database: Path) -> list[str]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        rows: list[str] = []
        for table in ("entry", "tile", "checkpoint", "cosig"):
            rows += map(repr, connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2"))
        return rows
    finally:
        connection.close()
