"""Waits until something comes about: longer than a busy machine needs, and yet a hang is a failure.

await until(lambda: not owed(), "nothing is owed")
receipt = await found(lambda: receipt_of(id_), "its receipt came")
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from sextant_shared.clock import monotonic

T = TypeVar("T")
PATIENCE_S = 60.0
LOOK_S = 0.02


async def until(true: Callable[[], object], what: str = "it came about") -> None:
    """Return when `true`, a function or coroutine function, gives something true.

    Raises:
        AssertionError: when it does not for `PATIENCE_S`.
    """
    async for _ in _looks(what):
        result = true()
        if isinstance(result, Awaitable):
            result = await result
        if result:
            return


async def found(look: Callable[[], Awaitable[T | None]], what: str) -> T:
    """Return the first thing that a coroutine function finds.

    Raises:
        AssertionError: when it finds None for `PATIENCE_S`.
    """
    async for _ in _looks(what):
        if (result := await look()) is not None:
            return result
    raise AssertionError(what)


async def _looks(what: str) -> AsyncIterator[None]:
    deadline = monotonic() + PATIENCE_S
    while monotonic() < deadline:
        yield
        await asyncio.sleep(LOOK_S)
    raise AssertionError(f"never in {PATIENCE_S:.0f} s: {what}")
