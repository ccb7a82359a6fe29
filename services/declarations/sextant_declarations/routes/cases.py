"""HTTP for cases of differences: lists, one case, steps, requests, the room, and tables of States.

Officers alone: a State is told of a case by sealed messages. What it is told follows from the same
view that `…/views/{state}` shows.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from sextant_declarations.analysis.cases.disclosure import ShownCase
from sextant_declarations.analysis.cases.workflow import CaseState, Priority
from sextant_declarations.domain.casebook import CaseFilter
from sextant_declarations.domain.cases import (
    CaseOrder,
    CasePage,
    Cases,
    CaseStatistics,
    CaseStepPage,
    CaseView,
)
from sextant_declarations.domain.rooms import (
    LetterOrder,
    RequestOrder,
    Rooms,
    RoomView,
    SentAbout,
)
from sextant_declarations.routes.asking import Asking, Sending, officer_of
from sextant_declarations.routes.declarations import DEFAULT_PAGE, Cursor
from sextant_declarations.routes.messages import Key
from sextant_shared.chassis.preconditions import TAGGED, Tag, etag
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.access import Action

Number = Annotated[
    str, Path(pattern=r"^TD-[0-9]{4}-[0-9]{6,}$", max_length=24, description="number of a case")
]
StateCode = Annotated[str, Path(pattern=r"^[A-Z][A-Z0-9-]{1,31}$", description="the State's code")]
_STATE = Query(pattern=r"^[A-Z][A-Z0-9-]{1,31}$", description="the State's code")
_TAGGED = {200: {"headers": TAGGED}}
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


_TABLE: dict[str, object] = {
    "description": "Open cases of a State",
    "content": {
        "text/csv": {"schema": {"type": "string"}},
        _TYPES["xlsx"]: {"schema": {"type": "string", "format": "binary"}},
    },
}


class Taken(Strict):
    """That a step was taken; its log entry stands soon after."""

    case: str
    step: str


def _wanted(
    state: Annotated[str | None, _STATE] = None,
    year: Annotated[int | None, Query(ge=1900, le=2200, description="year of the pairs")] = None,
    status: Annotated[CaseState | None, Query(description="where it stands")] = None,
    priority: Priority | None = None,
    is_open: Annotated[bool | None, Query(alias="open", description="closed or not")] = None,
) -> CaseFilter:
    return CaseFilter(state=state, year=year, status=status, priority=priority, is_open=is_open)


Filter = Annotated[CaseFilter, Depends(_wanted)]


def cases_router(
    cases: Callable[[], Cases], rooms: Callable[[], Rooms], max_page: int
) -> APIRouter:
    """Return the routes of cases and their rooms."""
    router = guarded_router(prefix="/v1/cases", tags=["cases"])
    _add_reading(router, cases, max_page)
    _add_steps(router, cases, max_page)
    _add_rooms(router, rooms)
    return router


def _add_reading(router: APIRouter, cases: Callable[[], Cases], max_page: int) -> None:
    @router.get("", **action(Action.DECLARATION_READ))
    async def list_cases(
        reader: Asking,
        wanted: Filter,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> CasePage:
        """List cases, newest first, without figures. Leaves an access in the log."""
        return await cases().page(wanted, reader, cursor=cursor, limit=limit)

    @router.get("/statistics", **action(Action.DECLARATION_LIST))
    async def count_cases() -> CaseStatistics:
        """Count cases by year of the transfers: opened, closed in time, causes. No figure."""
        return await cases().statistics()

    @router.get(
        "/export",
        response_class=Response,
        **action(
            Action.DECLARATION_READ,
            responses={200: _TABLE},
        ),
    )
    async def export_cases(
        reader: Asking,
        state: Annotated[str, _STATE],
        format_: Annotated[Literal["csv", "xlsx"], Query(alias="format")] = "csv",
    ) -> Response:
        """Give the open cases of a State as it may see them. Leaves an access in the log."""
        data = await cases().export(state, format_, reader)
        name = f'attachment; filename="cases-{state}.{format_}"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
        return Response(data, media_type=_TYPES[format_], headers=headers)

    @router.get("/{number}", **action(Action.DECLARATION_READ, responses={**_TAGGED}))
    async def read_case(response: Response, reader: Asking, number: Number) -> CaseView:
        """Read one case in full: both figures, explanations, what may follow. Leaves an access."""
        view, tag = await cases().read(number, reader)
        response.headers.update(etag(tag))
        return view

    @router.get("/{number}/views/{state}", **action(Action.DECLARATION_READ))
    async def read_case_as(reader: Asking, number: Number, state: StateCode) -> ShownCase:
        """Read a case as one of its States is shown it. Leaves an access in the log."""
        return await cases().seen_by(number, state, reader)


def _add_steps(router: APIRouter, cases: Callable[[], Cases], max_page: int) -> None:
    @router.get("/{number}/steps", **action(Action.DECLARATION_LIST))
    async def list_case_steps(
        number: Number,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> CaseStepPage:
        """List the steps of a case, newest first."""
        return await cases().steps(number, cursor=cursor, limit=limit)

    @router.post(
        "/{number}/steps",
        status_code=201,
        **action(Action.DECLARATION_STEP, responses={201: {"headers": TAGGED}}),
    )
    async def take_case_step(
        request: Request, response: Response, tag: Tag, number: Number, order: CaseOrder
    ) -> Taken:
        """Take a step with a case. It stands in the log soon after."""
        newest = await cases().take(number, order, tag, officer_of(request))
        response.headers.update(etag(newest))
        return Taken(case=number, step=order.step)


def _add_rooms(router: APIRouter, rooms: Callable[[], Rooms]) -> None:
    @router.post(
        "/{number}/requests",
        status_code=201,
        **action(Action.MESSAGE_SEND, responses={201: {"headers": TAGGED}}),
    )
    async def request_explanations(
        response: Response, officer: Sending, tag: Tag, number: Number, order: RequestOrder
    ) -> SentAbout:
        """Ask the States of a case to explain, each in a sealed message. Leaves accesses."""
        sent, newest = await rooms().request(number, order, tag, officer)
        response.headers.update(etag(newest))
        return sent

    @router.get("/{number}/messages", **action(Action.MESSAGE_READ))
    async def read_room(
        reader: Asking,
        number: Number,
        state: Annotated[
            str | None, Query(max_length=32, description="only what this State knows of")
        ] = None,
    ) -> RoomView:
        """Show all that is said about a case, in order. Leaves an access in the log."""
        return await rooms().room(number, reader, state=state)

    @router.post("/{number}/messages", status_code=201, **action(Action.MESSAGE_SEND))
    async def write_into_room(
        officer: Sending, number: Number, key: Key, order: LetterOrder
    ) -> SentAbout:
        """Write to the States of a case, one sealed letter each. Leaves accesses in the log."""
        return await rooms().write(number, order, key, officer)
