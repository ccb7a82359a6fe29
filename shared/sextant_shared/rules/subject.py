"""What a rule looks at: a declaration with its parts by type, and the State's other filings.

A declaration is walked once, whatever its kind; each rule then asks for the parts that it is about
(`every(Chemical)`), with their JSON pointers, so that no rule knows where in a kind they stand.
"""

from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from sextant_shared.models.declaration import DeclarationBase
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
        if _holds_models(field.annotation)
    )


def _holds_models(annotation: Any) -> bool:
    if get_origin(annotation) in {list, Union, UnionType, Annotated}:
        return any(_holds_models(argument) for argument in get_args(annotation))
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
