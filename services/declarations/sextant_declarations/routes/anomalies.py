"""HTTP for anomalies: cards in their order, one in full, accepted explanations, and runs."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from sextant_declarations.domain.anomalies import Anomalies
from sextant_declarations.domain.anomaly_cards import AnomalyFilter
from sextant_declarations.domain.anomaly_runs import AnomalyRuns, NotePage, RunPage, RunView
from sextant_declarations.domain.anomaly_views import (
    Acceptance,
    AnomalyView,
    CardLine,
    CardPage,
    Kept,
    Withdrawal,
)
from sextant_declarations.routes.asking import Asking, officer_of
from sextant_declarations.routes.declarations import DEFAULT_PAGE, Cursor
from sextant_shared.chassis.preconditions import TAGGED, Tag, etag
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.protocol.access import Action

_MAX_CAPACITY = 10_000
_TAGGED = {200: {"headers": TAGGED}}
CardId = Annotated[str, Path(pattern=r"^AN-[0-9a-f]{16}(-[0-9]{1,6})?$", description="from a list")]
Number = Annotated[int, Path(ge=1, le=2**53)]
_LOCATION = {"description": "where the run is read", "schema": {"type": "string"}}


def _wanted(
    state: Annotated[str | None, Query(max_length=32, description="a State on any side")] = None,
    year: Annotated[int | None, Query(ge=1900, le=2200, description="reporting year")] = None,
    method: Annotated[str | None, Query(max_length=40)] = None,
    kept: Annotated[Kept, Query(description="which list")] = "OPEN",
) -> AnomalyFilter:
    return AnomalyFilter(state=state, year=year, method=method, kept=kept)


def anomalies_router(
    anomalies: Callable[[], Anomalies], runs: Callable[[], AnomalyRuns], max_page: int
) -> APIRouter:
    """Return the routes of anomalies."""
    router = guarded_router(prefix="/v1/anomalies", tags=["anomalies"])
    _add_runs(router, runs, max_page)
    _add_cards(router, anomalies, max_page)
    return router


def _add_runs(router: APIRouter, runs: Callable[[], AnomalyRuns], max_page: int) -> None:
    @router.get("/runs", **action(Action.DECLARATION_LIST))
    async def list_runs(
        cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE
    ) -> RunPage:
        """List runs, newest first, with their inputs, methods and counts."""
        return await runs().page(cursor=cursor, limit=limit)

    @router.post(
        "/runs",
        status_code=202,
        **action(Action.DECLARATION_STEP, responses={202: {"headers": {"Location": _LOCATION}}}),
    )
    async def order_run(request: Request, response: Response) -> RunView:
        """Order a run of all methods. It is queued; one that is queued already is given."""
        ordered = await runs().order(officer_of(request))
        response.headers["Location"] = f"/v1/anomalies/runs/{ordered.number}"
        return ordered

    @router.get("/runs/{number}", **action(Action.DECLARATION_LIST))
    async def read_run(number: Number) -> RunView:
        """Read a run; while it runs, with its progress."""
        return await runs().read(number)

    @router.get("/notes", **action(Action.DECLARATION_READ))
    async def list_notes(
        reader: Asking,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> NotePage:
        """List what the newest run could not compare, and why. Leaves an access in the log."""
        return await runs().notes(reader, cursor=cursor, limit=limit)


def _add_cards(router: APIRouter, anomalies: Callable[[], Anomalies], max_page: int) -> None:
    @router.get("", **action(Action.DECLARATION_LIST))
    async def list_anomalies(
        wanted: Annotated[AnomalyFilter, Depends(_wanted)],
        capacity: Annotated[
            int | None,
            Query(
                ge=1,
                le=_MAX_CAPACITY,
                description="how many can be taken up: a share of them is drawn by chance",
            ),
        ] = None,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> CardPage:
        """List differences to explain in their order; no figure, site or chemical is named."""
        return await anomalies().page(wanted, capacity=capacity, cursor=cursor, limit=limit)

    @router.get("/{id_}", **action(Action.DECLARATION_READ, responses={**_TAGGED}))
    async def read_anomaly(
        reader: Asking,
        response: Response,
        id_: CardId,
        seen_by: Annotated[
            str | None, Query(max_length=32, description="as this State may see it")
        ] = None,
    ) -> AnomalyView:
        """Read a card in full. Leaves an access in the log."""
        view, tag = await anomalies().detail(id_, reader, seen_by)
        response.headers.update(etag(tag))
        return view

    @router.post(
        "/{id_}/explanations",
        status_code=201,
        **action(Action.DECLARATION_STEP, responses={201: {"headers": TAGGED}}),
    )
    async def accept_explanation(
        request: Request, response: Response, tag: Tag, id_: CardId, acceptance: Acceptance
    ) -> CardLine:
        """Accept an explanation of a card. It stands in the log soon after."""
        line, newest = await anomalies().accept(id_, acceptance, tag, officer_of(request))
        response.headers.update(etag(newest))
        return line

    @router.post(
        "/{id_}/explanations/{number}/withdrawal",
        **action(Action.DECLARATION_STEP, responses={**_TAGGED}),
    )
    async def withdraw_explanation(
        request: Request,
        response: Response,
        tag: Tag,
        id_: CardId,
        number: Number,
        withdrawal: Withdrawal,
    ) -> CardLine:
        """Take an accepted explanation back; it stays in the history, and in the log."""
        officer = officer_of(request)
        line, newest = await anomalies().withdraw(id_, number, withdrawal, tag, officer)
        response.headers.update(etag(newest))
        return line
