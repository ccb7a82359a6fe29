"""HTTP for reference: what is true for all callers, open to all, cacheable."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from sextant_declarations.domain.reference import KindList, list_kinds, schema_bytes
from sextant_shared.chassis.api_docs import Responses, answer
from sextant_shared.chassis.caching import cacheable
from sextant_shared.chassis.routing import guarded_router, open_to_all

_SCHEMA_TYPE = "application/schema+json"
_REASON = "published reference, the same for all callers"
# A release changes it; until then a copy is good, and an ETag says so cheaply.
_AN_HOUR = "public, max-age=3600"
_UNCHANGED = {"description": "What you hold is what there is"}
_LIST: Responses = {304: _UNCHANGED}
_SCHEMA: Responses = {
    200: answer("JSON Schema (2020-12)", _SCHEMA_TYPE, {"type": "object"}),
    304: _UNCHANGED,
}


def reference_router() -> APIRouter:
    """Return the routes of the reference."""
    router = guarded_router(prefix="/v1", tags=["reference"])

    @router.get("/schemas", response_model=KindList, **open_to_all(_REASON, responses=_LIST))
    async def list_schemas(request: Request) -> Response:
        """List the kinds of declarations with the versions of their schemas."""
        data = list_kinds().model_dump_json().encode()
        return cacheable(request, data, "application/json", _AN_HOUR)

    @router.get(
        "/schemas/{kind}", response_class=Response, **open_to_all(_REASON, responses=_SCHEMA)
    )
    async def read_schema(
        request: Request,
        kind: Annotated[str, Path(max_length=64, description="kind, such as `S2_AND`")],
    ) -> Response:
        """Return the JSON Schema of a kind of declaration, in its newest version."""
        data = await asyncio.to_thread(schema_bytes, kind)  # built at the first request
        return cacheable(request, data, _SCHEMA_TYPE, _AN_HOUR)

    return router
