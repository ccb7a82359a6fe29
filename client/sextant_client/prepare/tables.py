"""A document as rows of tables, in the order of its sheets.

What has no place in the tables of its kind is refused, all at once: a table that leaves something
out would be another declaration.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sextant_client.prepare.cells import Texts, UnfitError, to_texts
from sextant_client.prepare.layout import Field, Path, Sheet, layout_of
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import kind_of
from sextant_shared.models.declaration.natural import label, natural_keys
from sextant_shared.models.strict import pointer_of


@dataclass(frozen=True)
class Value:
    """One value of a row with its cells; `pointer` is its place in the document."""

    field: Field
    texts: Texts
    pointer: str


@dataclass(frozen=True)
class Row:
    """One item of a list, or the heading: `links` name the rows around it, `name` this one."""

    links: tuple[str, ...]
    name: str
    values: tuple[Value, ...]

    def cells(self, sheet: Sheet) -> list[str | None]:
        """Return its cells, in the order of the columns of its sheet."""
        cells: list[str | None] = [*self.links, self.name] if sheet.has_row_names else [*self.links]
        for value in self.values:
            texts = value.texts
            cells += [texts.value, texts.unit] if value.field.form == "amount" else [texts.value]
        return cells


@dataclass
class Table:
    """A sheet with its rows."""

    sheet: Sheet
    rows: list[Row] = field(default_factory=list)


def tables_of(document: Mapping[str, Any]) -> list[Table]:
    """Return the tables of a document, the heading first.

    Raises:
        PlatformError: `E_MALFORMED`, when its kind is not known or something has no cell.
    """
    heading = layout_of(kind_of(document).id)
    tables = {sheet.name: Table(sheet) for sheet in heading.all()}
    unfit: list[str] = []
    _lay(_Item(heading, document, (), ()), tables, unfit)
    if unfit:
        raise PlatformError(
            Code.MALFORMED,
            f"{len(unfit)} place(s) of this document do not fit the tables of its kind",
            received=", ".join(unfit[:10]),
            fix="Check it and correct these places, or keep it as JSON.",
        )
    return list(tables.values())


def row_names(items: Sequence[Any]) -> list[str]:
    """Return a name for each item of a list that people can read, no two alike.

    An item is named by its natural key, one without by its position (`#3`).
    """
    names: list[str] = []
    turns: Counter[str] = Counter()
    for position, item in enumerate(items, start=1):
        key = natural_keys([item])
        name = " ".join(label(key[0]).split()) if key else ""
        name = name or f"#{position}"
        turns[name] += 1
        names.append(name if turns[name] == 1 else f"{name} #{turns[name]}")
    if len(set(names)) < len(names):
        return [f"#{position}" for position in range(1, len(items) + 1)]
    return names


@dataclass(frozen=True)
class _Item:
    sheet: Sheet
    held: Any
    at: tuple[str | int, ...]
    links: tuple[str, ...]
    name: str = ""


def _lay(item: _Item, tables: Mapping[str, Table], unfit: list[str]) -> None:
    sheet = item.sheet
    if not isinstance(item.held, Mapping):
        unfit.append(pointer_of(item.at))
        return
    unfit += (pointer_of((*item.at, *path)) for path in _strangers(sheet, item.held, ()))
    values = tuple(_values(item, unfit))
    if any(value.texts.value is not None for value in values) or not _is_blank(item.held):
        tables[sheet.name].rows.append(Row(item.links, item.name, values))
    around = (*item.links, item.name) if sheet.path else ()
    for inner in sheet.inner:
        held, at = _at(item.held, inner.path), (*item.at, *inner.path)
        if not isinstance(held, list | None):
            unfit.append(pointer_of(at))
            continue
        names = row_names(held or [])
        for position, (name, one) in enumerate(zip(names, held or [], strict=True)):
            _lay(_Item(inner, one, (*at, position), around, name), tables, unfit)


def _is_blank(held: Any) -> bool:
    """Whether nothing in an item was filled in, as in a new declaration."""
    if isinstance(held, Mapping):
        return bool(held) and all(_is_blank(one) for one in held.values())
    return held is None or held == []


def _values(item: _Item, unfit: list[str]) -> Iterator[Value]:
    around = pointer_of(item.at)
    for one in item.sheet.fields:
        at = f"{around}{one.pointer}"
        try:
            yield Value(one, to_texts(one, _at(item.held, one.path)), at)
        except UnfitError:
            unfit.append(at)


def _at(held: Any, path: Path) -> Any:
    for name in path:
        held = held.get(name) if isinstance(held, Mapping) else None
    return held


def _strangers(sheet: Sheet, held: Mapping[str, Any], inside: Path) -> Iterator[Path]:
    """Yield the paths of members that the sheet has no place for."""
    leaves, branches = _places(sheet)
    for name, value in held.items():
        path = (*inside, name)
        if path in leaves or value is None:
            continue
        if path in branches and isinstance(value, Mapping):
            yield from _strangers(sheet, value, path)
        else:
            yield path


@cache
def _places(sheet: Sheet) -> tuple[frozenset[Path], frozenset[Path]]:
    leaves = [*(one.path for one in sheet.fields), *(one.path for one in sheet.inner)]
    branches = {path[:length] for path in leaves for length in range(1, len(path))}
    return frozenset(leaves), frozenset(branches)
