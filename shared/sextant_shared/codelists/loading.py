"""Reading a code list: its header, its cells, its validity periods, all its problems at once.

Each list says what its columns are by how it reads them; this module holds what all lists share.
Not responsible for what a list means: that stands in the module of its family.

A list is UTF-8 CSV with a header. A cell that does not fit is noted with its line and column, and
the rest is read on, so that one error names everything that is wrong with a file.
"""

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Protocol, TypeVar

from sextant_shared.errors import Code, PlatformError

PACKAGE: Traversable = files("sextant_shared.codelists") / "data"
"""Where the lists lie that come with the package."""

# Treaty, OPCW page, national law, memory, unsure, our own proposal; then the place, if any.
_MARK = re.compile(r"(?:[TOMUP]|N:[A-Z]{2,3})(?: \S.*)?\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,9}")
_SHOWN = 12
_WHOLE = 100

T = TypeVar("T")


class Dated(Protocol):
    """Something that holds from one day until another, both included; None is open."""

    @property
    def valid_from(self) -> dt.date | None:
        """First day."""

    @property
    def valid_to(self) -> dt.date | None:
        """Last day."""


def is_valid_on(thing: Dated, day: dt.date) -> bool:
    """Return whether something holds on `day`."""
    first, last = thing.valid_from or dt.date.min, thing.valid_to or dt.date.max
    return first <= day <= last


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list, read cell by cell; what does not fit becomes a problem, not a raise."""

    number: int
    cells: Mapping[str, str]
    problems: list[str]

    def text(self, column: str) -> str:
        """Return a cell that must say something."""
        if not self.cells[column]:
            self.problem(column, "is empty")
        return self.cells[column]

    def maybe(self, column: str) -> str:
        """Return a cell that may be empty."""
        return self.cells[column]

    def flag(self, column: str) -> bool:
        """Return `true` or `false`."""
        if self.cells[column] not in {"true", "false"}:
            self.problem(column, f"{self.cells[column]!r} is neither true nor false")
        return self.cells[column] == "true"

    def decimal(self, column: str) -> Decimal:
        """Return an amount of zero or more."""
        try:
            amount = Decimal(self.cells[column])
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            self.problem(column, f"{self.cells[column]!r} is no amount of zero or more")
            return Decimal(0)
        return amount

    def maybe_decimal(self, column: str) -> Decimal | None:
        """Return an amount, or None for an empty cell."""
        return self.decimal(column) if self.cells[column] else None

    def whole(self, column: str) -> int:
        """Return a whole number of zero or more, in plain digits."""
        if _DIGITS.fullmatch(self.cells[column]) is None:
            self.problem(column, f"{self.cells[column]!r} is no whole number of zero or more")
            return 0
        return int(self.cells[column])

    def percentage(self, column: str) -> Decimal | None:
        """Return a share of a hundred, or None for an empty cell."""
        share = self.maybe_decimal(column)
        if share is not None and share > _WHOLE:
            self.problem(column, f"{share} is more than a hundred per cent")
        return share

    def date(self, column: str) -> dt.date | None:
        """Return a day as YYYY-MM-DD, or None for an empty cell."""
        if not self.cells[column]:
            return None
        try:
            if _DAY.fullmatch(self.cells[column]):
                return dt.date.fromisoformat(self.cells[column])
        except ValueError:
            pass  # such as the 30th of February
        self.problem(column, f"{self.cells[column]!r} is no date of the form YYYY-MM-DD")
        return None

    def period(self) -> tuple[dt.date | None, dt.date | None]:
        """Return `valid_from` and `valid_to`, in order."""
        first, last = self.date("valid_from"), self.date("valid_to")
        if first and last and last < first:
            self.problem("valid_to", f"{last} lies before valid_from, {first}")
        return first, last

    def choice(self, column: str, allowed: Iterable[str]) -> str:
        """Return one of the words that are allowed."""
        words = tuple(allowed)
        if self.cells[column] not in words:
            self.problem(column, f"{self.cells[column]!r} is none of {', '.join(words)}")
        return self.cells[column]

    def matching(self, column: str, pattern: re.Pattern[str], meaning: str) -> str:
        """Return a cell of a certain form."""
        if pattern.fullmatch(self.cells[column]) is None:
            self.problem(column, f"{self.cells[column]!r} is no {meaning}")
        return self.cells[column]

    def evidence(self, column: str = "evidence") -> str:
        """Return the evidence mark: T, O, N:xx, M, U or P, and the place where there is one."""
        if _MARK.match(self.cells[column]) is None:
            self.problem(
                column, f"{self.cells[column]!r} is no evidence mark (T, O, N:xx, M, U, P)"
            )
        return self.cells[column]

    def problem(self, column: str, what: str) -> None:
        """Note that a cell does not fit."""
        self.problems.append(f"line {self.number}, {column}: {what}")


@dataclass(frozen=True, slots=True)
class ListFile:
    """The shape of one file: its name, its header, and what must be unique in it."""

    name: str
    header: tuple[str, ...]
    key: tuple[str, ...]
    """Columns that name a row; a key may come again only for other days."""


@dataclass(slots=True)
class Reading:
    """One file while it is read: its rows so far and everything that is wrong with it."""

    shape: ListFile
    problems: list[str] = field(default_factory=list)

    def rows(self, data: bytes) -> Iterator[Row]:
        """Yield the lines that have all their cells."""
        try:
            lines = data.decode("utf-8").splitlines()
        except UnicodeDecodeError as error:
            self.problems.append(f"byte {error.start} is not UTF-8")
            return
        reader = csv.reader(lines)
        header = tuple(next(reader, ()))
        if header != self.shape.header:
            self.problems.append(f"line 1: the header is {','.join(header) or 'missing'}")
            self.problems.append(f"it must be {','.join(self.shape.header)}")
            return
        for cells in reader:
            if len(cells) == len(header):
                yield Row(reader.line_num, dict(zip(header, cells, strict=True)), self.problems)
            else:
                much = f"{len(cells)} cells instead of {len(header)}"
                self.problems.append(f"line {reader.line_num}: {much}; is a comma unquoted?")

    def finish(self) -> None:
        """Raise everything that was found, as one error.

        Raises:
            PlatformError: INTERNAL; the list as it is installed does not fit.
        """
        if not self.problems:
            return
        more = len(self.problems) - _SHOWN
        shown = "; ".join(self.problems[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise PlatformError(
            Code.INTERNAL,
            f"code list {self.shape.name} does not fit: {shown}",
            expected="no problem in any line",
            received=f"{len(self.problems)} that do not fit",
            fix=f"Mend these lines of {self.shape.name}, or install the release again.",
        )


def read(shape: ListFile, folder: Traversable, make: Callable[[Row], T]) -> tuple[T, ...]:
    """Return a list's rows, each made by `make`; keys are unique on every day.

    Raises:
        PlatformError: INTERNAL, naming every problem of the file.
    """
    return read_checked(shape, folder, make, lambda _row, _made: ())


def read_checked(
    shape: ListFile,
    folder: Traversable,
    make: Callable[[Row], T],
    check: Callable[[Row, T], Iterable[tuple[str, str]]],
) -> tuple[T, ...]:
    """Return a list's rows after `check` named, by column, what is wrong between them and others.

    Raises:
        PlatformError: INTERNAL, naming every problem of the file.
    """
    reading = Reading(shape)
    made: list[T] = []
    seen: dict[tuple[str, ...], list[tuple[int, dt.date, dt.date]]] = {}
    for row in reading.rows(data_of(shape.name, folder)):
        thing = make(row)
        for column, what in check(row, thing):
            row.problem(column, what)
        _note_twice(row, shape.key, thing, seen)
        made.append(thing)
    reading.finish()
    return tuple(made)


def data_of(name: str, folder: Traversable) -> bytes:
    """Return a list's bytes.

    Raises:
        PlatformError: INTERNAL; the file cannot be read.
    """
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.INTERNAL,
            f"code list {name} cannot be read",
            expected="the file among the package's data",
            received=str(error.strerror or error),
            fix="Install the release again.",
        ) from error


def _note_twice(
    row: Row,
    key: Sequence[str],
    thing: object,
    seen: dict[tuple[str, ...], list[tuple[int, dt.date, dt.date]]],
) -> None:
    name = tuple(row.cells[column] for column in key)
    first = getattr(thing, "valid_from", None) or dt.date.min
    last = getattr(thing, "valid_to", None) or dt.date.max
    for number, start, end in seen.get(name, ()):
        if first <= end and start <= last:
            row.problem(key[0], f"{' '.join(filter(None, name))} stands on line {number}, too")
    seen.setdefault(name, []).append((row.number, first, last))
