"""The one way wire models are declared and read: frozen, strict, unknown members refused.

Responsible for turning every deviation of a document from its model into findings of one
`PlatformError`, all at once. Not responsible for bytes: `sextant_shared.encoding.parse_json`
comes first and refuses what two parsers could read differently.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from sextant_shared.errors import Code, Finding, PlatformError, Severity

MAX_ECHO = 80  # characters of a received value repeated in a message
_JSON_NAMES = {dict: "an object", list: "a list", type(None): "null"}
# What the validator says of itself, in words for who wrote the document; the rest are our own.
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "enum": "is none of the possible values",
    "literal_error": "is none of the possible values",
    "union_tag_invalid": "is none of the possible kinds",
    "union_tag_not_found": "does not say its kind",
    "string_pattern_mismatch": "is not written as it must be",
    "string_type": "is no text",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "bytes_type": "is no text",
    "int_type": "is no whole number",
    "int_parsing": "is no whole number",
    "int_from_float": "is no whole number",
    "float_type": "is no number",
    "float_parsing": "is no number",
    "decimal_type": "is no number",
    "decimal_parsing": "is no number",
    "finite_number": "is no number",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "date_type": "is no day such as 2027-01-15",
    "date_parsing": "is no day such as 2027-01-15",
    "date_from_datetime_parsing": "is no day such as 2027-01-15",
    "list_type": "is no list",
    "tuple_type": "is no list",
    "set_type": "is no list",
    "frozen_set_type": "is no list",
    "dict_type": "is no object",
    "model_type": "is no object",
    "model_attributes_type": "is no object",
    "none_required": "must be null",
    "too_short": "has too few",
    "too_long": "has too many",
    "greater_than": "is too small",
    "greater_than_equal": "is too small",
    "less_than": "is too large",
    "less_than_equal": "is too large",
    "multiple_of": "is no multiple",
    "json_invalid": "is no JSON",
    "json_type": "is no JSON",
    "url_parsing": "is no address",
    "url_type": "is no address",
    "ip_any_address": "is no address of a machine",
}
_OWN = re.compile(r"^(Value error|Assertion failed), ")
_BOUNDS = {
    "le": "at most",
    "max_length": "at most",
    "ge": "at least",
    "min_length": "at least",
    "lt": "less than",
    "gt": "more than",
    "multiple_of": "a multiple of",
    "pattern": "pattern",
    "expected": "",
    "expected_tags": "",
}


class Strict(BaseModel):
    """Base of all wire models: immutable, no coercion, no unknown members."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Deferred(Strict):
    """A strict model whose validator is made when it is first used.

    For the models of what States declare: there are many, one run needs few, and to make all takes
    a third of the time in which a command loads. pydantic makes one under a lock. Not for the body
    of a route: FastAPI takes a model that is complete.
    """

    model_config = ConfigDict(defer_build=True)


def _integer(value: Any) -> Any:
    """Refuse `true` and `1.0`: they equal 1, and a literal compares by equality."""
    if type(value) is not int:
        raise ValueError("must be an integer")
    return value


Version1 = Annotated[Literal[1], BeforeValidator(_integer)]
"""The version member of a structure that has one version so far."""

Model = TypeVar("Model", bound=BaseModel)


def read_model(model: type[Model], value: Any, *, code: Code = Code.MALFORMED) -> Model:
    """Return `value` (parsed JSON) as an instance of `model`.

    Raises:
        PlatformError: `code`, with one finding for each place that does not fit.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        findings = findings_of(error)
        raise PlatformError(
            code,
            f"{model.__name__} does not fit its model in {len(findings)} place(s):"
            f" {findings[0].pointer or '/'}: {findings[0].message}",
            findings=findings,
            fix="Correct every place that the findings name.",
        ) from error


def findings_of(error: ValidationError) -> list[Finding]:
    """Return one finding for each violation, in the order of the document."""
    return [
        Finding(
            rule="S0",
            severity=Severity.MUST_FIX,
            pointer=pointer_of(item["loc"]),
            message=words_of(item["type"], item["msg"]),
            expected=bounds_of(item.get("ctx")),
            received="nothing" if item["type"] == "missing" else _echo(item["input"]),
        )
        for item in error.errors(include_url=False)
    ]


def pointer_of(location: tuple[int | str, ...]) -> str:
    """Return the RFC 6901 JSON pointer of a pydantic error location."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


def words_of(kind: str, said: str) -> str:
    """Return in our words what a validator found; what a model of ours says stays as it is."""
    return _WORDS.get(kind) or _OWN.sub("", said)


def bounds_of(context: Mapping[str, Any] | None) -> str:
    """Return what a validator asks for."""
    asked = (context or {}).items()
    return ", ".join(f"{_BOUNDS[key]} {value}".strip() for key, value in asked if key in _BOUNDS)


def _echo(value: object) -> str:
    known = _JSON_NAMES.get(type(value), type(value).__name__)
    text = repr(value) if isinstance(value, str | int | bool) else known
    return text if len(text) <= MAX_ECHO else text[: MAX_ECHO - 1] + "…"
