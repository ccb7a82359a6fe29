"""HTTP for auditors: who read which declared content, when and why."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from sextant_declarations.domain.accounting import AccessFilters, AccessPage, Accounting
from sextant_declarations.domain.officers import Officers
from sextant_declarations.routes.asking import officer_of
from sextant_declarations.routes.declarations import DEFAULT_PAGE
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import PARTY_PATTERN
from sextant_shared.protocol.access import Action


class AccessQuery(BaseModel):
    """What the list is narrowed to, all of it together, and which page of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plant_site: Annotated[str | None, Field(max_length=128)] = None
    """Code of a plant site or facility that the content declares."""
    declaration: Annotated[str | None, Field(max_length=64)] = None
    """Its id in the register."""
    party: Annotated[str | None, Field(pattern=PARTY_PATTERN)] = None
    """Whose content was read."""
    officer: Annotated[str | None, Field(max_length=128)] = None
    """Client id of who read."""
    role: Annotated[str | None, Field(max_length=32)] = None
    """Role of who read; the service's own examinations have `service`."""
    since: Annotated[date | None, Field(alias="from")] = None
    """First day, UTC."""
    until: Annotated[date | None, Field(alias="to")] = None
    """Last day, UTC, included."""
    cursor: Annotated[str | None, Field(max_length=64)] = None
    """`next` of the page before."""
    limit: Annotated[int, Field(ge=1)] = DEFAULT_PAGE

    def filters(self) -> AccessFilters:
        """Return what the list is narrowed to."""
        return AccessFilters(
            plant_site=self.plant_site,
            declaration=self.declaration,
            party=self.party,
            officer=self.officer,
            role=self.role,
            since=self.since,
            until=self.until,
        )


def accesses_router(
    accounting: Callable[[], Accounting], officers: Callable[[], Officers], max_page: int
) -> APIRouter:
    """Return the route of accesses."""
    router = guarded_router(prefix="/v1", tags=["accesses"])

    @router.get("/accesses", **action(Action.ACCESS_READ))
    async def list_accesses(
        request: Request, wanted: Annotated[AccessQuery, Query()]
    ) -> AccessPage:
        """List who was given declared content, when and why, newest first; no content itself.

        All filters together must fit. The service's own examinations have the role `service`.
        """
        if wanted.limit > max_page:
            raise PlatformError(
                Code.MALFORMED,
                "a page is not that long",
                expected=f"at most {max_page}",
                received=str(wanted.limit),
                fix="Ask for less, and go on with the cursor.",
            )
        filters = wanted.filters()
        await officers().note(officer_of(request), "accesses", filters.text())
        return await accounting()(filters, cursor=wanted.cursor, limit=wanted.limit)

    return router
