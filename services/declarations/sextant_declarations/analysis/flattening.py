"""A declaration as rows of one table: a row for each innermost item, with what stands around it.

Columns are named by their path (`records.imports.quantity`); `row` says which list a row is of. An
amount is three columns: its number, its unit, and why there is none, so that blank, zero, nil,
not-applicable and unknown stay apart. Contacts are left out: they are nobody's statistics.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

Cell = str | int | Decimal | None
ROW = "row"
UNIT, NOTHING = ".unit", ".nothing"
_LEFT_OUT = frozenset({"na_contact", "schema"})
_QUANTITY = frozenset({"value", "unit", "nothing"})
_JOINT = "; "


def rows_of(document: Mapping[str, Any]) -> Iterator[dict[str, Cell]]:
    """Yield the rows of a document; one without lists is one row."""
    yield from _rows({k: v for k, v in document.items() if k not in _LEFT_OUT}, {}, "")


def _rows(
    item: Mapping[str, Any], around: Mapping[str, Cell], at: str
) -> Iterator[dict[str, Cell]]:
    own: dict[str, Cell] = {**around, ROW: at.rstrip(".")}
    lists: list[tuple[str, list[Mapping[str, Any]]]] = []
    _lay(item, at, own, lists)
    if not lists:
        yield own
    for name, items in lists:
        for inner in items:
            yield from _rows(inner, own, f"{name}.")


def _lay(
    item: Mapping[str, Any],
    at: str,
    own: dict[str, Cell],
    lists: list[tuple[str, list[Mapping[str, Any]]]],
) -> None:
    for name, value in item.items():
        path = f"{at}{name}"
        if isinstance(value, Mapping):
            if "unit" in value and set(value) <= _QUANTITY:
                number = value.get("value")
                own[path] = None if number is None else Decimal(number)
                own[path + UNIT], own[path + NOTHING] = value.get("unit"), value.get("nothing")
            else:
                _lay(value, f"{path}.", own, lists)
        elif isinstance(value, list):
            inner = [one for one in value if isinstance(one, Mapping)]
            if inner:
                lists.append((path, inner))
            else:
                own[path] = _JOINT.join(str(_scalar(one)) for one in value) or None
        else:
            own[path] = _scalar(value)


def _scalar(value: Any) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if value is None or isinstance(value, int) else str(value)
