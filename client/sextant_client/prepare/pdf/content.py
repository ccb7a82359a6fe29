"""What is printed of a declaration, by reflection over its model: sections of facts and tables.

A list becomes a table where its items are rows: single values, objects of them, and short lists.
Else each item becomes a part of its own, with facts and tables inside.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from sextant_client.prepare.describe import told_of
from sextant_client.prepare.forms import Form, form_of
from sextant_client.prepare.members import Member, members_of
from sextant_client.prepare.pdf.wording import BLANK, NONE, Shown, as_json, label, law, spoken
from sextant_shared.models.declaration import DeclarationBase, Kind
from sextant_shared.models.declaration.natural import label as key_label
from sextant_shared.models.declaration.natural import natural_keys

# What a print begins with, and does not repeat in the heading.
IDENTITY = (
    "state_code",
    "declaration_id",
    "version",
    "reporting_year",
    "event_date",
    "confidentiality",
)
MAX_COLUMNS = 12  # more than that nobody reads across a page: then each item is a part of its own
MAX_INLINE = 3  # members of the items of a list that stands inside a cell


@dataclass(frozen=True)
class Fact:
    """One value with its label and the paragraph that asks for it."""

    label: str
    shown: Shown
    law: str = ""


@dataclass(frozen=True)
class Facts:
    """Facts that belong together; `title` is empty for those of the part itself."""

    title: str
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Column:
    """A column of a table; amounts and numbers stand at its right."""

    label: str
    law: str = ""
    at_right: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under columns; `note` says what the table leaves out."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Shown]]
    note: str = ""


@dataclass(frozen=True)
class Part:
    """The heading of what follows; deeper parts have a higher level."""

    title: str
    level: int


Block = Facts | Table | Part


@dataclass(frozen=True)
class Section:
    """What starts on its own, upright or across as its tables need."""

    title: str
    blocks: list[Block] = field(default_factory=list)


def identity_of(kind: Kind, document: Mapping[str, Any]) -> Facts:
    """Return what tells a declaration from all others."""
    members, told = members_of(kind.model), told_of(kind.model)
    return Facts(
        "",
        [
            Fact(label(name), spoken(members[name], document.get(name)), law(told[name].law))
            for name in IDENTITY
        ],
    )


def sections_of(kind: Kind, document: Mapping[str, Any]) -> list[Section]:
    """Return the rest of a declaration: heading, what is declared, and a section a list."""
    base = {info.alias or name for name, info in DeclarationBase.model_fields.items()}
    members = {n: m for n, m in members_of(kind.model).items() if n not in IDENTITY}
    heading = {name: member for name, member in members.items() if name in base}
    own = {name: member for name, member in members.items() if name not in base}
    lists = {name: m for name, m in own.items() if _is_inside(m, document.get(name)) and m.many}
    rest = {name: member for name, member in own.items() if name not in lists}
    unknown = _unknown(kind.model, document)
    sections = [
        Section("Heading", [*_blocks(kind.model, document, heading), *unknown]),
        Section("What is declared", list(_blocks(kind.model, document, rest))),
        *(_section(member, document[name]) for name, member in lists.items()),
    ]
    return [section for section in sections if section.blocks]


def _section(member: Member, items: Sequence[Any]) -> Section:
    blocks = list(_list(member, items, 1))
    if len(blocks) == 1 and isinstance(blocks[0], Table):
        blocks = [replace(blocks[0], title="")]  # the section has it already
    return Section(label(member.name), blocks)


def _blocks(
    model: type[BaseModel],
    value: Mapping[str, Any],
    members: Mapping[str, Member],
    level: int = 1,
    title: str = "",
) -> Iterator[Block]:
    """Yield an object: its own values first, then the objects in it, then its lists."""
    told = told_of(model)
    inner = {name: m for name, m in members.items() if _is_inside(m, value.get(name))}
    facts = [
        Fact(label(name), _spoken(member, value.get(name)), law(told[name].law))
        for name, member in members.items()
        if name not in inner
    ]
    if facts:
        yield Facts(title, facts)
    for name, member in inner.items():
        if member.model is not None and not member.many:
            below = f"{title} - {label(name)}" if title else label(name)
            yield from _blocks(member.model, value[name], members_of(member.model), level, below)
            yield from _unknown(member.model, value[name])
    for name, member in inner.items():
        if member.many:
            yield from _list(member, value[name], level, title)


def _is_inside(member: Member, value: Any) -> bool:
    """Whether a value has values of its own to print, as its model has."""
    if member.model is None:
        return False
    return isinstance(value, list) and bool(value) if member.many else isinstance(value, Mapping)


def _spoken(member: Member, value: Any) -> Shown:
    """Return a value that has none inside: a single one, or that there is nothing."""
    if member.model is None or value is None or value == []:
        return spoken(member, value)
    return Shown(as_json(value))


def _list(member: Member, items: Sequence[Any], level: int, around: str = "") -> Iterator[Block]:
    """Yield a list as one table, or each item as a part of its own."""
    model = member.model or BaseModel
    title = f"{around} - {label(member.name)}" if around else label(member.name)
    table = _table(title, model, items)
    if table is not None:
        yield table
        return
    keys = natural_keys(items) or [()] * len(items)
    for position, (key, item) in enumerate(zip(keys, items, strict=True), start=1):
        name = f"{title} {position} of {len(items)}"
        yield Part(f"{name}: {_title(key_label(key), item)}" if key else name, level)
        yield from _item(model, item, level)


def _item(model: type[BaseModel], item: Any, level: int) -> Iterator[Block]:
    if not isinstance(item, Mapping):
        yield Facts("", [Fact("Not an object", Shown(as_json(item)))])
        return
    yield from _blocks(model, item, members_of(model), level + 1)
    yield from _unknown(model, item)


def _title(key: str, item: Any) -> str:
    """Return what an item is called: its key, and its name where it has one."""
    inner = item.get("chemical") if isinstance(item, Mapping) else None
    for one in (inner, item):
        name = one.get("name") if isinstance(one, Mapping) else None
        if isinstance(name, str) and name.strip() and name not in key:
            return f"{key} - {name}"
    return key


def _unknown(model: type[BaseModel], value: Mapping[str, Any]) -> Iterator[Block]:
    """Yield what an object has beside the members of its model: a print never says less."""
    names = [name for name in value if name not in members_of(model)]
    if names:
        facts = [Fact(name, Shown(as_json(value[name]))) for name in names]
        yield Facts("Not known to the model", facts)


@dataclass(frozen=True)
class _Leaf:
    """What may become a column: the path to it, and how it is spoken."""

    path: tuple[str, ...]
    member: Member
    law: str

    def shown(self, item: Mapping[str, Any]) -> Shown:
        value: Any = item
        for name in self.path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if self.member.model is None:
            return spoken(self.member, value)
        return _inline(self.member.model, value)


def _table(title: str, model: type[BaseModel], items: Sequence[Any]) -> Table | None:
    """Return a list as a table, or None when its items are no rows."""
    leaves = _leaves(model, ())
    if leaves is None or not all(_fits(model, item) for item in items):
        return None
    cells = [[leaf.shown(item) for leaf in leaves] for item in items]
    said = [
        index
        for index in range(len(leaves))
        if not all(row[index].is_nothing and row[index].text in _EMPTY for row in cells)
    ]
    if len(said) > MAX_COLUMNS or not said:
        return None
    columns = [
        Column(
            " - ".join(label(name) for name in leaves[index].path),
            law(leaves[index].law),
            at_right=not leaves[index].member.many
            and form_of(leaves[index].member) in {Form.AMOUNT, Form.INTEGER},
        )
        for index in said
    ]
    left_out = [leaf.path for index, leaf in enumerate(leaves) if index not in said]
    names = ", ".join(" - ".join(label(name) for name in path) for path in left_out)
    note = f"Blank, or none, in every row: {names}." if names else ""
    return Table(title, columns, [[row[index] for index in said] for row in cells], note)


_EMPTY = frozenset({BLANK, NONE})


def _leaves(model: type[BaseModel], path: tuple[str, ...]) -> list[_Leaf] | None:
    """Return the columns of a model, or None when one of its members fits in no cell."""
    found: list[_Leaf] = []
    for member in members_of(model).values():
        here, law_of = (*path, member.name), told_of(model)[member.name].law
        if member.model is None or (member.many and _is_short(member.model)):
            found.append(_Leaf(here, member, law_of))
        elif member.many:
            return None
        else:
            inner = _leaves(member.model, here)
            if inner is None:
                return None
            found += inner
    return found


def _is_short(model: type[BaseModel]) -> bool:
    members = members_of(model).values()
    return len(members) <= MAX_INLINE and all(m.model is None and not m.many for m in members)


def _fits(model: type[BaseModel], item: Any) -> bool:
    """Whether an item has no member but those of its model, all the way in."""
    if not isinstance(item, Mapping) or any(name not in members_of(model) for name in item):
        return False
    for member in members_of(model).values():
        value = item.get(member.name)
        if member.model is None or value is None:
            continue
        inner = value if member.many and isinstance(value, list) else [value]
        if not all(_fits(member.model, one) for one in inner):
            return False
    return True


def _inline(model: type[BaseModel], items: Any) -> Shown:
    """Return a short list inside a cell, its items between semicolons."""
    if not items:
        return Shown(NONE, is_nothing=True)
    members = members_of(model).values()
    lines = []
    for item in items:
        said = [(m, spoken(m, item[m.name])) for m in members if item.get(m.name) is not None]
        lines.append(" ".join(shown.text for _, shown in said) or BLANK)
    return Shown("; ".join(lines))
