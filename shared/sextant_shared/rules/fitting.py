"""What of a flawed document fits its model, so that its other findings are told at once.

A part that does not fit is tried again without its flawed members; what is left is whole when the
flawed ones were optional, and broken when they were not. Within flawed members the search goes on,
so that each finding keeps its place in the document, and one flaw hides nothing beside itself.
Members of the heading that no rule judges are as good as optional.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, cast

from pydantic import BaseModel, Field, ValidationError, create_model

from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.strict import Strict
from sextant_shared.rules.shape import inner_parts, is_list, members, models_of, walk
from sextant_shared.rules.subject import Subject

_JUDGED = {"state_code", "reporting_year", "event_date", "kind"}
_IDLE = set(DeclarationBase.model_fields) - _JUDGED
Fit = tuple[str, BaseModel, bool]
"""A place, the part there, and whether it is whole."""


def subject_of_flawed(model: type[DeclarationBase], document: Mapping[str, Any]) -> Subject:
    """Return what rules can look at in a document that does not fit its model."""
    fits = list(_fits(model, dict(document), ""))
    heading = cast("DeclarationBase", next(part for pointer, part, _ in fits if not pointer))
    return Subject(
        heading,
        whole=[(pointer, part) for pointer, part, whole in fits if whole],
        broken=[(pointer, part) for pointer, part, whole in fits if not whole],
        document=document,
    )


def _fits(model: type[BaseModel], value: Any, pointer: str) -> Iterator[Fit]:
    """Yield all parts of a value that fit, whole or broken."""
    part, flawed = _attempt(model, value)
    if part is not None:
        yield from ((place, one, True) for place, one in walk(pointer, part))
    elif isinstance(value, dict):
        yield from _remains(model, value, flawed, pointer)


def _remains(
    model: type[BaseModel], value: dict[str, Any], flawed: set[str], pointer: str
) -> Iterator[Fit]:
    sound = {name: inner for name, inner in value.items() if name not in flawed}
    rest, _ = _attempt(model, sound)
    whole = rest is not None
    if rest is None:
        rest, lacking = _broken(model, sound)
        whole = not pointer and lacking <= _IDLE
    yield pointer, rest, whole
    yield from ((place, one, True) for place, one in inner_parts(pointer, rest))
    for name, field in members(model).items():
        if name in flawed and name in value:
            for place, inner in _items(value[name], listed=is_list(field)):
                for inner_model in models_of(field)[:1]:
                    yield from _fits(inner_model, inner, f"{pointer}/{name}{place}")


def _attempt(model: type[BaseModel], value: Any) -> tuple[BaseModel | None, set[str]]:
    """Return a value as a model, or else the names of the members that do not fit."""
    try:
        return model.model_validate(value), set()
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return None, {str(item["loc"][0]) for item in found if item["loc"]}


def _broken(model: type[BaseModel], sound: Mapping[str, Any]) -> tuple[BaseModel, set[str]]:
    """Return a model of the members that fit, and the names of those that it should have.

    What it should have is None.
    """
    known = _loose(model).model_validate(sound)
    given = {name: getattr(known, name) for name in known.model_fields_set}
    asked = {name for name, field in model.model_fields.items() if field.is_required()}
    lacking = asked - set(given)
    return model.model_construct(set(given), **dict.fromkeys(lacking), **given), lacking


@cache
def _loose(model: type[BaseModel]) -> type[BaseModel]:
    """Return a model of the same members, none of which is asked for, without its validators."""
    fields: dict[str, Any] = {
        name: (_optional(field.annotation, field.metadata), Field(None, alias=field.alias))
        for name, field in model.model_fields.items()
    }
    loose: type[BaseModel] = create_model(model.__name__, __base__=Strict, **fields)
    return loose


def _optional(annotation: Any, notes: list[Any]) -> Any:
    return (Annotated[(annotation, *notes)] if notes else annotation) | None


def _items(value: Any, *, listed: bool) -> Iterator[tuple[str, Any]]:
    if not listed:
        yield "", value
    elif isinstance(value, list):
        yield from ((f"/{i}", item) for i, item in enumerate(value))
