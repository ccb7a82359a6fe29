"""Gathers rows of tables into a document, and remembers from which row each item came.

Rows come in any order, one at a time; what they mean for one another is settled at the end: an item
belongs to the row that its columns `in …` name. Where there is only one such row, they may be
blank. What cannot be read is a finding, and is left out.
"""

import difflib
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from sextant_client.prepare.cells import Cell, MisreadError, from_cells, is_blank, plain_text
from sextant_client.prepare.layout import ROW, UNIT, Field, Path, Sheet
from sextant_client.prepare.sourced import Sourced, misread
from sextant_client.prepare.tables import row_names
from sextant_shared.errors import Finding
from sextant_shared.models.strict import MAX_ECHO, pointer_of

MAX_FINDINGS = 1000  # nobody reads more; a whole column in a wrong form gives one a row
MAX_SUGGESTIONS = 20  # likenesses are dear to find, and say the same after a few
# Names a cell for people: the sheet, the row (0: none) and the column's name (or nothing).
CellOf = Callable[[str, int, str], str]
At = tuple[str | int, ...]
Links = tuple[str, ...]


class Place(NamedTuple):
    """One row of a sheet, by its name."""

    sheet: str
    number: int


class _Item(NamedTuple):
    number: int
    links: Links
    name: str
    held: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Placed:
    """An object in its place in the document."""

    held: dict[str, Any]
    at: At


@dataclass(slots=True)
class _List:
    """The items of one list, with the rows they came from."""

    at: At
    items: list[dict[str, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rows: "array[int]" = field(default_factory=lambda: array("L"))


class Gathering:
    """The rows of one file."""

    def __init__(self, heading: Sheet, cell_of: CellOf) -> None:
        self.heading = heading
        self._cell_of = cell_of
        self._told: list[tuple[Finding, Place | None, Path]] = []
        self._untold = 0
        self._suggestions = 0
        self._items: dict[str, list[_Item]] = {sheet.name: [] for sheet in heading.all()}
        self._links: dict[Links, Links] = {}
        self._fields: dict[str, int] = {}  # the heading's rows, by field
        self._rows: dict[At, array[int]] = {}
        self._named_rows: dict[str, Collection[Links]] = {}
        self._lost_names: set[tuple[str, str]] = set()  # rows that have no place, by their sheet
        self._misread_rows: dict[Place, At] = {}
        self._document: dict[str, Any] = {}
        _fill(self._document, heading.objects)

    def add_field(self, number: int, name: str, value: Cell, unit: Cell) -> None:
        """Take one row of the heading: the name of a field, its value and unit."""
        sheet = self.heading
        one = sheet.by_name.get(name)
        if one is None:
            if name or not (is_blank(value) and is_blank(unit)):
                self.unknown(sheet, number, "field", name, list(sheet.by_name))
        elif name in self._fields:
            self.tell(
                misread(
                    self._cell_of(sheet.name, number, "field"),
                    f"the field {name} stands twice",
                    pointer=pointer_of(one.path),
                    received=self._cell_of(sheet.name, self._fields[name], "field"),
                    fix="Keep one of the two rows.",
                )
            )
        else:
            self._fields[name] = number
            read = self._read(one, (value, unit), Place(sheet.name, number), ("value", "unit"))
            _put(self._document, one.path, read)

    def add_row(self, sheet: Sheet, number: int, row: Mapping[str, Cell]) -> None:
        """Take one row of another sheet: its cells, by the names of their columns."""
        held: dict[str, Any] = {}
        blank, place = True, Place(sheet.name, number)
        for one in sheet.fields:
            cell = row.get(one.name)
            if cell is None or is_blank(cell):
                continue
            blank = False
            columns = one.name, f"{one.name}{UNIT}"
            _put(held, one.path, self._read(one, (cell, row.get(columns[1])), place, columns))
        name = plain_text(row.get(ROW))
        if blank and not name:
            return
        _fill(held, sheet.objects)
        links = tuple([plain_text(row.get(link)) for link in sheet.links])
        links = self._links.setdefault(links, links)
        self._items[sheet.name].append(_Item(number, links, name, held))

    def tell(self, finding: Finding, place: Place | None = None, path: Path = ()) -> None:
        """Keep a finding of the file; its pointer becomes that of `path` in the row at `place`."""
        if len(self._told) >= MAX_FINDINGS:
            self._untold += 1
            return
        self._told.append((finding, place, path))

    def unknown(
        self, sheet: Sheet, number: int, column: str, name: str, known: Sequence[str]
    ) -> None:
        """Tell that a name is none of those known: of a field, a column or a sheet."""
        self.tell(
            misread(
                self._cell_of(sheet.name, number, column),
                f"{name[:MAX_ECHO] or 'a blank name'} is none of the names known here",
                expected=self._suggest(name, known),
                fix="Correct the name, or remove it with what stands beside or below it.",
            )
        )

    def finish(self) -> Sourced:
        """Return the document."""
        rows = sum(map(len, self._items.values()))
        for sheet in self.heading.inner:
            self._place(sheet, {(): _Placed(self._document, ())})
        return Sourced(self._document, self.source_of, tuple(self._findings()), rows)

    def source_of(self, pointer: str) -> str:
        """Return the cell of a pointer, else of the nearest place around it."""
        names = [p.replace("~1", "/").replace("~0", "~") for p in pointer.split("/")[1:]]
        sheet, number, at = self.heading, 0, At()
        while (inner := _leading(sheet.inner, names)) is not None:
            at, names = (*at, *inner.path), names[len(inner.path) :]
            rows = self._rows.get(at, ())
            if not rows and sheet is not self.heading:
                return self._cell_of(sheet.name, number, "")
            if not names or not names[0].isdecimal() or int(names[0]) >= len(rows):
                return self._cell_of(inner.name, rows[0] if rows else 0, "")
            sheet, number, at = inner, rows[int(names[0])], (*at, int(names[0]))
            names = names[1:]
        return self._cell(sheet, number, names)

    def _cell(self, sheet: Sheet, number: int, names: Sequence[str]) -> str:
        one = _leading(sheet.fields, names)
        name = one.name if one is not None else ""
        in_unit = one is not None and list(names[len(one.path) :]) == ["unit"]
        if sheet is not self.heading:
            return self._cell_of(sheet.name, number, f"{name}{UNIT}" if in_unit else name)
        column = "unit" if in_unit else "value"
        return self._cell_of(sheet.name, self._fields.get(name, 0), column if name else "")

    def _read(
        self, one: Field, cells: tuple[Cell, Cell], place: Place, columns: tuple[str, str]
    ) -> Any:
        try:
            return from_cells(one, *cells)
        except MisreadError as error:
            cell = self._cell_of(place.sheet, place.number, columns[error.in_unit])
            finding = misread(
                cell,
                error.message,
                expected=error.expected,
                received=error.received or _echo(cells[error.in_unit]),
                fix=error.fix,
            )
            self.tell(finding, place, one.path)
            return None

    def _place(self, sheet: Sheet, around: Mapping[Links, _Placed]) -> None:
        """Put the items of a sheet into the objects around them, then those below it."""
        lists: dict[At, tuple[Links, _List]] = {}
        found: dict[Links, Links | None] = {}
        wanted = {place.number for _, place, _ in self._told if place and place.sheet == sheet.name}
        for item in self._items.pop(sheet.name):
            if item.links not in found:
                found[item.links] = _resolve(item.links, around)
            links = found[item.links]
            if links is None:
                self._lost(sheet, item)
                continue
            outer = around[links]
            at = (*outer.at, *sheet.path)
            if at not in lists:
                lists[at] = links, _List(at)
                _put(outer.held, sheet.path, lists[at][1].items)
            one = lists[at][1]
            if item.number in wanted:
                self._misread_rows[Place(sheet.name, item.number)] = (*at, len(one.items))
            one.items.append(item.held)
            one.names.append(item.name)
            one.rows.append(item.number)
        placed: dict[Links, _Placed] = {}
        for links, one in lists.values():
            self._rows[one.at] = one.rows
            placed |= self._named(sheet, links, one) if sheet.inner else {}
        self._named_rows[sheet.name] = placed.keys()
        for inner in sheet.inner:
            self._place(inner, placed)

    def _named(self, sheet: Sheet, links: Links, one: _List) -> dict[Links, _Placed]:
        """Return the items of a list by the names that the rows below it give them."""
        placed: dict[Links, _Placed] = {}
        for position, own in enumerate(row_names(one.items)):
            name = one.names[position] or own
            if (*links, name) in placed:
                self.tell(
                    misread(
                        self._cell_of(sheet.name, one.rows[position], ROW),
                        f"two rows have the name {name[:MAX_ECHO]}",
                        pointer=pointer_of((*one.at, position)),
                        fix="Give each row a name of its own, or leave the names blank.",
                    )
                )
            placed[(*links, name)] = _Placed(one.items[position], (*one.at, position))
        return placed

    def _lost(self, sheet: Sheet, item: _Item) -> None:
        """Tell which name in a row is the name of no row."""
        link = 0
        while item.links[: link + 1] in self._named_rows[sheet.around[link]]:
            link += 1
        beside = self._named_rows[sheet.around[link]]
        known = [names[link] for names in beside if names[:link] == item.links[:link]]
        name = item.links[link]
        self._lost_names.add((sheet.name, item.name or row_names([item.held])[0]))
        if (sheet.around[link], name) in self._lost_names:
            return  # that row is lost itself, and was told of
        self.tell(
            misread(
                self._cell_of(sheet.name, item.number, sheet.links[link]),
                f"no row of {sheet.around[link]} has the name {name[:MAX_ECHO]}"
                if name
                else f"several rows of {sheet.around[link]} could be meant, or there is none",
                expected=self._suggest(name, known),
                fix=f"Name a row of the sheet {sheet.around[link]}.",
            )
        )

    def _suggest(self, name: str, known: Sequence[str]) -> str:
        self._suggestions += 1
        like = self._suggestions <= MAX_SUGGESTIONS and difflib.get_close_matches(name, known, 1)
        shown = like or [*known[:10], *(["…"] if len(known) > len(known[:10]) else [])]
        return ", ".join(one[:MAX_ECHO] for one in shown)

    def _findings(self) -> Iterable[Finding]:
        for finding, place, path in self._told:
            if place is None:
                yield finding
                continue
            at = self._misread_rows.get(place)
            known = at is not None or place.sheet == self.heading.name
            yield replace(finding, pointer=pointer_of((*(at or ()), *path)) if known else "")
        if self._untold:
            yield misread("", f"{self._untold} more places", fix="Correct the others first.")


Leading = TypeVar("Leading", Sheet, Field)


def _leading(among: Iterable[Leading], names: Sequence[str]) -> Leading | None:
    """Return the one whose path the names begin with."""
    for one in among:
        if tuple(names[: len(one.path)]) == one.path:
            return one
    return None


def _resolve(links: Links, around: Mapping[Links, Any]) -> Links | None:
    """Return the row that links name; blank ones stand for the only row there is."""
    if links in around:
        return links
    fitting = [
        key
        for key in around
        if all(not said or said == name for said, name in zip(links, key, strict=True))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _put(held: dict[str, Any], path: Path, value: Any) -> None:
    if value is None:
        return
    for name in path[:-1]:
        held = held.setdefault(name, {})
    held[path[-1]] = value


def _fill(held: dict[str, Any], objects: Iterable[Path]) -> None:
    """Have the objects that must be there, also where nothing in them is filled in."""
    for path in objects:
        inside = held
        for name in path:
            inside = inside.setdefault(name, {})


def _echo(cell: Cell) -> str:
    text = repr(cell) if isinstance(cell, float) else str(cell)
    return text if len(text) <= MAX_ECHO else f"{text[: MAX_ECHO - 1]}…"
