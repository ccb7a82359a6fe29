"""Lays a kind of declaration out as tables, by reflection over its model; no kind is named here.

The first sheet is the heading: one row a field, with what stands once in a declaration, objects
inside it included (`address.city`). Each list of objects is a sheet of its own, one row an item,
and names the items around it in columns `in …`. A list of codes or texts is one cell, an amount is
two: value and unit. What has no such form (values of any type, a model inside itself) is one cell
of JSON. How cells are read and written is the business of `cells.py`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal, get_origin

from pydantic import BaseModel

from sextant_client.prepare.describe import Told, told_of
from sextant_client.prepare.members import Member, members_of
from sextant_shared.models.declaration import CATALOGUE
from sextant_shared.models.declaration.amount import Quantity
from sextant_shared.models.declaration.heading import ListedIn
from sextant_shared.models.strict import pointer_of

Path = tuple[str, ...]  # of members
Models = tuple[type[BaseModel], ...]  # from the outermost inwards, so that none is entered twice
Form = Literal["text", "code", "number", "yes-no", "day", "amount", "json"]
_FORMS: Mapping[type, Form] = {int: "number", bool: "yes-no", dt.date: "day"}
HEADING = "Declaration"
ROW = "row name"  # the column by which the rows of other sheets name a row
UNIT = " unit"  # follows the name of an amount's value
CODES, HELP = "Codes", "Help"
MAX_NAME = 31  # characters of a sheet's name, in every spreadsheet program


@dataclass(frozen=True, eq=False)  # one of each, and compared as such
class Field:
    """One value of a row, `path` from the row's object to it; `many` are in one cell.

    `required` says that a row without it does not fit the model. `choices` are the only values, or
    the only units of an amount.
    """

    path: Path
    form: Form
    many: bool
    required: bool
    choices: tuple[str, ...]
    pattern: str | None
    listed: ListedIn | None
    text: str
    law: str

    @cached_property
    def name(self) -> str:
        """What stands above its column."""
        return ".".join(self.path)

    @cached_property
    def pointer(self) -> str:
        """The JSON pointer from the row's object to it."""
        return pointer_of(self.path)


@dataclass(frozen=True, eq=False)
class Sheet:
    """One table: the heading, or the items of one list.

    `path` leads from the object of the row around it to the list; `objects` are the objects inside
    a row that must be there, also when nothing in them is filled in.
    """

    name: str
    path: Path
    fields: tuple[Field, ...]
    objects: tuple[Path, ...]
    around: tuple[str, ...]
    required: bool = False
    inner: tuple["Sheet", ...] = ()
    by_name: dict[str, Field] = field(default_factory=dict)

    @property
    def links(self) -> tuple[str, ...]:
        """The columns that name the rows around a row, outermost first."""
        return tuple(f"in {name}" for name in self.around)

    @property
    def has_row_names(self) -> bool:
        """Whether its rows are named: for the sheets below, or since all else may be blank."""
        blank = not any(one.required for one in self.fields)
        return bool(self.path) and (bool(self.inner) or blank)

    @property
    def columns(self) -> tuple[str, ...]:
        """What stands in the first row, in order."""
        names = [*self.links, ROW] if self.has_row_names else [*self.links]
        for one in self.fields:
            names += [one.name, f"{one.name}{UNIT}"] if one.form == "amount" else [one.name]
        return tuple(names)

    def all(self) -> Iterator["Sheet"]:
        """Yield this sheet and those below it, each before its own."""
        yield self
        for sheet in self.inner:
            yield from sheet.all()


@cache
def layout_of(kind: str) -> Sheet:
    """Return the heading sheet of a kind, the others below it."""
    return layout_of_model(CATALOGUE[kind].model)


def layout_of_model(model: type[BaseModel]) -> Sheet:
    """Return the sheet of what stands once in a model, those of its lists below it."""
    return _sheet(_Item(model, (), (), (model,)), (), _names(list(_lists((), (model,)))))


@dataclass(frozen=True)
class _Leaf:
    """What stands in a row: a value, or a list that becomes a sheet of its own."""

    path: Path
    member: Member
    told: Told
    required: bool
    around: Models

    @property
    def items(self) -> type[BaseModel] | None:
        """The model of the rows of its sheet, if it becomes one."""
        model = self.member.model
        return model if self.member.many and model not in self.around else None


def _leaves(path: Path, around: Models, *, required: bool = True) -> Iterator[_Leaf]:
    """Yield what stands in a row of the innermost model of `around`, from `path` on."""
    told = told_of(around[-1])
    for member in members_of(around[-1]).values():
        here, needed = (*path, member.name), required and member.required and not member.optional
        if _is_inside(member, around):
            yield from _leaves(here, _into(member, around), required=needed)
        else:
            yield _Leaf(here, member, told[member.name], needed, around)


def _objects(path: Path, around: Models) -> Iterator[Path]:
    """Yield the objects inside a row that must be there."""
    for member in members_of(around[-1]).values():
        if _is_inside(member, around) and member.required and not member.optional:
            yield (*path, member.name)
            yield from _objects((*path, member.name), _into(member, around))


def _is_inside(member: Member, around: Models) -> bool:
    """Whether a member is one object, whose values stand in the row around it."""
    return member.model is not None and not member.many and member.model not in around


def _into(member: Member, around: Models) -> Models:
    return (*around, member.model) if member.model is not None else around


def _lists(path: Path, around: Models) -> Iterator[Path]:
    """Yield the whole path of each list that becomes a sheet."""
    for leaf in _leaves((), around):
        if leaf.items is not None:
            yield (*path, *leaf.path)
            yield from _lists((*path, *leaf.path), (*leaf.around, leaf.items))


def _names(paths: list[Path]) -> dict[Path, str]:
    """Return a name for each sheet: the last word of its path, or as many as tell it apart."""
    short = Counter(_camel(path[-1:]) for path in paths)
    names: dict[Path, str] = {}
    taken = {HEADING, CODES, HELP}
    for path in paths:
        name = _camel(path[-1:])
        if short[name] > 1 or name in taken:
            name = _camel(path)
        stem, turn = name[-MAX_NAME:], 1
        name = stem
        while name in taken:
            turn += 1
            name = f"{stem[: MAX_NAME - len(str(turn))]}{turn}"
        taken.add(name)
        names[path] = name
    return names


def _camel(words: Path) -> str:
    return "".join(part.capitalize() for word in words for part in word.split("_"))


@dataclass(frozen=True)
class _Item:
    """Where the rows of a sheet come from: `whole` is the path from the top to their list."""

    model: type[BaseModel]
    path: Path
    whole: Path
    around: Models
    required: bool = True


def _sheet(item: _Item, links: tuple[str, ...], names: Mapping[Path, str]) -> Sheet:
    fields, inner = [], []
    name = names[item.whole] if item.whole else HEADING
    for leaf in _leaves((), item.around):
        if leaf.items is None:
            fields.append(_field(leaf))
            continue
        around = (*leaf.around, leaf.items)
        below = _Item(leaf.items, leaf.path, (*item.whole, *leaf.path), around, leaf.required)
        inner.append(_sheet(below, (*links, name) if item.whole else (), names))
    return Sheet(
        name=name,
        path=item.path,
        fields=tuple(fields),
        objects=tuple(_objects((), item.around)),
        around=links,
        required=item.required,
        inner=tuple(inner),
        by_name={one.name: one for one in fields},
    )


def _field(leaf: _Leaf) -> Field:
    member = leaf.member
    form = _form(member)
    return Field(
        path=leaf.path,
        form=form,
        many=member.many and form != "json",
        required=leaf.required,
        choices=_choices(member),
        pattern=member.pattern,
        listed=member.listed,
        text=leaf.told.text,
        law=leaf.told.law,
    )


def _form(member: Member) -> Form:
    if get_origin(member.bare) is Literal:
        return "code" if all(isinstance(choice, str) for choice in member.choices) else "json"
    if not isinstance(member.bare, type) or member.model is not None:
        return "json"
    if issubclass(member.bare, Quantity):
        return "json" if member.many else "amount"
    if member.bare is str:
        return "code" if member.pattern or member.listed else "text"
    return _FORMS.get(member.bare, "json")


def _choices(member: Member) -> tuple[str, ...]:
    if isinstance(member.bare, type) and issubclass(member.bare, Quantity):
        return members_of(member.bare)["unit"].choices
    return tuple(choice for choice in member.choices if isinstance(choice, str))
