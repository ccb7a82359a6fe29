"""HTTP for the party registry."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sextant_exchange.domain.registration import Registration
from sextant_shared.chassis.api_docs import answer
from sextant_shared.chassis.routing import action, guarded_router
from sextant_shared.models.exchange import MAX_PAGE
from sextant_shared.models.party import EnrolmentRequest, PartyList, PartySummary, RegistryProof
from sextant_shared.protocol.access import Action

DOCUMENT_TYPE = "application/jose+json"
_CREATED = 201
_DOCUMENT = answer("JWS of the party document", DOCUMENT_TYPE, {"type": "string"})


def party_routes(registration: Registration) -> APIRouter:
    """Return the routes."""
    router = guarded_router(prefix="/v1/parties", tags=["parties"])

    @router.get("", response_model=PartyList, **action(Action.REGISTRY_READ))
    async def list_parties(
        _request: Request,
        after: Annotated[str, Query(max_length=32, description="the last party seen")] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
    ) -> Response:
        """List the parties in force, by id."""
        page = PartyList(parties=registration.summaries(after, limit))
        return JSONResponse(page.model_dump(mode="json"))

    @router.get(
        "/{party}",
        response_class=Response,
        **action(Action.REGISTRY_READ, responses={200: _DOCUMENT}),
    )
    async def read_party(party: str, ver: Annotated[int | None, Query(ge=1)] = None) -> Response:
        """Return a party document as it was signed, the newest version by default."""
        return Response(registration.document(party, ver), media_type=DOCUMENT_TYPE)

    @router.get("/{party}/proof", response_model=RegistryProof, **action(Action.REGISTRY_READ))
    async def read_proof(party: str, at: Annotated[int | None, Query(ge=0)] = None) -> Response:
        """Prove a party's complete key state at a log position, the newest by default."""
        return JSONResponse(registration.proof(party, at).model_dump(mode="json"))

    @router.post(
        "/{party}/documents",
        status_code=_CREATED,
        response_model=PartySummary,
        **action(Action.PARTY_ENROL),
    )
    async def enrol(party: str, body: EnrolmentRequest) -> Response:
        """Put the next version of a party's document in force; the same bytes twice are one."""
        summary = await registration.enrol(party, body.document.encode(), body.possession)
        return JSONResponse(summary.model_dump(mode="json"), _CREATED)

    return router
