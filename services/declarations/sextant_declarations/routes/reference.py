"""HTTP for reference: what is true for all callers, open to all, cacheable."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from sextant_declarations.domain.reference import KindList, list_kinds, schema_bytes
from sextant_declarations.domain.rulebook import (
    CodeList,
    RuleList,
    RuleView,
    code_list,
    list_rules_in,
    preferred,
    rule_in,
)
from sextant_shared.chassis.api_docs import Responses, answer
from sextant_shared.chassis.caching import cacheable
from sextant_shared.chassis.routing import guarded_router, open_to_all

_SCHEMA_TYPE = "application/schema+json"
_REASON = "published reference, the same for all callers"
# A release changes it; until then a copy is good, and an ETag says so cheaply.
_AN_HOUR = "public, max-age=3600"
_MAX_ACCEPTED = 20  # languages of a header that are looked at
Lang = Annotated[
    str | None, Query(max_length=16, description="en, fr, es, ru, ar or zh; else Accept-Language")
]
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

    @router.get("/rules", response_model=RuleList, **open_to_all(_REASON, responses=_LIST))
    async def list_rules(request: Request, lang: Lang = None) -> Response:
        """List the rules that declarations are checked with, with the pack's version and digest."""
        language = preferred(lang, _accepted(request))
        return _in_language(request, await asyncio.to_thread(list_rules_in, language))

    @router.get("/rules/{code}", response_model=RuleView, **open_to_all(_REASON, responses=_LIST))
    async def read_rule(
        request: Request,
        code: Annotated[str, Path(max_length=64, description="rule `X4`, or way `X4-range`")],
        lang: Lang = None,
    ) -> Response:
        """Explain a rule: what holds, why, in which ways it does not, what mends it, an example."""
        language = preferred(lang, _accepted(request))
        return _in_language(request, await asyncio.to_thread(rule_in, code, language))

    @router.get(
        "/codelists/{name}", response_model=CodeList, **open_to_all(_REASON, responses=_LIST)
    )
    async def read_code_list(
        request: Request,
        name: Annotated[str, Path(max_length=64, description="list, such as `chemicals`")],
    ) -> Response:
        """Return a code list whole, with meanings, limits, days of validity and evidence marks."""
        listed = await asyncio.to_thread(code_list, name)
        return cacheable(request, listed.model_dump_json().encode(), "application/json", _AN_HOUR)

    return router


def _in_language(request: Request, said: RuleList | RuleView) -> Response:
    response = cacheable(request, said.model_dump_json().encode(), "application/json", _AN_HOUR)
    response.headers["Vary"] = "Accept-Language"
    response.headers["Content-Language"] = said.language
    return response


def _accepted(request: Request) -> list[str]:
    """Return the languages that a caller accepts, best first (RFC 9110, 12.5.4)."""
    weighed: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "").split(",")[:_MAX_ACCEPTED]:
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if name and weight > 0:
            weighed.append((weight, name))
    return [name for _, name in sorted(weighed, key=lambda pair: -pair[0])]
