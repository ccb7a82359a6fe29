"""A running log that keeps itself: plain files equal to its routes, bits that flip on the disk."""

import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint

from sextant_audit.app import create_app
from sextant_audit.domain.ports import Head
from sextant_audit.domain.scrubbing import Scrubber, ScrubFault
from sextant_audit.domain.static_tiles import full_tiles, partial_tiles
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.ledger import LoneLedger
from sextant_client.copies.checking import CopyCheck, CopyReport
from sextant_client.copies.sources import FolderSource
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import system_clock
from sextant_shared.merkle.tiles import bundle_of
from sextant_shared.protocol.checkpoints import LogKeys, verify_checkpoint
from tests.integration.audit.logs import AuditLog, Served, name_of
from tests.integration.audit.test_appending import append
from tests.integration.audit.test_read_path import published
from tests.support.copies import files_of, flip
from tests.support.waiting import found, until

pytestmark = pytest.mark.anyio

SIZE = 601


@dataclass
class Kept(AuditLog):
    """A log whose settings a test adds to."""

    added: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> AuditSettings:
        given = {"tiles_dir": self.tiles, "entries_public": True, "scrub_entries_per_s": 1e6}
        return super().settings.model_copy(update={**given, **self.added})

    @property
    def tiles(self) -> Path:
        return self.folder / "tiles"

    async def grown(self, size: int = SIZE) -> LogKeys:
        """Begin the log and let it grow to a published size."""
        keys = await self.begin()
        async with self.serve() as served:
            for start in range(1, size, 200):
                await append(served, *range(start, min(start + 200, size)))
            await published(served, keys, size)
            await until(lambda: laid_size(self.tiles, keys) in {size, None})
        return keys


def laid_size(folder: Path, keys: LogKeys) -> int | None:
    """Return the size of the head in a folder; 0 before there is one, None without a folder."""
    try:
        return verify_checkpoint((folder / "checkpoint").read_text(), keys).size
    except FileNotFoundError:
        return 0 if folder.exists() else None


async def routes_of(served: Served, size: int) -> dict[str, bytes]:
    """Return what the routes serve at every path of a published size."""
    tiles = [*full_tiles(0, size), *partial_tiles(size)]
    paths = ["checkpoint", *(f"tile/{tile.path}" for tile in tiles)]
    return {path: (await served.get(f"/{path}")).content for path in paths}


def checked(folder: Path, keys: LogKeys) -> CopyReport:
    return CopyCheck(keys).run(FolderSource(folder))


async def test_every_path_is_the_same_as_a_file_and_as_a_route(tmp_path: Path) -> None:
    log = Kept(tmp_path)
    keys = await log.grown()
    async with log.serve() as served:
        head = (await served.get("/checkpoint")).content  # signed afresh at the start
        await until(lambda: (log.tiles / "checkpoint").read_bytes() == head)
        routes = await routes_of(served, SIZE)
        files = files_of(log.tiles)
        assert {path: files[path] for path in routes} == routes
        for path in set(files) - set(routes):  # partial tiles of sizes published on the way
            assert (await served.get(f"/{path}")).content == files[path]
    report = checked(log.tiles, keys)
    assert (report.faults.kept, report.entries) == ([], SIZE)


async def test_lost_and_wrong_files_are_mended_after_a_start(tmp_path: Path) -> None:
    log = Kept(tmp_path)
    keys = await log.grown()
    before = files_of(log.tiles)
    (log.tiles / "tile/0/000").unlink()
    (log.tiles / "tile/entries/001").write_bytes(b"")
    flip(log.tiles / "tile/entries/000", 99)
    async with log.serve():
        await until(lambda: not checked(log.tiles, keys).faults.kept)
    mended = files_of(log.tiles)
    assert {p: mended[p] for p in before if "/00" in p} == {
        p: before[p] for p in before if "/00" in p
    }


async def test_a_folder_that_was_lost_or_set_later_is_made_whole(tmp_path: Path) -> None:
    log = Kept(tmp_path, added={"tiles_dir": None})
    keys = await log.grown()
    assert not log.tiles.exists()
    log.added = {}
    async with log.serve():
        await until(lambda: laid_size(log.tiles, keys) == SIZE)
    assert checked(log.tiles, keys).faults.kept == []
    shutil.rmtree(log.tiles)
    async with log.serve():
        await until(lambda: laid_size(log.tiles, keys) == SIZE)
    assert checked(log.tiles, keys).faults.kept == []


async def test_a_disk_that_takes_no_file_stops_no_append(tmp_path: Path) -> None:
    log = Kept(tmp_path)
    log.tiles.write_bytes(b"a file where the folder should be")
    keys = await log.begin()
    async with log.serve() as served:
        await append(served, 1, 2, 3)
        await published(served, keys, 4)
        ready = (await served.get("/readyz")).json()
        assert ready["ready"] is True
        await until_note(served, "tiles", "E_UNAVAILABLE")  # the files follow what is published
        log.tiles.unlink()
        await until(lambda: laid_size(log.tiles, keys) == 4)
        await until_note(served, "tiles", "ok")


async def until_note(served: Served, name: str, word: str) -> str:
    async def look() -> str | None:
        note = str((await served.get("/readyz")).json()["notes"].get(name))
        return note if note.startswith(word) else None

    return await found(look, f"{name} says {word}")


async def test_partial_tiles_go_a_grace_time_after_the_full_one_is_out(tmp_path: Path) -> None:
    log = Kept(tmp_path, added={"tiles_grace_s": 3600})
    keys = await log.begin()
    async with log.serve() as served:
        for first, last in ((1, 100), (100, 200), (200, 300)):
            await append(served, *range(first, last))
            await until(lambda size=last: laid_size(log.tiles, keys) == size)  # type: ignore[misc]
    assert {"tile/0/000.p/100", "tile/entries/000.p/200"} <= set(files_of(log.tiles))
    log.added = {"tiles_grace_s": 0}
    async with log.serve():
        await until(lambda: not (log.tiles / "tile/0/000.p").exists())
        await until(lambda: not (log.tiles / "tile/entries/000.p").exists())
    assert checked(log.tiles, keys).faults.kept == []


async def test_bundles_that_are_not_public_are_files_of_the_service_alone(tmp_path: Path) -> None:
    log = Kept(tmp_path, added={"entries_public": False})
    await log.grown(300)
    assert (log.tiles / "tile/entries").stat().st_mode & 0o077 == 0
    assert (log.tiles / "tile/entries/000").stat().st_mode & 0o077 == 0
    assert (log.tiles / "tile/0").stat().st_mode & 0o055


async def test_public_bundles_are_files_for_all(tmp_path: Path) -> None:
    log = Kept(tmp_path)
    await log.grown(300)
    assert (log.tiles / "tile/entries").stat().st_mode & 0o055


@dataclass(frozen=True)
class Flip:
    """A bit of a value in the ledger's file, and who names it how."""

    query: str
    at: int
    place: str
    path: str
    entry: int


FLIPS = {
    "an entry": Flip("SELECT data FROM entry WHERE idx = 7", 60, "entry 7", "tile/entries/000", 7),
    "a tile": Flip(
        "SELECT hashes FROM tile WHERE level = 0 AND idx = 0",
        320,
        "tile/0/000 at 10",
        "tile/0/000",
        10,
    ),
}


def flip_in_ledger(log: Kept, flipped: Flip) -> None:
    """Flip a bit where it stands: in the database's file, or on a server past all triggers."""
    if log.server is not None:
        _flip_on_server(log.server.connect("postgres", name_of(log)), flipped)
        return
    with sqlite3.connect(log.settings.database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [value] = connection.execute(flipped.query).fetchone()
    connection.close()
    data, at = log.settings.database.read_bytes(), flipped.at
    # A tile lies on several pages; a piece of two of its hashes stands nowhere else.
    piece, offset = (value, at) if len(value) < 4096 else (value[at - 10 : at + 10], 10)
    assert data.count(piece) == 1
    flip(log.settings.database, data.index(piece) + offset)


def _flip_on_server(administrator: psycopg.Connection[Any], flipped: Flip) -> None:
    table, where = re.findall(r"FROM (\w+) (WHERE .*)", flipped.query)[0]
    with closing(administrator) as connection:
        [value] = connection.execute(flipped.query.encode()).fetchone() or [b""]
        damaged = bytearray(value)
        damaged[flipped.at] ^= 1
        own = "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
        triggers = [name for (name,) in connection.execute(own, [table])]
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        column = flipped.query.split()[1]
        connection.execute(f"UPDATE {table} SET {column} = %s {where}".encode(), [bytes(damaged)])
        for name in triggers:
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}".encode())


@pytest.mark.parametrize("flipped", FLIPS.values(), ids=FLIPS)
async def test_a_bit_that_flips_on_the_disk_is_named_by_scrubber_and_by_fsck(
    tmp_path: Path, flipped: Flip
) -> None:
    log = Kept(tmp_path)
    keys = await log.grown()
    flip_in_ledger(log, flipped)
    ledger, told = LoneLedger(log.settings.place), list[ScrubFault]()
    signed = verify_checkpoint((log.tiles / "checkpoint").read_text(), keys)
    scrubber = Scrubber(
        ledger,
        lambda: Head(signed.size, signed.root, signed.text, signed.time),
        entries_per_s=1e9,
        pause_s=0,
        clock=system_clock,
        on_fault=told.append,
    )
    await scrubber.scrub()
    assert [fault.place for fault in told] == [flipped.place]
    entries = await ledger.read(lambda rows: rows.entries(0, 256))
    bundle = bundle_of([entry.data for entry in entries])
    tile = await ledger.read(lambda rows: rows.tile(0, 0))
    (log.tiles / "tile/entries/000").write_bytes(bundle)
    (log.tiles / "tile/0/000").write_bytes(tile or b"")
    [found] = checked(log.tiles, keys).faults.kept
    assert (found.path, found.entry) == (flipped.path, flipped.entry)


async def test_a_log_with_a_flipped_bit_goes_on_and_gives_it_out_no_more(tmp_path: Path) -> None:
    log, flipped = Kept(tmp_path), FLIPS["an entry"]
    keys = await log.grown()
    sound = files_of(log.tiles)
    flip_in_ledger(log, flipped)
    async with log.serve() as served:
        assert flipped.place in await until_note(served, "scrub", "E_INTEGRITY")
        assert (await served.get("/readyz")).status_code == 200
        refused = await served.get(f"/{flipped.path}")
        assert (refused.status_code, refused.json()["code"]) == (500, "E_INTEGRITY")
        await append(served, 9001)
        await until(lambda: laid_size(log.tiles, keys) == SIZE + 1)
    assert files_of(log.tiles)[flipped.path] == sound[flipped.path]
    assert checked(log.tiles, keys).faults.kept == []  # damaged rows displaced no sound file


async def test_damaged_rows_are_not_laid_out(tmp_path: Path) -> None:
    log = Kept(tmp_path, added={"tiles_dir": None})
    await log.grown()
    flip_in_ledger(log, FLIPS["an entry"])
    log.added = {"scrub_entries_per_s": 0}
    async with log.serve() as served:
        note = await until_note(served, "tiles", "E_INTEGRITY")
    assert "tile/entries/000 is not written" in note
    assert not (log.tiles / "tile/entries/000").exists()
    assert not (log.tiles / "checkpoint").exists()


async def test_a_lost_file_whose_rows_are_damaged_stays_lost_and_is_told(tmp_path: Path) -> None:
    log = Kept(tmp_path, added={"scrub_entries_per_s": 0})
    keys = await log.grown()
    flip_in_ledger(log, FLIPS["an entry"])
    (log.tiles / "tile/entries/000").unlink()
    async with log.serve() as served:
        await until_note(served, "tiles", "E_INTEGRITY")
        await append(served, 9001)
        await until(lambda: laid_size(log.tiles, keys) == SIZE + 1)
        await until_note(served, "tiles", "E_INTEGRITY")
    assert not (log.tiles / "tile/entries/000").exists()


async def test_the_numbers_of_the_upkeep_are_sent(tmp_path: Path) -> None:
    log, reader = Kept(tmp_path), InMemoryMetricReader()
    await log.grown()
    app = create_app(log.settings, telemetry=Telemetry("audit", readers=[reader]))
    assert not any(name.startswith("dxe.log.") for name in numbers(reader))
    async with app.router.lifespan_context(app):
        await until(lambda: numbers(reader).get("dxe.log.scrub.through") == SIZE)
        await until(lambda: numbers(reader)["dxe.log.tiles.lag"] == 0)
        found = numbers(reader)
    assert (found["dxe.log.scrub.faults"], found["dxe.log.tiles.faults"]) == (0, 0)
    assert "dxe.log.timestamp.failures" not in found  # nobody is asked for time-stamps


def numbers(reader: InMemoryMetricReader) -> dict[str, float]:
    data = reader.get_metrics_data()
    return {
        metric.name: point.value
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
        if isinstance(point, NumberDataPoint)
    }
