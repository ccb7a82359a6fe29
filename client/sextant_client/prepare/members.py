"""The members of a model, one level deep, as those need them who build or change documents."""

import datetime as dt
import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from sextant_shared.models.declaration.amount import Amount, Quantity
from sextant_shared.models.declaration.heading import ListedIn


@dataclass(frozen=True)
class Member:
    """One member: `type` is its bare type, or its items' where it is a list (`many`).

    `optional` says that it may be null, `required` that it may not be absent; `max_length` bounds
    a list. `choices` are the only values it may have; `pattern` is what a text must look like, and
    `listed` the code list that it is from.
    """

    name: str
    bare: Any
    many: bool
    required: bool
    optional: bool
    max_length: int | None
    choices: tuple[Any, ...]
    pattern: str | None = None
    listed: ListedIn | None = None

    @property
    def model(self) -> type[BaseModel] | None:
        """The model of the object, or of the list's objects; amounts are values, not objects."""
        is_model = isinstance(self.bare, type) and issubclass(self.bare, BaseModel)
        return self.bare if is_model and not issubclass(self.bare, Quantity) else None

    @property
    def is_amount(self) -> bool:
        """Whether it is a mass; capacities and volumes are not what happens in a year."""
        return isinstance(self.bare, type) and issubclass(self.bare, Amount)

    @property
    def is_day(self) -> bool:
        """Whether it is a calendar day."""
        return self.bare is dt.date


@cache
def members_of(model: type[BaseModel]) -> Mapping[str, Member]:
    """Return the members of a model by their names in the document, in its order."""
    found = {}
    for attribute, info in model.model_fields.items():
        name = info.alias or attribute
        bare, optional, facts = _bare(info.annotation, list(info.metadata))
        bounds = [length for fact in facts if (length := getattr(fact, "max_length", None))]
        many = get_origin(bare) is list
        if many:
            bare, _, facts = _bare(get_args(bare)[0], facts)
        choices = get_args(bare) if get_origin(bare) is Literal else ()
        required = info.is_required()
        length = bounds[-1] if bounds else None
        patterns = [text for fact in facts if (text := getattr(fact, "pattern", None))]
        listed = [fact for fact in facts if isinstance(fact, ListedIn)]
        found[name] = Member(
            name,
            bare,
            many,
            required,
            optional,
            length,
            choices,
            patterns[-1] if patterns else None,
            listed[-1] if listed else None,
        )
    return found


def _bare(annotation: Any, facts: list[Any]) -> tuple[Any, bool, list[Any]]:
    """Return a type without its bounds and without null, and the bounds."""
    optional = False
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            facts = [*facts, *(part for one in more for part in getattr(one, "metadata", [one]))]
            continue
        inner = [one for one in get_args(annotation) if one is not types.NoneType]
        unions = {Union, types.UnionType}
        if get_origin(annotation) not in unions or len(inner) != 1:
            return annotation, optional, facts
        annotation, optional = inner[0], True
