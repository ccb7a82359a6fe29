"""A full disk and a store that refuses: 503, nothing half written, and back again by itself."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.exchange.audits import MemoryAudit
from tests.integration.exchange.conftest import Enrolled
from tests.integration.exchange.containers import XAL, Container, sealed
from tests.integration.exchange.refusals import code_of
from tests.integration.exchange.world import LOG_WAIT_S, World
from tests.support.disks import filled, read_only, small_disk, writers
from tests.support.logs import MemoryLog
from tests.support.postgresql import embedded

pytestmark = [pytest.mark.anyio, embedded]
DISK_MB = 24
SIZES = {"in a row": 100, "in a file": 400_000}


@pytest.fixture
async def on_disk(enrolled: Enrolled, tmp_path: Path) -> AsyncIterator[World]:
    """An exchange on a small disk of its own; it waits for the log no longer than a test may."""
    folder, leaves = enrolled
    with small_disk(tmp_path / "disk", DISK_MB) as disk:
        shutil.copytree(folder, disk / "exchange")
        world = World(disk / "exchange", MemoryAudit(MemoryLog(list(leaves))))
        await world.start(log_wait_s=LOG_WAIT_S, recover_every_s=0.05)
        yield world
        await world.stop()


def container(number: int, size: int) -> Container:
    return sealed(number, content=b"x" * size)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
async def test_a_full_disk_refuses_and_takes_the_same_bytes_once_there_is_room(
    on_disk: World, size: int
) -> None:
    caller, envelope = on_disk.caller(XAL), container(2, size)
    assert (await caller.deposit(container(1, size))).status_code == 201
    kept = on_disk.files()
    with filled(on_disk.folder.parent):
        answer = await caller.deposit(envelope)
        assert (answer.status_code, code_of(answer)) == (503, "E_UNAVAILABLE")
        assert answer.headers["retry-after"]
        assert (await caller.get("/v1/mailbox")).status_code == 200  # reading goes on
        assert on_disk.files() == kept
        assert on_disk.rows("SELECT count(*) FROM envelope") == [(1,)]
    assert (await caller.deposit(envelope)).status_code == 201
    assert on_disk.rows("PRAGMA integrity_check") == [("ok",)]


async def test_the_reserve_refuses_before_the_body_and_readiness_says_why(on_disk: World) -> None:
    await on_disk.restart(disk_reserve_bytes=8 << 20)
    caller = on_disk.caller(XAL)
    await caller.get("/v1/parties")
    with filled(on_disk.folder.parent):
        answer = await caller.deposit(sealed())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        ready = await on_disk.send("GET", "/readyz")
        assert (ready.status_code, "no room" in ready.json()["checks"]["room"]) == (503, True)
    assert (await on_disk.send("GET", "/readyz")).status_code == 200
    assert (await caller.deposit(sealed())).status_code == 201


async def test_a_volume_of_large_containers_that_is_away_refuses_them_and_nothing_else(
    stopped: World,
) -> None:
    await stopped.start()
    caller, large = stopped.caller(XAL), container(1, SIZES["in a file"])
    assert (await caller.deposit(large)).status_code == 201
    blobs = stopped.folder / "blobs"
    away = blobs.rename(stopped.folder / "away")
    for answer in (
        await caller.deposit(container(2, SIZES["in a file"])),
        await caller.get(f"{large.path}/content"),
    ):
        assert (answer.status_code, code_of(answer)) == (503, "E_UNAVAILABLE")
        assert answer.headers["retry-after"]
    assert (await caller.deposit(container(3, SIZES["in a row"]))).status_code == 201
    away.rename(blobs)
    assert (await caller.deposit(container(2, SIZES["in a file"]))).status_code == 201
    assert (await caller.get(f"{large.path}/content")).content == large.data


async def test_a_store_that_is_read_only_refuses_and_comes_back(stopped: World) -> None:
    with writers() as opened:
        await stopped.start()
    caller = stopped.caller(XAL)
    assert (await caller.deposit(sealed(1))).status_code == 201
    with read_only(opened()):
        answer = await caller.deposit(sealed(2))
        assert (answer.status_code, code_of(answer)) == (503, "E_UNAVAILABLE")
        assert answer.headers["retry-after"]
        assert (await caller.get(f"{sealed(1).path}/receipt")).status_code == 200
    assert (await caller.deposit(sealed(2))).status_code == 201
