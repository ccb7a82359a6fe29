"""What a rule looks at: a declaration with its parts by type, and the State's other filings.

A declaration is walked once, whatever its kind; each rule then asks for the parts that it is about
(`every(Chemical)`) or for the codes of a list (`codes("states")`), with their JSON pointers, so
that no rule knows where in a kind they stand.
"""

from collections.abc import Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.heading import ListedIn
from sextant_shared.rules.filings import NO_FILINGS, Filings

Part = TypeVar("Part", bound=BaseModel)


class Subject:
    """One declaration under examination, beside what else its State has filed."""

    def __init__(self, declaration: DeclarationBase, filings: Filings = NO_FILINGS) -> None:
        self.declaration = declaration
        self.filings = filings
        self._by_type: dict[type[BaseModel], list[tuple[str, Any]]] = {}
        for pointer, part in _parts("", declaration):
            self._by_type.setdefault(type(part), []).append((pointer, part))
        self._found: dict[type[BaseModel], list[tuple[str, Any]]] = {}

    def every(self, kind: type[Part]) -> list[tuple[str, Part]]:
        """Return all parts that are a `kind`, with their pointers, type by type in order."""
        if kind not in self._found:
            self._found[kind] = [
                place
                for of_type, places in self._by_type.items()
                if issubclass(of_type, kind)
                for place in places
            ]
        return self._found[kind]

    def codes(self, codelist: str) -> Iterator[tuple[str, str, str]]:
        """Yield every code of a code list: pointer, code, and the regime it must belong to."""
        for of_type, places in self._by_type.items():
            for attribute, name, listed in _listed(of_type):
                if listed.codelist != codelist:
                    continue
                for pointer, part in places:
                    for place, code in _values(getattr(part, attribute)):
                        yield f"{pointer}/{name}{place}", code, listed.regime


def _values(value: str | list[str] | None) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        yield from ((f"/{i}", item) for i, item in enumerate(value))
    elif value is not None:
        yield "", value


def _parts(pointer: str, model: BaseModel) -> Iterator[tuple[str, BaseModel]]:
    yield pointer, model
    for attribute, name in _branches(type(model)):
        value = getattr(model, attribute)
        if isinstance(value, BaseModel):
            yield from _parts(f"{pointer}/{name}", value)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from _parts(f"{pointer}/{name}/{i}", item)


@cache
def _branches(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Return the fields that can hold further parts: (attribute, name in the document)."""
    return tuple(
        (attribute, field.alias or attribute)
        for attribute, field in model.model_fields.items()
        if any(isinstance(one, type) and issubclass(one, BaseModel) for one in _facts(field))
    )


@cache
def _listed(model: type[BaseModel]) -> tuple[tuple[str, str, ListedIn], ...]:
    """Return the fields that hold codes of a list: (attribute, name in the document, which)."""
    return tuple(
        (attribute, field.alias or attribute, fact)
        for attribute, field in model.model_fields.items()
        for fact in _facts(field)
        if isinstance(fact, ListedIn)
    )


def _facts(field: Any) -> Iterator[Any]:
    """Yield the bare types of a field and what is noted about them, however they are wrapped."""
    yield from field.metadata
    yield from _unwrapped(field.annotation)


def _unwrapped(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        inner, *notes = get_args(annotation)
        yield from notes
        yield from _unwrapped(inner)
    elif get_origin(annotation) in {list, Union, UnionType}:
        for inner in get_args(annotation):
            if inner is not NoneType:
                yield from _unwrapped(inner)
    else:
        yield annotation
