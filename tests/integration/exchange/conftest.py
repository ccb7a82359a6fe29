"""An exchange with the Secretariat and two States enrolled, copied for each test."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.integration.exchange.audits import MemoryAudit
from tests.integration.exchange.containers import KEYS
from tests.integration.exchange.world import LOG_WAIT_S, World, open_world
from tests.support.logs import MemoryLog

Enrolled = tuple[Path, list[bytes]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[EventDict]]:
    """What the service logged, instead of printing it."""
    with capture_logs() as captured:
        yield captured


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that are right for machines are long for tests."""
    monkeypatch.setattr("sextant_shared.chassis.http.BACKOFF_S", 0.01)
    monkeypatch.setattr("sextant_exchange.domain.mailboxes.RECHECK_S", 0.2)


@pytest.fixture(scope="session")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Enrolled:
    """A stopped exchange's folder and its log, once for all tests."""
    folder = tmp_path_factory.mktemp("enrolled")

    async def prepare() -> list[bytes]:
        async with open_world(folder) as world:
            for keys in KEYS.values():
                answer = await world.enrol(keys)
                assert answer.status_code == 201, answer.text
            return world.audit.log.leaves

    return folder, asyncio.run(prepare())


@pytest.fixture
async def stopped(enrolled: Enrolled, tmp_path: Path) -> AsyncIterator[World]:
    """A fresh copy that is not started yet."""
    folder, leaves = enrolled
    shutil.copytree(folder, tmp_path / "exchange")
    world = World(tmp_path / "exchange", MemoryAudit(MemoryLog(list(leaves))))
    world.copy_database_of(folder)
    yield world
    await world.stop()


@pytest.fixture
async def world(stopped: World) -> World:
    """A fresh copy, running; the log answers at once, and a late one is not waited for long."""
    await stopped.start(log_wait_s=LOG_WAIT_S, recover_every_s=0.05)
    return stopped
