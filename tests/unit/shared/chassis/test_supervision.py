"""What the service manager hears: ready once it serves, a pulse while the loop turns, stopping."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sextant_shared.chassis.supervision import READY, Manager


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def test_without_a_manager_nothing_is_told_and_nobody_waits() -> None:
    assert Manager.found() == Manager()
    Manager().tell(READY)
    asyncio.run(asyncio.wait_for(Manager().pulse(), 1))


def test_a_manager_is_found_once_so_that_no_child_speaks_for_its_parent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/manager")
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert Manager.found() == Manager("/run/manager", 30.0)
    assert Manager.found() == Manager()


@pytest.mark.parametrize(
    ("usec", "pid"),
    [("30000000", "1"), ("0", None), ("", None), ("-5", None), ("a minute", None)],
    ids=["another process is watched", "nobody is", "empty", "negative", "words"],
)
def test_a_watch_that_is_not_ours_or_makes_no_sense_is_none(
    monkeypatch: pytest.MonkeyPatch, usec: str, pid: str | None
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/manager")
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    if pid:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert Manager.found() == Manager("/run/manager", None)


def test_a_manager_that_went_away_costs_nothing(tmp_path: Path) -> None:
    Manager(str(tmp_path / "nobody")).tell(READY)


def test_an_address_in_the_abstract_namespace_is_reached() -> None:
    name = f"sextant-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(5)
        Manager(f"@{name}").tell("READY=1", "STATUS=up")
        assert listening.recv(100) == b"READY=1\nSTATUS=up"


@pytest.mark.anyio
async def test_the_pulse_is_twice_as_fast_as_the_patience_and_stops_with_the_loop(
    ear: socket.socket,
) -> None:
    pulse = asyncio.create_task(Manager(ear.getsockname(), 0.04).pulse())
    await asyncio.sleep(0.2)
    pulse.cancel()
    ear.settimeout(0)
    heard = []
    while True:
        try:
            heard.append(ear.recv(100))
        except BlockingIOError:
            break
    assert set(heard) == {b"WATCHDOG=1"}
    assert len(heard) >= 4
