"""HTTP for pictures: each with its table twin, by `Accept`; three of them are accesses."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from sextant_declarations.domain.picturing.balances import BalanceWanted
from sextant_declarations.domain.picturing.pictures import Pictures
from sextant_declarations.routes.asking import Asking
from sextant_declarations.routes.obligations import Filter
from sextant_declarations.routes.rendering import ANSWERS, accepted, rendered
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.protocol.access import Action

_STATE = Query(max_length=32, description="State code, such as XAL")
_SITE = Query(max_length=128, description="code of the site or facility, as declarations give it")
_CHEMICAL = Query(
    min_length=1, max_length=200, description="CAS number; else structure or name, as declared"
)
_YEAR = Query(ge=1900, le=2300, description="the year that declarations report on")
_ACCEPT = Header(alias="Accept", description="image/svg+xml, image/png, text/html or text/csv")


def _form(accept: Annotated[str, _ACCEPT] = "") -> str:
    return accepted(accept)


Form = Annotated[str, Depends(_form)]


def _balance(
    state: Annotated[str, _STATE],
    chemical: Annotated[str, _CHEMICAL],
    year: Annotated[int, _YEAR],
    site: Annotated[str | None, _SITE] = None,
) -> BalanceWanted:
    return BalanceWanted(state=state, chemical=chemical, year=year, site=site)


def pictures_router(pictures: Callable[[], Pictures]) -> APIRouter:
    """Return the routes of pictures."""
    router = guarded_router(prefix="/v1/pictures", tags=["pictures"])
    listed = {"response_class": Response, **action(Action.DECLARATION_LIST, responses=ANSWERS)}
    read = {"response_class": Response, **action(Action.DECLARATION_READ, responses=ANSWERS)}
    messages = {"response_class": Response, **action(Action.MESSAGE_READ, responses=ANSWERS)}

    @router.get("/timeliness", **listed)
    async def draw_timeliness(request: Request, wanted: Filter, form: Form) -> Response:
        """Draw what came late or is missing, by State and year of due days."""
        return await rendered(request, await pictures().timeliness(wanted), form)

    @router.get("/queue-age", **listed)
    async def draw_queue_age(
        request: Request, form: Form, state: Annotated[str | None, _STATE] = None
    ) -> Response:
        """Draw how long declarations have waited for an officer, with percentiles."""
        return await rendered(request, await pictures().queue_age(state), form)

    @router.get("/clarification-clock", **messages)
    async def draw_clarification_clock(
        request: Request,
        form: Form,
        state: Annotated[str | None, _STATE] = None,
    ) -> Response:
        """Draw whose turn it was and is in each clarification, against its due day."""
        return await rendered(request, await pictures().clarification_clock(state), form)

    @router.get("/transfer-matrix", **read)
    async def draw_transfer_matrix(
        request: Request,
        reader: Asking,
        form: Form,
        chemical: Annotated[str, _CHEMICAL],
        year: Annotated[int, _YEAR],
    ) -> Response:
        """Draw what exporters and importers declare of a chemical. Leaves an access in the log."""
        drawn = await pictures().transfer_matrix(chemical, year, reader)
        return await rendered(request, drawn, form)

    @router.get("/transfer-scatter", **read)
    async def draw_transfer_scatter(
        request: Request,
        reader: Asking,
        form: Form,
        chemical: Annotated[str, _CHEMICAL],
        year: Annotated[int, _YEAR],
    ) -> Response:
        """Draw both sides of each pair against each other. Leaves an access in the log."""
        drawn = await pictures().transfer_scatter(chemical, year, reader)
        return await rendered(request, drawn, form)

    @router.get("/mass-balance", **read)
    async def draw_mass_balance(
        request: Request,
        reader: Asking,
        form: Form,
        wanted: Annotated[BalanceWanted, Depends(_balance)],
    ) -> Response:
        """Draw the mass balance of a State, site or facility. Leaves an access in the log."""
        return await rendered(request, await pictures().mass_balance(wanted, reader), form)

    @router.get("/dossier", **read)
    async def draw_dossier(
        request: Request,
        reader: Asking,
        form: Form,
        state: Annotated[str, _STATE],
        site: Annotated[str, _SITE],
    ) -> Response:
        """Draw the years of a plant site and its names. Leaves an access in the log."""
        return await rendered(request, await pictures().dossier(state, site, reader), form)

    return router
