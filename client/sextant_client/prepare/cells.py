"""Values as cells and back: every value has one spelling, and what has two readings is refused.

Texts stay to the letter. Spaces around codes, numbers, days and words are dropped, since none of
those could hold them. Several values in one cell stand between `;`, those that hold `;` or `"`
in double quotes, as in CSV. An empty text is `""`; nothing at all is blank.
"""

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from sextant_client.prepare.layout import Field
from sextant_shared.encoding import parse_json
from sextant_shared.errors import PlatformError
from sextant_shared.models.declaration.amount import Quantity
from sextant_shared.rules import MAX_BYTES, MAX_DEPTH


@dataclass(frozen=True, slots=True)
class Broken:
    """What a cell holds that is no value: a formula, an error, a format that hides the number."""

    message: str
    received: str
    fix: str


# What a cell holds, in any format: CSV has texts only.
Held = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta
Cell = Held | Broken | None
NOTHING = tuple(
    word for one in get_args(Quantity.model_fields["nothing"].annotation) for word in get_args(one)
)
_YES_NO = {"yes": True, "no": False, "true": True, "false": False}
_INTEGER = re.compile(r"-?[0-9]{1,16}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")
_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^;"]*))\s*(;|$)')
_SIGNIFICANT = 15  # decimal digits that every binary number keeps


class MisreadError(Exception):
    """A cell that cannot be read without guessing; `in_unit` says that it is the unit's."""

    def __init__(
        self,
        message: str,
        *,
        fix: str,
        expected: str = "",
        received: str = "",
        in_unit: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.received = received
        self.fix = fix
        self.in_unit = in_unit


class UnfitError(Exception):
    """A value that has no cell of this form."""


# ---- values to cells


@dataclass(frozen=True)
class Texts:
    """The texts of one value's cells; `unit` is that of an amount."""

    value: str | None
    unit: str | None = None


def to_texts(field: Field, value: Any) -> Texts:
    """Return the cells of a value.

    Raises:
        UnfitError: when the value has not the form of this field.
    """
    if value is None or value == []:
        return Texts(None)
    if field.form == "json":
        return Texts(json.dumps(value, ensure_ascii=False))
    if field.form == "amount":
        return _amount_texts(value)
    if not field.many:
        text = _scalar_text(field, value)
        return Texts(f'"{text}"' if _looks_blank(text) else text)
    if not isinstance(value, list):
        raise UnfitError
    return Texts("; ".join(_quoted(_scalar_text(field, item)) for item in value))


def _amount_texts(value: Any) -> Texts:
    if isinstance(value, dict):
        nothing, number, unit = (value.get(name) for name in ("nothing", "value", "unit"))
        if isinstance(nothing, str) and number is None and unit is None:
            return Texts(nothing)
        if isinstance(number, str) and isinstance(unit, str) and nothing is None:
            return Texts(number, unit)
    raise UnfitError


def _scalar_text(field: Field, value: Any) -> str:
    if field.form == "yes-no" and isinstance(value, bool):
        return "yes" if value else "no"
    if field.form == "number" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if field.form in {"text", "code", "day"} and isinstance(value, str) and "\0" not in value:
        return value
    raise UnfitError


def _looks_blank(text: str) -> bool:
    """Whether a text is nothing but spaces and quotes: then it stands in quotes of its own."""
    return not text.replace('"', "").strip()


def _quoted(text: str) -> str:
    plain = text and text == text.strip() and not set(text) & {";", '"'}
    return text if plain else '"' + text.replace('"', '""') + '"'


# ---- cells to values


def from_cells(field: Field, cell: Cell, unit: Cell = None) -> Any:
    """Return the value of a field's cells; None when they are blank.

    Raises:
        MisreadError: when they can be read in two ways, or not at all.
    """
    for one, in_unit in ((cell, False), (unit, True)):
        if isinstance(one, Broken):
            raise MisreadError(one.message, received=one.received, fix=one.fix, in_unit=in_unit)
    if field.form == "amount":
        return _amount(field, cell, unit)
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if field.form == "json":
        return _json(cell)
    if field.many:
        return [_scalar(field, part) for part in _parts(field, cell)]
    if (
        isinstance(cell, str)
        and _looks_blank(cell)
        and len(cell) > 1
        and cell[0] == cell[-1] == '"'
    ):
        cell = cell[1:-1]
    return _scalar(field, cell)


def is_blank(cell: Cell) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def plain_text(cell: Cell) -> str:
    """Return what a name's cell says: a sheet, a column or a row of another sheet."""
    if isinstance(cell, Broken):
        cell = cell.received
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else " ".join(str(cell).split())


def _scalar(field: Field, cell: Cell) -> Any:
    match field.form:
        case "number":
            return _integer(cell)
        case "yes-no":
            return _yes_no(cell)
        case "day":
            return _day(cell)
        case _:
            return _text(field, cell)


def _text(field: Field, cell: Cell) -> str:
    if isinstance(cell, bool):
        raise MisreadError("a text is asked for, not yes or no", fix="Write it as text.")
    if isinstance(cell, int | float):
        cell = decimal_text(cell)
    elif not isinstance(cell, str):
        raise MisreadError(
            "the spreadsheet program took this for a date",
            fix="Format the cell as text and type the value again.",
        )
    bare = cell.strip()
    return bare if bare != cell and _fits(field, bare) and not _fits(field, cell) else cell


def _fits(field: Field, text: str) -> bool:
    if field.choices:
        return text in field.choices
    return field.pattern is not None and re.fullmatch(field.pattern, text) is not None


def _integer(cell: Cell) -> int:
    if isinstance(cell, str) and _INTEGER.fullmatch(cell.strip()):
        return int(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return int(decimal_text(cell))
    if isinstance(cell, float) and cell.is_integer():
        return int(decimal_text(cell))
    raise MisreadError(
        "this is no whole number", expected="digits only", fix=_mend_number(cell, "12")
    )


def _yes_no(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    known = _YES_NO.get(cell.strip().lower()) if isinstance(cell, str) else None
    if known is None:
        raise MisreadError("this is neither yes nor no", expected="yes, no", fix="Write yes or no.")
    return known


def _day(cell: Cell) -> str:
    if isinstance(cell, dt.datetime):
        if cell.time() != dt.time():
            raise MisreadError(
                "a day is asked for, without a time", expected="YYYY-MM-DD", fix="Drop the time."
            )
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, str):
        text = cell.strip()
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return text
    raise MisreadError(
        "this is no day that can be read in one way only",
        expected="YYYY-MM-DD, or a cell with a date format",
        fix="Write the day as YYYY-MM-DD.",
    )


def _amount(field: Field, cell: Cell, unit: Cell) -> dict[str, str] | None:
    if is_blank(cell):
        return None  # a unit alone, as templates have it, says nothing
    if isinstance(cell, str):
        word = cell.strip().lower().replace(" ", "-")
        if word in NOTHING:
            return {"nothing": word}
    text = _decimal(cell)
    if is_blank(unit):
        raise MisreadError(
            "the amount has no unit",
            expected=", ".join(field.choices),
            fix="Write the unit beside it.",
            in_unit=True,
        )
    if not isinstance(unit, str):
        raise MisreadError("this is no unit", fix="Write the unit as text.", in_unit=True)
    return {"value": text, "unit": unit.strip()}


def _decimal(cell: Cell) -> str:
    if isinstance(cell, str) and _DECIMAL.fullmatch(cell.strip()):
        return cell.strip()
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return decimal_text(cell)
    raise MisreadError(
        "this is no amount that can be read in one way only",
        expected=f"digits with a decimal point, or {', '.join(NOTHING)}",
        fix=_mend_number(cell, "1234.5"),
    )


def decimal_text(number: float) -> str:
    """Return the decimal number that a binary one stands for.

    Spreadsheets keep binary numbers. The shortest decimal number that gives the same binary one is
    what was typed, if it was; one of more than fifteen digits was not, and cannot be told.

    Raises:
        MisreadError: for such a number.
    """
    exact = Decimal(repr(number))
    if not exact.is_finite() or len(exact.normalize().as_tuple().digits) > _SIGNIFICANT:
        raise MisreadError(
            "the cell's number has more digits than a spreadsheet keeps: it was calculated",
            expected=f"at most {_SIGNIFICANT} significant digits",
            fix="Round it to what was measured, and type it.",
        )
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _mend_number(cell: Cell, example: str) -> str:
    """Return what would mend a text that should be a number."""
    if not isinstance(cell, str):
        return f"Write a number, such as {example}."
    text = cell.strip()
    letters = re.search(r"[^\W\d_]+", text)
    if re.fullmatch(r"-?[0-9]+,[0-9]+", text):
        return f"Use a decimal point ({text.replace(',', '.')}), or no separator of thousands."
    if letters is not None and re.search(r"\d", text):
        return f"Write the number alone; «{letters.group()[:20]}» goes into the unit's column."
    if re.fullmatch(r"-?[0-9]{1,3}([ ,.'\u00a0\u202f\u2019][0-9]{3})+([.,][0-9]+)?", text):
        return f"Write it without separators of thousands, such as {example}."
    if letters is not None:
        return f"Write a number, such as {example}, or one of: {', '.join(NOTHING)}."
    return f"Write digits, such as {example}."


def _json(cell: Cell) -> Any:
    text = cell if isinstance(cell, str) else json.dumps(cell, default=str)
    try:
        held = parse_json(b'{"": %s}' % text.encode(), max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    except (PlatformError, UnicodeError):
        held = {}
    if held.keys() != {""}:
        raise MisreadError(
            "this is no JSON",
            expected='a number, a "text", or an object such as {"value": "1", "unit": "t"}',
            fix="Write the value as it stands in a JSON file.",
        )
    return held[""]


def _parts(field: Field, cell: Cell) -> Sequence[Cell]:
    """Return the values of one cell."""
    if not isinstance(cell, str):
        return [cell]
    parts: list[str] = []
    start, end = 0, ";"
    while end:
        found = _PART.match(cell, start)
        if found is None:
            raise MisreadError(
                "the cell's double quotes do not match",
                expected='values between ; and "quoted; ones" in double quotes',
                fix="Close the quotes, or double those that belong to a text.",
            )
        quoted, bare, end = found.groups()
        start = found.end()
        if quoted is not None:
            parts.append(quoted.replace('""', '"'))
        elif bare.strip():
            parts += _codes(field, bare.strip())
    return parts


def _codes(field: Field, text: str) -> list[str]:
    """Return codes that stand between commas, as they are often written; other texts are one."""
    several = [part.strip() for part in text.split(",")]
    return several if all(_fits(field, part) for part in several) else [text]
