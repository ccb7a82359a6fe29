"""A process that stops while it takes a lease leaves no lease behind."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import MetaData

from sextant_shared.chassis.leading import Leading, lease_table

TABLE = lease_table(MetaData())


class SlowDatabase:
    """Does each write on a thread of its own, as several hands do; the first when it is let."""

    is_shared = True

    def __init__(self) -> None:
        self.held = asyncio.Event()
        self.begun = asyncio.Event()
        self.done: list[str] = []

    async def write(self, _work: Callable[[Any], Any]) -> bool:
        first = not self.begun.is_set()
        self.begun.set()
        written = asyncio.create_task(self._written("take" if first else "end"))
        return await asyncio.shield(written)  # the thread goes on whoever waits

    async def _written(self, what: str) -> bool:
        if what == "take":
            await self.held.wait()
        self.done.append(what)
        return True


@pytest.mark.anyio
async def test_leases_are_ended_after_the_last_one_was_taken_not_before() -> None:
    database = SlowDatabase()
    leading = Leading(database, TABLE)  # type: ignore[arg-type]  # what is asked of a database
    doing = asyncio.create_task(leading.leads("recovery"))
    await database.begun.wait()
    doing.cancel()
    letting_go = asyncio.create_task(leading.let_go())
    for _ in range(5):
        await asyncio.sleep(0)
    assert database.done == []
    database.held.set()
    await letting_go
    assert database.done == ["take", "end"]
    with pytest.raises(asyncio.CancelledError):
        await doing
