"""What the exchange does by itself while it runs, and what it tells its operator."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from sextant_exchange.domain.mailboxes import Bells
from sextant_exchange.domain.quota import Room
from sextant_exchange.domain.recovery import sweep
from sextant_exchange.domain.uploads import Uploads
from sextant_exchange.storage.blobs import BlobStore
from sextant_exchange.storage.envelopes import SqlEnvelopes
from sextant_shared.errors import Code, PlatformError

Job = tuple[Callable[[], Awaitable[object]], float]
"""Something to do, and the seconds between two times."""

DRAIN_LOOK_S = 0.1
SWEEP_EVERY_S = 60.0
_log = structlog.get_logger("sextant.exchange")


@asynccontextmanager
async def kept(jobs: Sequence[Job], bells: Bells) -> AsyncIterator[None]:
    """Do all jobs again and again, as long as the body runs."""
    tasks = [asyncio.create_task(_keep(job, every_s)) for job, every_s in jobs]
    tasks.append(asyncio.create_task(_let_go(bells)))
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def sweep_blobs(blobs: BlobStore, envelopes: SqlEnvelopes, *, is_alone: bool) -> None:
    """Remove what no row names: a stop between blob and row leaves it.

    Not where other processes have blobs on their way to a row.
    """
    if is_alone and (orphans := await sweep(blobs, envelopes)):
        _log.info("orphaned blobs removed", count=orphans)


async def sweep_uploads(uploads: Uploads) -> None:
    """End uploads that are too old."""
    if ended := await uploads.sweep():
        _log.info("uploads expired", count=ended)


def tell(error: PlatformError) -> None:
    """Tell the operator why entries are still owed: a late log is a warning, else an alarm."""
    say = _log.warning if error.code is Code.UNAVAILABLE else _log.error
    say("entries are owed to the log", code=str(error.code), detail=error.detail, **error.evidence)


async def store_answers(envelopes: SqlEnvelopes) -> str:
    """Say whether the store can be read."""
    try:
        await envelopes.find("", "")
    except PlatformError as error:
        return str(error.code)
    return "ok"


def has_room(room: Room) -> str:
    """Say whether there is room for more."""
    try:
        room.check()
    except PlatformError as error:
        return error.detail
    return "ok"


async def _keep(job: Callable[[], Awaitable[object]], every_s: float) -> None:
    """Do what is owed or due, now and again and again."""
    while True:
        try:
            await job()
        except PlatformError as error:
            tell(error)
        except Exception as error:  # noqa: BLE001 -- logged; what is owed outlives a fault
            _log.error("recovery failed", kind=type(error).__name__, exc_info=error)
        await asyncio.sleep(every_s)


async def _let_go(bells: Bells) -> None:
    """Wake whoever waits once the service stops: one look at the flag for all of them."""
    while True:
        await asyncio.sleep(DRAIN_LOOK_S)
        if bells.is_closing:
            bells.ring_all()
            return
