"""HTTP for what a sender says of its envelope afterwards."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sextant_exchange.domain.lookup import Lookup
from sextant_exchange.domain.statements import Statements
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.models.statements import LoggedStatement, StatementList, StatementRequest
from sextant_shared.protocol.access import Action, require

_CREATED = 201


def statement_routes(lookup: Lookup, statements: Statements) -> APIRouter:
    """Return the routes."""
    router = guarded_router(prefix="/v1/envelopes/{sender}/{envelope_id}", tags=["statements"])

    @router.post(
        "/statements",
        status_code=_CREATED,
        response_model=LoggedStatement,
        **action(Action.STATEMENT_MAKE),
    )
    async def make_statement(
        request: Request, sender: str, envelope_id: str, body: StatementRequest
    ) -> Response:
        """Log the sender's signed word on an envelope of its own; the same bytes twice are one."""
        subject = subject_of(request)
        require(subject, Action.STATEMENT_MAKE, [sender])
        stored = await lookup.find(subject, sender, envelope_id)
        logged = await statements.record(stored, body.statement.encode())
        return JSONResponse(logged.model_dump(mode="json"), _CREATED)

    @router.get("/statements", response_model=StatementList, **action(Action.ENVELOPE_READ))
    async def list_statements(request: Request, sender: str, envelope_id: str) -> Response:
        """List what the sender said of an envelope, oldest first, each with its proof."""
        stored = await lookup.find(subject_of(request), sender, envelope_id)
        found = StatementList(statements=await statements.of(stored))
        return JSONResponse(found.model_dump(mode="json"))

    return router
