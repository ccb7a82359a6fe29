"""HTTP for what States owe: lists, sums, publishable counts, exports, and reminders."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from sextant_declarations.analysis.obligations.standing import Status
from sextant_declarations.domain.obligations import (
    ObligationDetail,
    ObligationPage,
    Obligations,
    Statistics,
    Summary,
    Wanted,
)
from sextant_declarations.domain.reminding import (
    Approval,
    ReminderBatch,
    Reminding,
    SentReminders,
)
from sextant_declarations.routes.asking import Asking, Sending
from sextant_declarations.routes.declarations import DEFAULT_PAGE, Cursor
from sextant_shared.chassis.api_docs import answer
from sextant_shared.chassis.caching import cacheable
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.access import Action

_CACHE = "private, no-cache"
_CSV = "text/csv"
_SVG = "image/svg+xml"
_STATE = Query(max_length=32)
_KIND = Query(max_length=64)


def _wanted(
    state: Annotated[str | None, _STATE] = None,
    kind: Annotated[str | None, _KIND] = None,
    year: Annotated[
        int | None, Query(ge=1900, le=2300, description="calendar year of the due days")
    ] = None,
    status: Status | None = None,
) -> Wanted:
    return Wanted(state=state, kind=kind, year=year, status=status)


Filter = Annotated[Wanted, Depends(_wanted)]


def obligations_router(
    obligations: Callable[[], Obligations], reminding: Callable[[], Reminding], max_page: int
) -> APIRouter:
    """Return the routes of obligations and reminders."""
    router = guarded_router(prefix="/v1", tags=["obligations"])

    @router.get("/obligations", response_model=ObligationPage, **action(Action.DECLARATION_LIST))
    async def list_obligations(
        request: Request,
        wanted: Filter,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> Response:
        """List what States owe by due day, with where it stands; sites are not named."""
        return _tagged(request, await obligations().page(wanted, cursor=cursor, limit=limit))

    @router.get("/obligations/summary", response_model=Summary, **action(Action.DECLARATION_LIST))
    async def summarise_obligations(request: Request, wanted: Filter) -> Response:
        """Count what is expected, received, late and missing by State and year of due days."""
        return _tagged(request, await obligations().summary(wanted))

    @router.get(
        "/obligations/statistics", response_model=Statistics, **action(Action.DECLARATION_LIST)
    )
    async def count_obligations(
        request: Request, kind: Annotated[str | None, _KIND] = None
    ) -> Response:
        """Count by kind and year, small numbers protected: what may leave the Secretariat."""
        return _tagged(request, await obligations().statistics(kind))

    @router.get(
        "/obligations/export",
        response_class=Response,
        **action(
            Action.DECLARATION_LIST,
            responses={200: answer("The list as CSV", _CSV, {"type": "string"})},
        ),
    )
    async def export_obligations(request: Request, wanted: Filter) -> Response:
        """Give the list as CSV; sites are not named."""
        data = (await obligations().export(wanted)).encode()
        return cacheable(request, data, f"{_CSV}; charset=utf-8", _CACHE)

    @router.get(
        "/obligations/heat-map",
        response_class=Response,
        **action(
            Action.DECLARATION_LIST,
            responses={200: answer("The picture as SVG", _SVG, {"type": "string"})},
        ),
    )
    async def draw_obligations(request: Request, wanted: Filter) -> Response:
        """Draw what came late or is missing, by State and year; the summary is its table."""
        data = (await obligations().picture(wanted)).svg.encode()
        return cacheable(request, data, _SVG, _CACHE)

    @router.get("/obligations/{id_}", **action(Action.DECLARATION_READ))
    async def read_obligation(
        reader: Asking, id_: Annotated[str, Path(max_length=64)]
    ) -> ObligationDetail:
        """Read one obligation in full, with its site or transfer. Leaves an access in the log."""
        return await obligations().detail(id_, reader)

    @router.get("/reminders", **action(Action.MESSAGE_READ))
    async def list_reminders(state: Annotated[str | None, _STATE] = None) -> ReminderBatch:
        """List the reminders that are due, worded; nothing is sent."""
        return await reminding().batch(state)

    @router.post("/reminders", **action(Action.MESSAGE_SEND))
    async def send_reminders(reader: Sending, approval: Approval) -> SentReminders:
        """Send the reminders of the batch that are named, each once. Leaves accesses in the log."""
        return await reminding().approve(approval.keys, reader)

    return router


def _tagged(request: Request, view: Strict) -> Response:
    return cacheable(request, view.model_dump_json().encode(), "application/json", _CACHE)
