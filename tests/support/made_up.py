"""Made-up documents of any kind, from the models alone: a kind that is added is covered at once.

They fit their model and mean nothing; what the values mean together is for the rules.
"""

import datetime as dt
import types
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue

from sextant_shared.models.declaration import CATALOGUE
from sextant_shared.models.declaration.amount import Quantity

MAX_ITEMS = 3
# What tables, CSV, XML and spreadsheet programs could take for something else.
_TRAPS = (
    "=1+1",
    "@SUM(A1)",
    "-5",
    "+5",
    "'=1",
    "'",
    '"',
    '""',
    ' " ',
    "a;b",
    '"a";b',
    " a ",
    "a\r\nb",
    "a\rb",
    "\ta",
    "a\n",
    "_x000D_",
    "_x005F_x0041_",
    "\x0b\x1f",
    "nil",
    "unknown",
    "#REF!",
    "1e5",
    "0.10",
    "TRUE",
    "2025-01-01",
    "\ufeffa",
    "\u200fعربي",
    "é",
    "]]>",
    "&amp;<b>",
)
_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(_CHARACTERS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@cache
def documents(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return documents of a kind, all that its model allows."""
    chosen = CATALOGUE[kind]
    return _objects(chosen.model).map(lambda found: {**found, "schema": chosen.schema})


@cache
def _objects(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    if issubclass(model, Quantity):
        return _quantities(model)
    must: dict[str, Any] = {}
    may: dict[str, Any] = {}
    for attribute, info in model.model_fields.items():
        found = _values(info.annotation, tuple(info.metadata))
        (must if info.is_required() else may)[info.alias or attribute] = found
    return st.deferred(lambda: st.fixed_dictionaries(must, optional=may))


def _quantities(model: type[Quantity]) -> st.SearchStrategy[dict[str, Any]]:
    given_members = {
        name: _values(info.annotation, tuple(info.metadata), nullable=False)
        for name, info in model.model_fields.items()
    }
    nothing = given_members.pop("nothing")
    return st.fixed_dictionaries(given_members) | st.fixed_dictionaries({"nothing": nothing})


def _values(annotation: Any, facts: tuple[Any, ...], *, nullable: bool = True) -> Any:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return _values(inner, (*facts, *more), nullable=nullable)
    if origin in {Union, types.UnionType}:
        inner = [one for one in get_args(annotation) if one is not types.NoneType]
        found = st.one_of(*(_values(one, facts) for one in inner))
        return st.none() | found if nullable else found
    if origin is Literal:
        return st.sampled_from(get_args(annotation))
    if origin is list:
        least, most = _bounds(facts, "min_length", 0), _bounds(facts, "max_length", MAX_ITEMS)
        items = _values(get_args(annotation)[0], ())
        return st.lists(items, min_size=least, max_size=max(least, min(most, MAX_ITEMS)))
    return _ones(annotation, facts)


def _ones(annotation: Any, facts: tuple[Any, ...]) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _objects(annotation)
    if annotation is int:
        return st.integers(_bounds(facts, "ge", 0), _bounds(facts, "le", 2**53 - 1))
    simple = {JsonValue: _JSON, bool: st.booleans(), dt.date: st.dates().map(dt.date.isoformat)}
    return simple[annotation] if annotation in simple else _texts(annotation, facts)


def _texts(annotation: Any, facts: tuple[Any, ...]) -> Any:
    assert annotation is str, annotation
    least, most = _bounds(facts, "min_length", 0), _bounds(facts, "max_length", 40)
    patterns = [fact for fact in _flat(facts) if getattr(fact, "pattern", None)]
    if patterns:
        text = st.from_regex(patterns[-1].pattern.replace("$", r"\Z"), alphabet=_CHARACTERS)
        return text.filter(lambda one: least <= len(one) <= max(most, 40))
    traps = [trap for trap in _TRAPS if least <= len(trap) <= most]
    return st.text(_CHARACTERS, min_size=least, max_size=min(most, 40)) | st.sampled_from(traps)


def _flat(facts: tuple[Any, ...]) -> list[Any]:
    """Return the bounds, also those that stand in a field's own description."""
    return [part for fact in facts for part in getattr(fact, "metadata", None) or [fact]]


def _bounds(facts: tuple[Any, ...], name: str, otherwise: int) -> int:
    found = [value for fact in _flat(facts) if (value := getattr(fact, name, None)) is not None]
    return int(found[-1]) if found else otherwise
