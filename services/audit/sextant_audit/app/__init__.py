"""Puts the audit service together: the only package that knows all others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from sextant_audit.app.metrics import Sources, observe
from sextant_audit.app.noting import Noting, open_noting
from sextant_audit.app.opening import OpenLog, open_log
from sextant_audit.app.signing import check_signer
from sextant_audit.app.timestamps import make_timestamping
from sextant_audit.app.upkeep import Upkeep
from sextant_audit.domain.ports import CrashPoint, NewEntry
from sextant_audit.domain.speaking import Heartbeat
from sextant_audit.routes.copies import copies_router
from sextant_audit.routes.entries import Append, entries_router
from sextant_audit.routes.examples import EXAMPLES
from sextant_audit.routes.growth import growth_router
from sextant_audit.routes.proofs import discovery_router, proofs_router
from sextant_audit.routes.public_page import page_router
from sextant_audit.routes.receipts import receipts_router
from sextant_audit.routes.scitt import scitt_router
from sextant_audit.routes.tiles import tiles_router
from sextant_audit.routes.timestamps import timestamps_router
from sextant_audit.routes.witnesses import witnesses_router
from sextant_audit.settings import AuditSettings
from sextant_shared.chassis.application import (
    About,
    Health,
    create_application,
    timekeeper_of,
)
from sextant_shared.chassis.crashpoints import crash_point as armed_crash_point
from sextant_shared.chassis.disk import Reserve
from sextant_shared.chassis.identity import Identity, StaticDirectory
from sextant_shared.chassis.sidecar.routes import details_router
from sextant_shared.chassis.sidecar.shredding import Shredding
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import Clock, system_clock
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.copies import CopyAnswer, CopyReport
from sextant_shared.models.log import AppendAnswer

_log = structlog.get_logger("sextant.audit")
_DESCRIPTION = (
    "The append-only transparency log of every act: RFC 6962 tree, C2SP tiles and checkpoints,"
    " each head signed with Ed25519 and ML-DSA-44."
)


def create_app(
    settings: AuditSettings,
    *,
    clock: Clock = system_clock,
    crash_point: CrashPoint = armed_crash_point,
    telemetry: Telemetry | None = None,
) -> FastAPI:
    """Return the app; the log is opened when it starts and closed when it stops.

    Raises:
        PlatformError: `E_MALFORMED` or `E_KEY` for a clients file that does not load, `E_STATE` or
            `E_KEY` for roots of a time-stamping authority.
    """
    telemetry = telemetry or Telemetry("audit", settings)
    timekeeper = timekeeper_of(settings, clock)
    reserve = Reserve.of(settings)
    opened: list[OpenLog] = []
    kept: list[Upkeep] = []
    timestamping = make_timestamping(
        settings, telemetry, timekeeper, lambda: opened[0].publisher.head if opened else None
    )
    observe(
        telemetry.metrics,
        Sources(
            lambda: opened[0] if opened else None,
            lambda: kept[0] if kept else None,
            timestamping,
            timekeeper,
        ),
    )
    noted: list[Noting] = []

    def log() -> OpenLog:
        if not opened:
            raise PlatformError(Code.UNAVAILABLE, "the log is not open yet", retry_after_s=1)
        return opened[0]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        opened.append(await _opened_or_told(settings, telemetry, timekeeper, crash_point))
        timekeeper.not_before(log().newest_time)
        tasks = [
            asyncio.create_task(log().publisher.run()),
            asyncio.create_task(log().keep_fresh(settings.refresh_s)),
            asyncio.create_task(timestamping.run()),
        ]
        witnessing = log().witnessing
        if witnessing is not None:
            tasks.append(asyncio.create_task(witnessing.run()))
        kept.append(Upkeep.of(log(), settings, timekeeper))
        tasks += kept[0].start()
        noted.append(open_noting(settings, log(), append, timekeeper.stamp))
        beat = Heartbeat(
            append,
            log().reading,
            timekeeper.stamp,
            kept[0].scrubbed,
            timestamping.newest_timestamp,
        )
        tasks += noted[0].started(log().signer, beat)
        yield
        kept.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await opened.pop().close()
        finally:
            noted.pop().sidecar.close()
            telemetry.shutdown()

    async def append(entries: Sequence[NewEntry]) -> AppendAnswer:
        timekeeper.stamp()  # no head is signed that would be older than one before it
        return await log().append(entries)

    async def report(copy: CopyReport, client: str) -> CopyAnswer:
        return await noted[0].report(copy, client)

    def shredding() -> Shredding:
        return noted[0].shredding()

    async def ready() -> dict[str, str]:
        return {**await _checks(opened), "room": reserve.word()}

    static = StaticDirectory.from_file(settings.clients_file)
    app = create_application(
        "audit",
        settings,
        about=About(_DESCRIPTION, EXAMPLES),
        routers=[
            entries_router(_in_room(append, reserve), settings.max_json_bytes),
            tiles_router(lambda: log().reading, entries_public=settings.entries_public),
            proofs_router(lambda: log().reading),
            receipts_router(lambda: log().proofs),
            witnesses_router(lambda: log().reading),
            timestamps_router(lambda: timestamping),
            copies_router(report),
            details_router(shredding),
            discovery_router(lambda: log().signer.keys, lambda: log().signer.receipt_key),
            scitt_router(lambda: log().signer.receipt_key),
            growth_router(lambda: log().reading),
            page_router(),
        ],
        lifespan=lifespan,
        identity=Identity(
            issuer=settings.base_url,
            signer=SoftwareSigner.generate(Alg.ED25519),  # its tokens die with the process
            directory=static,
            clock=clock,
        ),
        telemetry=telemetry,
        health=Health(ready, timekeeper, lambda: kept[0].notes() if kept else {}),
    )
    app.state.reloading.add("clients_file", lambda: static.renew(settings.clients_file))
    return app


def _in_room(append: Append, reserve: Reserve) -> Append:
    """Return what takes others' entries while there is room; what the log says itself goes in."""

    async def take(entries: Sequence[NewEntry]) -> AppendAnswer:
        reserve.check()
        return await append(entries)

    return take


async def _opened_or_told(
    settings: AuditSettings, telemetry: Telemetry, clock: Clock, crash_point: CrashPoint
) -> OpenLog:
    """Open the log, or leave the reason and its evidence in the operator's log."""
    try:
        return await open_log(settings, telemetry, clock, crash_point)
    except PlatformError as error:
        _log.critical(
            "the log refuses to open",
            code=str(error.code),
            detail=error.detail,
            fix=error.fix,
            evidence=error.evidence,
        )
        raise


async def _checks(opened: Sequence[OpenLog]) -> dict[str, str]:
    if not opened:
        return {"log": "not open"}
    log = opened[0]
    try:
        await log.database.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
    except PlatformError as error:
        return {"log": "ok", "ledger": str(error.code)}
    if log.database.is_fenced_off:
        return {"log": "another process took it over", "ledger": "ok"}
    fault = log.publisher.fault
    published = {"publisher": str(fault.code) if fault else "ok"}
    found = {"log": "ok", "ledger": "ok", "commits": log.database.commits}
    return {**found, **await check_signer(log.signer), **published}
