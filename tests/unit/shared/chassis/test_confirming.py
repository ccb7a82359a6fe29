"""A commit that does not end: callers are told in time, and nothing is lost or doubled."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from sextant_shared.chassis import confirming
from sextant_shared.chassis.confirming import Commits, within
from sextant_shared.chassis.writer import Writer
from sextant_shared.errors import Code, PlatformError
from tests.unit.shared.chassis.test_writer import count, engine_at, insert

pytestmark = pytest.mark.anyio
BOUND_S = 0.3


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Site:
    """A writer whose commits wait until a second site is `there`."""

    writer: Writer
    there: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    def hold(self, _connection: Connection) -> None:
        self.reached.set()
        self.there.wait(10)

    async def committing(self) -> None:
        await asyncio.to_thread(self.reached.wait, 10)

    async def back(self) -> None:
        self.there.set()
        async with asyncio.timeout(10):
            while self.writer.commits.word() != "ok":  # noqa: ASYNC110 -- a thread ends it
                await asyncio.sleep(0.01)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    engine = engine_at(tmp_path)
    one = Site(Writer(engine, commit_s=BOUND_S))
    event.listen(engine, "commit", one.hold)
    yield one
    one.there.set()
    one.writer.close()
    engine.dispose()


async def refused(writer: Writer, number: int) -> str:
    with pytest.raises(PlatformError) as caught:
        await writer.run(insert(number))
    assert caught.value.code is Code.UNAVAILABLE
    assert caught.value.retry_after_s
    return caught.value.detail


async def test_who_is_in_it_is_told_in_time_that_it_may_stand_and_it_stands_once(
    site: Site,
) -> None:
    begun = time.monotonic()
    assert "may be held, or not" in await refused(site.writer, 1)
    assert BOUND_S <= time.monotonic() - begun < 5
    await site.back()
    assert await count(site.writer) == 1


async def test_who_comes_meanwhile_is_refused_at_once_and_nothing_of_his_is_stored(
    site: Site,
) -> None:
    await refused(site.writer, 1)
    assert "waits for the server" in site.writer.commits.word()
    assert "nothing of this is held" in await refused(site.writer, 2)
    await site.back()
    assert await count(site.writer) == 1
    assert await site.writer.run(insert(2)) == 2


async def test_who_waits_behind_it_is_told_too_and_nothing_of_his_is_ever_begun(site: Site) -> None:
    first = asyncio.create_task(refused(site.writer, 1))
    await site.committing()
    told = await asyncio.gather(*(refused(site.writer, n) for n in range(2, 20)))
    assert all("nothing of this is held" in each for each in told)
    await first
    await site.back()
    assert await count(site.writer) == 1


async def test_a_commit_that_ends_in_time_is_answered_as_ever(site: Site) -> None:
    works = [asyncio.create_task(site.writer.run(insert(n))) for n in range(3)]
    await site.committing()
    site.there.set()
    assert await asyncio.gather(*works) == [0, 1, 2]
    assert site.writer.commits.word() == "ok"


async def test_a_stop_leaves_it_to_the_server(site: Site) -> None:
    await refused(site.writer, 1)
    async with asyncio.timeout(5):
        await asyncio.to_thread(site.writer.close)
    assert not site.there.is_set()


def test_who_only_ever_fails_is_not_ready_until_a_commit_ends_or_nobody_tries_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(confirming, "monotonic", lambda: now[0])
    commits = Commits(1, bound_s=10.0)
    for now[0] in (0.0, 5.0, 10.0):
        commits.end(0, failed=True)
        assert commits.word() == "ok"
    now[0] = 15.0
    commits.end(0, failed=True)
    assert "no commit could be made" in commits.word()
    now[0] = 36.0
    assert commits.word() == "ok"
    now[0] = 40.0
    commits.end(0, failed=True)
    assert commits.word() != "ok"
    commits.begin(0)
    commits.end(0, failed=False)
    assert commits.word() == "ok"


def test_a_first_commit_is_waited_for_no_longer_and_what_it_raises_is_raised() -> None:
    there = threading.Event()
    with pytest.raises(PlatformError, match="first commit of this process waits"):
        within(0.05, lambda: there.wait(10))
    there.set()
    with pytest.raises(ValueError, match="no such row"):
        within(5, _fail)
    within(5, there.set)


def _fail() -> None:
    raise ValueError("no such row")
