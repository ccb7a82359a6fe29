"""Rule S0: whether a document has the form of its kind, in words for people who fill in forms.

Each flaw that the model finds becomes one place with a way and figures; no type's name and no
regular expression reaches a reader. Not responsible for what is right and wrong of values that
have their form: that is the business of the other rules.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from sextant_shared.errors import Finding, PlatformError, Severity
from sextant_shared.models.declaration.amount import Quantity
from sextant_shared.models.declaration.heading import ListedIn
from sextant_shared.models.strict import pointer_of
from sextant_shared.rules.rule import Place, finding
from sextant_shared.rules.shape import facts, is_list, members, models_of

ID = "S0"
FORMS = {
    r"^sextant\.[a-z0-9-]+/[1-9][0-9]?$": "schema",
    r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$": "number",
    r"^[A-Z]{3}$": "letters",
    r"^[A-Z0-9][A-Z0-9*_-]{0,31}$": "code",
    r"^[A-Z0-9_]{3,40}$": "kind",
    r"^[0-9a-f]{64}$": "digest",
    r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$": "decimal",
    r"^-?[0-9]{1,2}(\.[0-9]{1,6})?$": "latitude",
    r"^-?[0-9]{1,3}(\.[0-9]{1,6})?$": "longitude",
    r"^(/([^~/]|~[01])*)+$": "pointer",
    r"^[A-Z][A-Z0-9]{0,7}(-[0-9]{1,3})?$": "rule",
    r"^[a-z][a-z0-9_-]{0,39}$": "way",
}
"""What each pattern of the models asks for; the words stand in `words/` under `S0Expected`."""
_WAYS = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "string_pattern_mismatch": "form",
    "literal_error": "choice",
    "string_too_long": "long",
    "too_short": "few",
    "too_long": "many",
    "greater_than": "small",
    "greater_than_equal": "small",
    "less_than": "large",
    "less_than_equal": "large",
}
_LIMITS = ("min_length", "max_length", "gt", "ge", "lt", "le")
_TYPES: Mapping[Any, str] = {str: "text", int: "integer", bool: "truth", dt.date: "day"}
_ABSENT = object()
_ECHO = 80


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place of the document, with what stands there and what its model says of it."""

    tokens: tuple[int | str, ...]
    value: Any
    field: FieldInfo | None
    model: type[BaseModel] | None
    """The model around the place."""


def unreadable(error: PlatformError) -> tuple[Finding, ...]:
    """Return the findings on bytes that are no JSON object, or hold what is no text."""
    if error.findings:
        return tuple(_unreadable_at(found) for found in error.findings)
    expected = error.expected or "one JSON object in UTF-8"
    args = {"reason": error.detail, "expected": expected}
    return (_finding(Place(pointer="", way="unreadable", args=args, received=error.received)),)


def _unreadable_at(found: Finding) -> Finding:
    args = {"reason": found.message, "expected": found.expected}
    return _finding(
        Place(pointer=found.pointer, way="unreadable", args=args, received=found.received)
    )


def unknown_kind(document: Mapping[str, Any], error: PlatformError) -> Finding:
    """Return the finding on a document of a kind or a schema that is not known."""
    way = "schema" if "schema" in error.detail else "kind"
    args = {"allowed": error.expected, "nearest": "none"}
    if document.get(way) is None:
        return _finding(Place(pointer=f"/{way}", way=way, args=args))
    received = _shown(document[way], is_quoted=False)
    args["nearest"] = _nearest(received, error.expected.split(", "))
    return _finding(Place(pointer=f"/{way}", way=way, args=args, received=received))


def flaws(
    model: type[BaseModel], document: Mapping[str, Any], error: ValidationError
) -> list[Finding]:
    """Return one finding for each place that does not fit, in the order of the model."""
    found: dict[str, Place] = {}
    for item in error.errors(include_url=False):
        spot = _spot(model, document, item["loc"])
        place = _place(spot, item["type"], item.get("ctx", {}))
        found.setdefault(place.pointer, place)
    return [_finding(place) for place in found.values()]


def _finding(place: Place) -> Finding:
    return finding(ID, Severity.MUST_FIX, "", place)


def _spot(
    model: type[BaseModel], document: Mapping[str, Any], location: tuple[int | str, ...]
) -> _Spot:
    """Return the place of an error; what the document does not know, as unions, is left out."""
    tokens: list[int | str] = []
    value: Any = document
    field: FieldInfo | None = None
    inner: type[BaseModel] | None = model
    around: type[BaseModel] | None = None
    for token in location:
        if isinstance(value, dict) and isinstance(token, str):
            known = members(inner) if inner else {}
            if token not in value and token not in known:
                continue
            value, around, field = value.get(token, _ABSENT), inner, known.get(token)
            inner = next(iter(models_of(field)), None) if field else None
        elif isinstance(value, list) and isinstance(token, int) and token < len(value):
            value = value[token]
        else:
            continue
        tokens.append(token)
    return _Spot(tuple(tokens), value, field, around)


def _place(spot: _Spot, error_type: str, context: Mapping[str, Any]) -> Place:
    way = _way(spot, error_type)
    what, allowed = _asked(spot)
    args = {"what": what, "allowed": allowed}
    if way in {"unknown", "choice"}:
        near, choices = str(spot.tokens[-1]), list(members(spot.model)) if spot.model else []
        if way == "choice":
            near, choices = str(spot.value), allowed.split(", ")
        args = {"name": near, "allowed": ", ".join(choices), "nearest": _nearest(near, choices)}
    elif way in {"long", "few", "many", "small", "large"}:
        args = {"limit": next(str(context[name]) for name in _LIMITS if name in context)}
    elif way in {"day", "amount"}:
        args = {"allowed": allowed}
    received = "" if way in {"missing", "blank"} else _shown(spot.value, is_quoted=way == "type")
    return Place(pointer=pointer_of(spot.tokens), way=way, args=args, received=received)


def _way(spot: _Spot, error_type: str) -> str:
    if spot.value is None or spot.value == "":
        return "blank"
    if error_type == "value_error" and isinstance(spot.value, str):
        return "day"
    if error_type == "value_error":
        return "amount"
    return _WAYS.get(error_type, "type")


def _asked(spot: _Spot) -> tuple[str, str]:
    """Return what a place asks for, as the wording knows it, and what is allowed there."""
    if spot.field is None:
        return "other", ""
    if is_list(spot.field) and not isinstance(spot.tokens[-1], int):
        return "list", ""
    known = list(facts(spot.field))
    if any(isinstance(fact, ListedIn) and fact.codelist == "states" for fact in known):
        return "state", ""
    meanings = map(_meaning, known)
    return next((one for one in meanings if one is not None), ("other", ""))


def _meaning(fact: Any) -> tuple[str, str] | None:
    """Return what a type, or a note about it, asks for; None for notes that do not say."""
    form = FORMS.get(str(getattr(fact, "pattern", None)))
    if form:
        return form, ""
    if get_origin(fact) is Literal:
        return "choice", ", ".join(map(str, get_args(fact)))
    if not isinstance(fact, type):
        return None
    if issubclass(fact, Quantity):
        units = ", ".join(_units(fact))
        return ("amount", units) if units else ("money", "")
    if issubclass(fact, BaseModel):
        return "group", ", ".join(n for n, f in members(fact).items() if f.is_required())
    return (_TYPES[fact], "") if fact in _TYPES else None


def _units(model: type[BaseModel]) -> Iterator[str]:
    for fact in facts(model.model_fields["unit"]):
        yield from map(str, get_args(fact))


def _nearest(name: str, choices: list[str]) -> str:
    """Return the choice that was probably meant, or `none`."""
    folded = {choice.casefold(): choice for choice in choices}
    near = get_close_matches(name.casefold(), folded, n=1)
    return folded[near[0]] if near else "none"


def _shown(value: Any, *, is_quoted: bool) -> str:
    """Return what stands at a place, in short; quoted where it matters that it is text."""
    if isinstance(value, dict | list):
        text = json.dumps(value)
        return text if len(text) == len("[]") else f"{text[0]}…{text[-1]}"
    text = (
        value if isinstance(value, str) and not is_quoted else json.dumps(value, ensure_ascii=False)
    )
    return text if len(text) <= _ECHO else text[: _ECHO - 1] + "…"
