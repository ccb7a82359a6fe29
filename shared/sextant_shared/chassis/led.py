"""Loops that one of several processes runs: whoever has the lease, until it loses it.

A cycle may take longer than a lease, so the lease is prolonged beside it. When that fails for too
long the loop is ended here, and another process begins its own. What the loop writes asks first
whether its process still leads (`guarding`), in the same transaction: one that was paused, and does
not know yet, writes nothing.

What a loop remembers may be out of date when its process leads again: `anew` lets it forget.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial

import structlog

from sextant_shared.chassis.guarding import guarded
from sextant_shared.chassis.leading import LEASE_S, Leading
from sextant_shared.clock import monotonic
from sextant_shared.errors import PlatformError

Loop = Callable[[], Coroutine[None, None, None]]
LOOK_S = 1.0  # how soon another process goes on with a task that was let go of
_PROLONGED = 3  # times in the life of a lease

_log = structlog.get_logger("sextant.leading")


async def lead(
    leading: Leading,
    name: str,
    loop: Loop,
    anew: Callable[[], None] = lambda: None,
    *,
    lease_s: float = LEASE_S,
    look_s: float = LOOK_S,
) -> None:
    """Run a loop for ever, whenever this process leads it.

    Raises:
        Exception: what ended the loop, if it was not its lease.
    """
    while True:
        if not await _takes(leading, name):
            await asyncio.sleep(look_s)
            continue
        anew()
        with guarded(partial(leading.require, name=name)):
            running = asyncio.create_task(loop())
        _log.info("task.led", task=name)
        try:
            await _kept(leading, name, running, lease_s)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        _log.warning("task.lost", task=name)


async def _takes(leading: Leading, name: str) -> bool:
    try:
        return await leading.is_free(name) and await leading.leads(name)
    except PlatformError:
        return False  # the database is away: nobody leads


async def _kept(leading: Leading, name: str, running: "asyncio.Task[None]", lease_s: float) -> None:
    """Return when the lease is lost, or could not be prolonged for as long as it lasts."""
    until = monotonic() + lease_s
    while monotonic() < until:
        done, _ = await asyncio.wait([running], timeout=lease_s / _PROLONGED)
        if done:
            running.result()
            return
        asked = monotonic()
        with suppress(PlatformError):
            if not await leading.leads(name):
                return
            until = asked + lease_s
