"""The one way wire models are declared and read: frozen, strict, unknown members refused.

Responsible for turning every deviation of a document from its model into findings of one
`PlatformError`, all at once. Not responsible for bytes: `sextant_shared.encoding.parse_json`
comes first and refuses what two parsers could read differently.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from sextant_shared.errors import Code, Finding, PlatformError, Severity

MAX_ECHO = 80  # characters of a received value repeated in a message
_JSON_NAMES = {dict: "an object", list: "a list", type(None): "null"}


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
            message=item["msg"],
            expected=_expected(item.get("ctx")),
            received="nothing" if item["type"] == "missing" else _echo(item["input"]),
        )
        for item in error.errors(include_url=False)
    ]


def pointer_of(location: tuple[int | str, ...]) -> str:
    """Return the RFC 6901 JSON pointer of a pydantic error location."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)


def _expected(context: dict[str, Any] | None) -> str:
    return ", ".join(f"{key} {value}" for key, value in (context or {}).items() if key != "error")


def _echo(value: object) -> str:
    known = _JSON_NAMES.get(type(value), type(value).__name__)
    text = repr(value) if isinstance(value, str | int | bool) else known
    return text if len(text) <= MAX_ECHO else text[: MAX_ECHO - 1] + "…"
