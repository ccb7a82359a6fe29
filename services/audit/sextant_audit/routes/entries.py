"""`POST /v1/entries`: append a batch, idempotent on each entry's id.

The hot route of the service: raw body in, bytes built once out.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sextant_audit.domain.entries import read_entries
from sextant_audit.domain.ports import NewEntry
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.encoding import parse_json
from sextant_shared.models.log import AppendAnswer, AppendRequest
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.access import Action

Append = Callable[[Sequence[NewEntry]], Awaitable[AppendAnswer]]


def entries_router(append: Append, max_bytes: int) -> APIRouter:
    """Return the router of the append route."""
    router = guarded_router(tags=["entries"])

    @router.post("/v1/entries", **_documented())
    async def append_entries(request: Request) -> Response:
        """Append entries in order; answer with their indexes and proofs under one checkpoint.

        An entry whose id and bytes are in the log keeps its index. An id with other bytes refuses
        the whole request with 409 and adds nothing; so does, with 403, one that another service
        writes.
        """
        value = parse_json(await request.body(), max_bytes=max_bytes)
        encoded = read_model(AppendRequest, value).entries
        entries = read_entries(encoded, subject_of(request).role)
        answer = await append(entries)
        return Response(answer.model_dump_json(), media_type="application/json")

    return router


def _documented() -> dict[str, Any]:
    options = action(Action.LOG_APPEND)
    schema = {"schema": AppendRequest.model_json_schema()}
    body = {"required": True, "content": {"application/json": schema}}
    options["openapi_extra"] = {**options["openapi_extra"], "requestBody": body}
    options["responses"] = {**options["responses"], 200: {"model": AppendAnswer}}
    return options
