"""HTTP for declarations: list, versions with findings, content, evidence."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import FileResponse, Response

from sextant_declarations.domain.deliveries import DECLARATION_CTY
from sextant_declarations.domain.history import History
from sextant_declarations.domain.officers import Officers
from sextant_declarations.domain.reading import DeclarationPage, DeclarationView, Evidence, Filters
from sextant_declarations.routes.asking import Asking
from sextant_shared.chassis.api_docs import answer
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.models.receipts import OutcomeVerdict
from sextant_shared.protocol.access import Action

DEFAULT_PAGE = 50
_IN_FORCE = {200: answer("What holds, amendments folded in", DECLARATION_CTY, {"type": "object"})}
_CONTENT = {200: answer("The declaration, byte for byte", DECLARATION_CTY, {"type": "object"})}
Id = Annotated[str, Path(max_length=64, description="id of a declaration, from the list")]
MAX_VERSIONS = 2**53 - 1  # what JSON holds exactly; a register has a handful
Number = Annotated[
    int, Path(ge=1, le=MAX_VERSIONS, description="which submission under the declaration's id")
]
KnownOn = Annotated[
    str | None,
    Query(
        max_length=40,
        description="what was registered by then: a day in UTC, whole, or a time in UTC",
    ),
]
TrueOn = Annotated[date | None, Query(description="the day that it must say something about")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before")]


def declarations_router(
    officers: Callable[[], Officers], history: Callable[[], History], max_page: int
) -> APIRouter:
    """Return the routes under `/v1/declarations`."""
    router = guarded_router(prefix="/v1/declarations", tags=["declarations"])

    @router.get("", **action(Action.DECLARATION_LIST))
    async def list_declarations(
        *,
        state: Annotated[str | None, Query(max_length=32)] = None,
        kind: Annotated[str | None, Query(max_length=64)] = None,
        year: Annotated[int | None, Query(ge=1900, le=2200)] = None,
        verdict: OutcomeVerdict | None = None,
        known_on: KnownOn = None,
        true_on: TrueOn = None,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=max_page)] = DEFAULT_PAGE,
    ) -> DeclarationPage:
        """List declarations by what their newest version says, newest declaration first.

        With `known_on` as the register knew them then; with `true_on` those of the year of that
        day, and of events in it or before.
        """
        filters = Filters(state=state, kind=kind, year=year, verdict=verdict)
        if known_on is None and true_on is None:
            return await officers().list_declarations(filters, cursor=cursor, limit=limit)
        return await history().page(
            filters, known_on=known_on, true_on=true_on, cursor=cursor, limit=limit
        )

    @router.get("/{id_}", **action(Action.DECLARATION_READ))
    async def read_declaration(reader: Asking, id_: Id) -> DeclarationView:
        """Read all versions and findings of a declaration. Leaves an access in the log."""
        return await officers().read_declaration(id_, reader)

    @router.get(
        "/{id_}/in-force",
        response_class=Response,
        **action(Action.DECLARATION_READ, responses=_IN_FORCE),
    )
    async def read_in_force(
        reader: Asking, id_: Id, known_on: KnownOn = None, true_on: TrueOn = None
    ) -> Response:
        """Read what holds of a declaration, amendments folded in. Leaves an access in the log.

        With `known_on` what held as it was known then; with `true_on` only what speaks of the day.
        """
        if known_on is None and true_on is None:
            content = await officers().read_in_force(id_, reader)
        else:
            content = await history().in_force(id_, reader, known_on=known_on, true_on=true_on)
        return Response(content, media_type=DECLARATION_CTY)

    @router.get(
        "/{id_}/versions/{n}",
        response_class=FileResponse,
        **action(Action.DECLARATION_READ, responses=_CONTENT),
    )
    async def read_version(reader: Asking, id_: Id, n: Number) -> FileResponse:
        """Read what version `n` declares, as it was sent. Leaves an access in the log."""
        envelope = await officers().version(id_, n)
        path = await officers().read_content(envelope, reader)
        return FileResponse(path, media_type=DECLARATION_CTY)

    @router.get("/{id_}/evidence", **action(Action.DECLARATION_READ))
    async def read_evidence(
        reader: Asking, id_: Id, n: Annotated[int | None, Query(ge=1, le=MAX_VERSIONS)] = None
    ) -> Evidence:
        """Read all that proves version `n`, by default the newest. Leaves an access in the log."""
        envelope = await officers().version(id_, n)
        return await officers().read_evidence(envelope, reader)

    return router
