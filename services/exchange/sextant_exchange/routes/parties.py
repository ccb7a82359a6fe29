"""HTTP for the party registry."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sextant_exchange.domain.registration import Registration
from sextant_exchange.domain.root_loss import RootLoss
from sextant_shared.chassis.api_docs import JOSE_TYPE, jws
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import MAX_PAGE
from sextant_shared.models.party import (
    EnrolmentRequest,
    PartyHistory,
    PartyList,
    PartySummary,
    RecoveryNotice,
    RegistryProof,
)
from sextant_shared.protocol.access import Action, require

_CREATED, _ACCEPTED = 201, 202
_DOCUMENT = jws("JWS of the party document")
Found = TypeVar("Found")


def party_routes(
    registration: Registration, root_loss: RootLoss, fresh: Callable[[], Awaitable[None]]
) -> APIRouter:
    """Return the routes; `fresh` brings in what another process of the exchange put in force."""
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
        document = await _found(fresh, lambda: registration.document(party, ver))
        return Response(document, media_type=JOSE_TYPE)

    @router.get("/{party}/proof", response_model=RegistryProof, **action(Action.REGISTRY_READ))
    async def read_proof(party: str, at: Annotated[int | None, Query(ge=0)] = None) -> Response:
        """Prove a party's complete key state at a log position, the newest by default."""
        proof = await _found(fresh, lambda: registration.proof(party, at))
        return JSONResponse(proof.model_dump(mode="json"))

    @router.get("/{party}/history", response_model=PartyHistory, **action(Action.REGISTRY_READ))
    async def read_history(party: str) -> Response:
        """Prove where each version of a party's document stands in the log, oldest first."""
        history = await _found(fresh, lambda: registration.history(party))
        return JSONResponse(history.model_dump(mode="json"))

    @router.get("/{party}/recovery", response_model=RecoveryNotice, **action(Action.REGISTRY_READ))
    async def read_recovery(party: str) -> Response:
        """Show the announced recovery of a lost root that may still take force."""
        return JSONResponse(root_loss.notice(party).model_dump(mode="json"))

    @router.post(
        "/{party}/recovery",
        status_code=_ACCEPTED,
        response_model=RecoveryNotice,
        **action(Action.PARTY_RECOVER),
    )
    async def announce_recovery(party: str, body: EnrolmentRequest) -> Response:
        """Announce a document without the old root; it counts only after its wait in the log."""
        raw = body.document.encode()
        notice = await root_loss.announce(party, raw, body.possession)
        return JSONResponse(notice.model_dump(mode="json"), _ACCEPTED)

    @router.post(
        "/{party}/documents",
        status_code=_CREATED,
        response_model=PartySummary,
        **action(Action.PARTY_ENROL),
    )
    async def enrol(request: Request, party: str, body: EnrolmentRequest) -> Response:
        """Put the next version of a party's document in force; the same bytes twice are one.

        A party may give its own; who must have signed it is the same for everybody.
        """
        require(subject_of(request), Action.PARTY_ENROL, [party])
        summary = await registration.enrol(party, body.document.encode(), body.possession)
        return JSONResponse(summary.model_dump(mode="json"), _CREATED)

    return router


async def _found(fresh: Callable[[], Awaitable[None]], look: Callable[[], Found]) -> Found:
    """Look again when there was nothing: who has just enrolled may ask another process."""
    try:
        return look()
    except PlatformError as error:
        if error.code is not Code.NOT_FOUND:
            raise
    await fresh()
    return look()
