"""Puts the declarations service together: the only package that knows all others.

Loops run beside the officers' interface: the worker takes deliveries in, three relays deliver what
is owed (log entries, replies, messages), the analyses follow what was registered, and a watch
compares the log's heads.
An exchange or a log that is down makes them wait; the service stays up and officers can read.

Beside other processes on one database, some loops run in one of them at a time (`together`).

Stop, in this order: no new leases, deliveries in flight finish or go back, relays end, workshop,
clients, what other processes may go on with, database.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from sextant_declarations.app.clearing import sight_for
from sextant_declarations.app.metrics import observe
from sextant_declarations.app.opening import Outside, Parts, Service
from sextant_declarations.app.signing_in import people_of, reread, token_signer
from sextant_declarations.app.together import LateClaims
from sextant_declarations.domain.ports import Step
from sextant_declarations.routes.accesses import accesses_router
from sextant_declarations.routes.anomalies import anomalies_router
from sextant_declarations.routes.attachments import attachments_router
from sextant_declarations.routes.cases import cases_router
from sextant_declarations.routes.clarifications import clarifications_router
from sextant_declarations.routes.declarations import declarations_router
from sextant_declarations.routes.envelopes import envelopes_router
from sextant_declarations.routes.examples import EXAMPLES
from sextant_declarations.routes.exports import exports_router
from sextant_declarations.routes.grants import grants_router
from sextant_declarations.routes.inspections import inspections_router
from sextant_declarations.routes.lives import lives_router
from sextant_declarations.routes.messages import messages_router
from sextant_declarations.routes.obligations import obligations_router
from sextant_declarations.routes.pictures import pictures_router
from sextant_declarations.routes.queue import queue_router
from sextant_declarations.routes.reference import reference_router
from sextant_declarations.routes.sites import sites_router
from sextant_declarations.routes.transfers import transfers_router
from sextant_declarations.routes.work import work_router
from sextant_declarations.settings import DeclarationsSettings
from sextant_shared.chassis.application import About, Health, create_application, timekeeper_of
from sextant_shared.chassis.crashpoints import crash_point
from sextant_shared.chassis.identity import Identity, StaticDirectory
from sextant_shared.chassis.sidecar.routes import details_router
from sextant_shared.chassis.sight import Sees
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import Clock, system_clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Action, Subject

_DESCRIPTION = (
    "Inside the Secretariat: takes declarations from the verification queue, verifies and opens"
    " them independently of the exchange, checks and registers them, and answers each sender with"
    " signed receipts. Officers read declarations, findings and evidence here."
)


def create_app(
    settings: DeclarationsSettings,
    *,
    clock: Clock = system_clock,
    step: Step = crash_point,
    outside: Outside | None = None,
    telemetry: Telemetry | None = None,
) -> FastAPI:
    """Return the app; keys, database and loops are opened when it starts.

    Raises:
        PlatformError: `E_MALFORMED` or `E_KEY` for a clients file that does not load.
    """
    telemetry = telemetry or Telemetry("declarations", settings)
    opened: list[Service] = []
    running: list[asyncio.Task[None]] = []
    people = people_of(settings, clock, (outside or Outside()).people)

    def service() -> Service:
        if not opened:
            raise PlatformError(Code.UNAVAILABLE, "the service is not open yet", retry_after_s=1)
        return opened[0]

    async def refused(subject: Subject, action: Action, path: str) -> None:
        if opened:  # else nothing could have been given either
            await opened[0].refusals(subject, action, path)

    async def sight_of(subject: Subject) -> Sees | None:
        return await sight_for(service().grants.clearance, subject)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(telemetry.shutdown)
            parts = Parts(
                settings, telemetry, clock, step, outside or Outside(), stack, _app.state.reloading
            )
            opened.append(await parts.open())
            stack.callback(opened.clear)
            running.extend(asyncio.create_task(loop()) for loop in service().loops)
            if telemetry.metrics.is_sent:
                numbers = observe(telemetry.metrics, service().officers.intake, clock)
                running.append(asyncio.create_task(numbers.run()))
            if people is not None:
                running.append(asyncio.create_task(people.keep()))
            stack.callback(running.clear)
            try:
                yield
            finally:
                for task in running:  # the worker first: it lets go of its leases
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)

    static = StaticDirectory.from_file(settings.clients_file)
    identity = Identity(
        issuer=settings.base_url,
        signer=token_signer(settings),
        directory=static,
        clock=clock,
        people=people,
        proofs=LateClaims(lambda: service().together),
    )
    app = create_application(
        "declarations",
        settings,
        about=About(_DESCRIPTION, EXAMPLES),
        routers=[
            declarations_router(
                lambda: service().officers, lambda: service().history, settings.max_page
            ),
            lives_router(
                lambda: service().lives,
                lambda: service().history,
                lambda: service().years,
                settings.max_page,
            ),
            envelopes_router(lambda: service().officers, settings.max_page),
            attachments_router(lambda: service().attached),
            queue_router(lambda: service().queue),
            messages_router(lambda: service().exchanges, settings.max_page),
            accesses_router(
                lambda: service().accounting, lambda: service().officers, settings.max_page
            ),
            details_router(lambda: service().shredding),
            obligations_router(
                lambda: service().obligations, lambda: service().reminding, settings.max_page
            ),
            pictures_router(lambda: service().pictures),
            exports_router(lambda: service().exports),
            transfers_router(lambda: service().transfers, settings.max_page),
            cases_router(
                lambda: service().casing.cases,
                lambda: service().casing.rooms,
                settings.max_page,
            ),
            anomalies_router(
                lambda: service().anomalies.cards,
                lambda: service().anomalies.runs,
                settings.max_page,
            ),
            clarifications_router(
                lambda: service().clarifying.shown,
                lambda: service().clarifying.ask,
                settings.max_page,
            ),
            work_router(lambda: service().work, settings.max_page),
            grants_router(lambda: service().grants, settings.max_page),
            inspections_router(lambda: service().inspecting, settings.max_page),
            sites_router(lambda: service().inspecting),
            reference_router(),
        ],
        lifespan=lifespan,
        identity=identity,
        telemetry=telemetry,
        health=Health(lambda: _checks(opened, running), timekeeper_of(settings, clock)),
    )
    reread(app.state.reloading, settings, static, identity)
    app.state.on_forbidden = refused
    app.state.sight_of = sight_of
    return app


async def _checks(
    opened: Sequence[Service], running: Sequence[asyncio.Task[None]]
) -> dict[str, str]:
    """Return what this service needs of itself; others being down does not make it unready."""
    if not opened:
        return {"service": "not open"}
    loops = "ended" if any(task.done() for task in running) else "ok"
    try:
        await opened[0].database.read(lambda c: c.exec_driver_sql("SELECT 1").scalar())
    except PlatformError as error:
        return {"loops": loops, "database": str(error.code)}
    return {"loops": loops, "database": "ok", "commits": opened[0].database.commits}
