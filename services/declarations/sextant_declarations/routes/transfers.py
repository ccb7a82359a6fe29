"""HTTP for transfers: pairs of what two States declare, and notices. Every answer is an access."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from sextant_declarations.analysis.transfers.model import Klass
from sextant_declarations.analysis.transfers.notices import NoticeFinding
from sextant_declarations.domain.notices import NoticeFilter, NoticePage
from sextant_declarations.domain.transfers import (
    PairFilter,
    PairPage,
    PairView,
    Transfers,
)
from sextant_declarations.routes.asking import Asking
from sextant_declarations.routes.declarations import DEFAULT_PAGE, Cursor
from sextant_shared.chassis.preconditions import TAGGED, etag
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.protocol.access import Action

_CACHE = {"Cache-Control": "private, no-cache"}
_YEAR = Query(ge=1900, le=2200, description="calendar year of the transfers")
_STATE = Query(max_length=32, description="a State on either side")
_TAGGED = {200: {"headers": TAGGED}}


def _pairs(
    year: Annotated[int | None, _YEAR] = None,
    chemical: Annotated[
        str | None, Query(max_length=300, description="CAS number, or the name that stands for it")
    ] = None,
    state: Annotated[str | None, _STATE] = None,
    klass: Annotated[Klass | None, Query(alias="class")] = None,
    *,
    in_force: Annotated[
        bool, Query(description="false lists pairs that nobody declares any more, too")
    ] = True,
) -> PairFilter:
    return PairFilter(year=year, chemical=chemical, state=state, klass=klass, in_force=in_force)


def _notices(
    year: Annotated[int | None, _YEAR] = None,
    state: Annotated[str | None, _STATE] = None,
    finding: NoticeFinding | None = None,
) -> NoticeFilter:
    return NoticeFilter(year=year, state=state, finding=finding)


def transfers_router(transfers: Callable[[], Transfers], max_page: int) -> APIRouter:
    """Return the routes of transfers."""
    router = guarded_router(prefix="/v1/transfers", tags=["transfers"])

    @router.get(
        "/pairs", response_model=PairPage, **action(Action.DECLARATION_READ, responses=_TAGGED)
    )
    async def list_pairs(
        request: Request,
        reader: Asking,
        wanted: Annotated[PairFilter, Depends(_pairs)],
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> Response:
        """List pairs, newest year first. Leaves an access in the log, but for 304."""
        headers = {**_CACHE, **etag(await transfers().tag())}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        page = await transfers().page(wanted, reader, cursor=cursor, limit=limit)
        body = page.model_dump_json(by_alias=True)
        return Response(body, media_type="application/json", headers=headers)

    @router.get("/pairs/{id_}", **action(Action.DECLARATION_READ))
    async def read_pair(reader: Asking, id_: Annotated[str, Path(max_length=128)]) -> PairView:
        """Read what both States say, and what was tried. Leaves an access in the log."""
        return await transfers().detail(id_, reader)

    @router.get("/notices", **action(Action.DECLARATION_READ))
    async def list_notices(
        reader: Asking,
        wanted: Annotated[NoticeFilter, Depends(_notices)],
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> NoticePage:
        """List notices of Schedule 1 transfers by twos. Leaves an access in the log."""
        return await transfers().notices(wanted, reader, cursor=cursor, limit=limit)

    return router
