"""HTTP for the life of declarations: where each stands, steps, history, and the years of States."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from sextant_declarations.domain.history import DifferencesView, History, ProvenanceView
from sextant_declarations.domain.lives import LifeView, Lives, StepOrder, StepPage
from sextant_declarations.domain.years import Closing, YearPage, Years, YearView
from sextant_declarations.routes.asking import Asking, officer_of
from sextant_declarations.routes.declarations import (
    DEFAULT_PAGE,
    MAX_VERSIONS,
    Cursor,
    Id,
    KnownOn,
)
from sextant_shared.chassis.preconditions import TAGGED, Tag, etag
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.protocol.access import Action

Version = Annotated[int | None, Query(ge=1, le=MAX_VERSIONS)]
StateCode = Annotated[str, Path(pattern=r"^[A-Z][A-Z0-9-]{1,31}$", description="the State's code")]
Year = Annotated[int, Path(ge=1900, le=2200, description="the year that is reported on")]
_TAGGED = {200: {"headers": TAGGED}}


def lives_router(
    lives: Callable[[], Lives],
    history: Callable[[], History],
    years: Callable[[], Years],
    max_page: int,
) -> APIRouter:
    """Return the routes of lives, history and years."""
    router = guarded_router(prefix="/v1", tags=["lives"])
    _add_lives(router, lives, max_page)
    _add_history(router, history)
    _add_years(router, years, max_page)
    return router


def _add_lives(router: APIRouter, lives: Callable[[], Lives], max_page: int) -> None:
    @router.get(
        "/declarations/{id_}/life", **action(Action.DECLARATION_LIST, responses={**_TAGGED})
    )
    async def read_life(response: Response, id_: Id) -> LifeView:
        """Read where a declaration stands, until when, what may follow, and how it is handled."""
        view, tag = await lives().read(id_)
        response.headers.update(etag(tag))
        return view

    @router.get("/declarations/{id_}/steps", **action(Action.DECLARATION_LIST))
    async def list_steps(
        id_: Id,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> StepPage:
        """List the steps of all versions of a declaration, newest first."""
        return await lives().steps(id_, cursor=cursor, limit=limit)

    @router.post(
        "/declarations/{id_}/steps",
        status_code=201,
        **action(Action.DECLARATION_STEP, responses={201: {"headers": TAGGED}}),
    )
    async def take_step(
        request: Request, response: Response, tag: Tag, id_: Id, order: StepOrder
    ) -> LifeView:
        """Take a step with a declaration. It stands in the log soon after."""
        view, newest = await lives().take(id_, order, tag, officer_of(request))
        response.headers.update(etag(newest))
        return view


def _add_history(router: APIRouter, history: Callable[[], History]) -> None:
    @router.get("/declarations/{id_}/differences", **action(Action.DECLARATION_READ))
    async def read_differences(
        reader: Asking,
        id_: Id,
        older: Annotated[Version, Query(alias="from")] = None,
        newer: Annotated[Version, Query(alias="to")] = None,
    ) -> DifferencesView:
        """Read how two versions differ, by default the last two. Leaves an access in the log."""
        return await history().differences(id_, reader, older=older, newer=newer)

    @router.get("/declarations/{id_}/provenance", **action(Action.DECLARATION_READ))
    async def read_provenance(reader: Asking, id_: Id, known_on: KnownOn = None) -> ProvenanceView:
        """Read which version said what of what holds. Leaves an access in the log."""
        return await history().provenance(id_, reader, known_on=known_on)


def _add_years(router: APIRouter, years: Callable[[], Years], max_page: int) -> None:
    @router.get("/years", **action(Action.DECLARATION_LIST))
    async def list_years(
        state: Annotated[str | None, Query(max_length=32)] = None,
        year: Annotated[int | None, Query(ge=1900, le=2200)] = None,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> YearPage:
        """List how the years of States stand, by State and year."""
        return await years().page(state, year, cursor=cursor, limit=limit)

    @router.get("/years/{state}/{year}", **action(Action.DECLARATION_LIST, responses={**_TAGGED}))
    async def read_year(response: Response, state: StateCode, year: Year) -> YearView:
        """Read how a State's year stands."""
        view, tag = await years().read(state, year)
        response.headers.update(etag(tag))
        return view

    @router.post(
        "/years/{state}/{year}/closing",
        **action(Action.DECLARATION_STEP, responses={**_TAGGED}),
    )
    async def close_year(
        request: Request,
        response: Response,
        tag: Tag,
        state: StateCode,
        year: Year,
        closing: Closing,
    ) -> YearView:
        """Close a State's year: accepted ones are closed, named open ones carried over."""
        view, newest = await years().close(state, year, closing, tag, officer_of(request))
        response.headers.update(etag(newest))
        return view
