"""HTTP for plant sites: dossiers, and which codes of a State are one site."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Protocol

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from sextant_declarations.domain.dossiers import Dossiers, DossierView
from sextant_declarations.domain.identities import (
    Identities,
    IdentityPage,
    IdentityView,
    WordOrder,
)
from sextant_declarations.routes.asking import Asking
from sextant_declarations.routes.lives import StateCode
from sextant_shared.chassis.api_docs import answer
from sextant_shared.chassis.preconditions import TAGGED, Tag, etag
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.protocol.access import Action

SiteCode = Annotated[str, Path(max_length=32, description="the State's code of the site")]
KnownOn = Annotated[
    dt.date | None, Query(description="as known at the end of this day in UTC; by default today")
]
_SVG = "image/svg+xml"
_TAGGED = {200: {"headers": TAGGED}}
_SAID = {201: {"headers": TAGGED}}


class Parts(Protocol):
    """The use cases behind these routes."""

    @property
    def dossiers(self) -> Dossiers:
        """Dossiers."""
        ...

    @property
    def identities(self) -> Identities:
        """Identities."""
        ...


def sites_router(parts: Callable[[], Parts]) -> APIRouter:
    """Return the routes of dossiers and identities."""
    router = guarded_router(prefix="/v1", tags=["sites"])
    _add_dossiers(router, lambda: parts().dossiers)
    _add_identities(router, lambda: parts().identities)
    return router


def _add_dossiers(router: APIRouter, dossiers: Callable[[], Dossiers]) -> None:
    @router.get("/sites/{state}/{code}/dossier", **action(Action.DECLARATION_READ))
    async def read_dossier(
        reader: Asking, state: StateCode, code: SiteCode, known_on: KnownOn = None
    ) -> DossierView:
        """Read all that became known of a site, by time. Leaves an access in the log."""
        return await dossiers().read(state, code, reader, known_on=known_on)

    @router.get(
        "/sites/{state}/{code}/dossier/picture",
        response_class=Response,
        **action(
            Action.DECLARATION_READ,
            responses={200: answer("The picture as SVG", _SVG, {"type": "string"})},
        ),
    )
    async def draw_dossier(
        reader: Asking, state: StateCode, code: SiteCode, known_on: KnownOn = None
    ) -> Response:
        """Draw a dossier; the dossier is its table. Leaves an access in the log."""
        drawn = await dossiers().picture(state, code, reader, known_on=known_on)
        return Response(drawn.svg.encode(), media_type=_SVG, headers={"Cache-Control": "no-store"})


def _add_identities(router: APIRouter, identities: Callable[[], Identities]) -> None:
    @router.get("/identities/{state}", **action(Action.DECLARATION_READ))
    async def list_identities(reader: Asking, state: StateCode) -> IdentityPage:
        """List codes that may be one site, with all weights. Leaves an access in the log."""
        return await identities().proposals(state, reader)

    @router.get(
        "/identities/{state}/{older}/{newer}",
        **action(Action.DECLARATION_READ, responses={**_TAGGED}),
    )
    async def read_identity(
        reader: Asking, response: Response, state: StateCode, older: SiteCode, newer: SiteCode
    ) -> IdentityView:
        """Read how likely two codes are one site, and what was said. Leaves an access."""
        view, tag = await identities().read(state, older, newer, reader)
        response.headers.update(etag(tag))
        return view

    @router.post(
        "/identities/{state}/words",
        status_code=201,
        **action(Action.DECLARATION_STEP, responses={**_SAID}),
    )
    async def say_identity(
        reader: Asking, response: Response, tag: Tag, state: StateCode, order: WordOrder
    ) -> IdentityView:
        """Say whether two codes are one site, or take back what was said. It is logged."""
        view, newest = await identities().say(state, order, tag, reader)
        response.headers.update(etag(newest))
        return view
