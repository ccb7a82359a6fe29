"""What a model is made of: its members by the names of a document, its parts, its code lists.

Everything here reads types, never values, but `walk`, which yields the parts of one model.
"""

from collections.abc import Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sextant_shared.models.declaration.heading import ListedIn


def walk(pointer: str, model: BaseModel) -> Iterator[tuple[str, BaseModel]]:
    """Yield a model and all its parts with their JSON pointers."""
    yield pointer, model
    yield from inner_parts(pointer, model)


def inner_parts(pointer: str, model: BaseModel) -> Iterator[tuple[str, BaseModel]]:
    """Yield the parts of a model, but not itself."""
    for attribute, name in branches(type(model)):
        value = getattr(model, attribute)
        if isinstance(value, BaseModel):
            yield from walk(f"{pointer}/{name}", value)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from walk(f"{pointer}/{name}/{i}", item)


@cache
def branches(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Return the fields that can hold further parts: (attribute, name in the document)."""
    return tuple(
        (attribute, field.alias or attribute)
        for attribute, field in model.model_fields.items()
        if models_of(field)
    )


@cache
def listed(model: type[BaseModel]) -> tuple[tuple[str, str, ListedIn], ...]:
    """Return the fields that hold codes of a list: (attribute, name in the document, which)."""
    return tuple(
        (attribute, field.alias or attribute, fact)
        for attribute, field in model.model_fields.items()
        for fact in facts(field)
        if isinstance(fact, ListedIn)
    )


@cache
def members(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by their names in the document."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def models_of(field: FieldInfo) -> list[type[BaseModel]]:
    """Return the models of which a field holds one or several."""
    return [one for one in facts(field) if isinstance(one, type) and issubclass(one, BaseModel)]


def is_list(field: FieldInfo) -> bool:
    """Return whether a field holds a list, or none."""
    outer = (field.annotation, *get_args(field.annotation))
    return any(get_origin(one) is list for one in outer)


def facts(field: FieldInfo) -> Iterator[Any]:
    """Yield the bare types of a field and what is noted about them, however they are wrapped."""
    yield from field.metadata
    yield from _unwrapped(field.annotation)


def _unwrapped(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        inner, *notes = get_args(annotation)
        for note in notes:
            yield from note.metadata if isinstance(note, FieldInfo) else (note,)
        yield from _unwrapped(inner)
    elif get_origin(annotation) is list:
        yield from _unwrapped(get_args(annotation)[0])
    elif get_origin(annotation) in {Union, UnionType}:
        for inner in get_args(annotation):
            if inner is not NoneType:
                yield from _unwrapped(inner)
    else:
        yield annotation
