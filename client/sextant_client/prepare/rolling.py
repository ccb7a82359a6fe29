"""Rolls last year's declaration on: what stays is kept, what must be said anew is blank.

By reflection, whatever the kind: amounts and ranges of the year are blank, and move into the
look-back where the kind has one; what happened on a day is gone, with files and answers. Nothing
is guessed: what may have changed stays as it was, for a person to look at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from sextant_client.prepare.members import Member, members_of
from sextant_client.prepare.new import LOOK_BACK, proposed_id
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import DeclarationBase, kind_of, upgrade
from sextant_shared.models.declaration.heading import FileRef
from sextant_shared.models.strict import pointer_of

YEARLY = frozenset({"past", "ahead"})
RANGES = "ranges"
At = tuple[str | int, ...]


@dataclass
class Rolled:
    """The next declaration; `marks` are the pointers of places that changed or must be filled."""

    document: dict[str, Any]
    marks: list[str] = field(default_factory=list)


def roll(document: Mapping[str, Any], year: int | None = None) -> Rolled:
    """Return the declaration of the year after that of `document`, or of `year`.

    Raises:
        PlatformError: `E_MALFORMED`, when its kind is not known; `E_STATE`, when it is not declared
            year by year, or names no year before.
    """
    kind = kind_of(document)
    last = document.get("reporting_year")
    if kind.about.period not in YEARLY or not isinstance(last, int):
        raise PlatformError(
            Code.STATE,
            "only a declaration of a year is copied into the next",
            expected="a yearly kind, with its reporting year",
            received=f"{kind.id}, year {'blank' if last is None else last}",
            fix=f"Begin it: sextant new {kind.id} -o FILE.",
        )
    target = last + 1 if year is None else year
    if target <= last:
        raise PlatformError(
            Code.STATE, "a copy is of a later year", expected=f"after {last}", received=str(target)
        )
    rolling = _Rolling(last, target)
    held = rolling.object((), kind.model, upgrade(document, kind))
    state = held.get("state_code")
    held |= {
        "version": 1,
        "reporting_year": target,
        "declaration_id": _next_id(document, last, target)
        or proposed_id(kind, state if isinstance(state, str) else None, target),
        "part_count": None,
        "note": None,
    }
    # What comes with a declaration, attachments and answers, is of that declaration.
    comes_with = [name for name, m in members_of(DeclarationBase).items() if _comes_with(m)]
    held |= {name: [] for name in comes_with if name in held}
    rolling.marks += [f"/{name}" for name in ("declaration_id", "reporting_year")]
    return Rolled(held, rolling.marks)


def _comes_with(member: Member) -> bool:
    return member.many and not member.required


def _next_id(document: Mapping[str, Any], last: int, target: int) -> str | None:
    """Return the number with the year in it moved on, where it has the year once."""
    named = document.get("declaration_id")
    if isinstance(named, str) and named.count(str(last)) == 1:
        return named.replace(str(last), str(target))
    return None


@dataclass
class _Rolling:
    """The walk through one declaration."""

    last: int
    target: int
    marks: list[str] = field(default_factory=list)

    def object(self, at: At, model: type[BaseModel], held: Mapping[str, Any]) -> dict[str, Any]:
        """Roll the members of one object."""
        members = members_of(model)
        result = {
            name: self.value((*at, name), members[name], value) if name in members else value
            for name, value in held.items()
        }
        for name, member in members.items():
            if _is_of_the_year(member) and not member.many:
                result[name] = None
                self.marks.append(pointer_of((*at, name)))
        if LOOK_BACK in members:
            result[LOOK_BACK] = self.look_back(members[LOOK_BACK], held)
            self.marks.append(pointer_of((*at, LOOK_BACK)))
        return result

    def value(self, at: At, member: Member, value: Any) -> Any:
        """Roll one member: what is of a day, or a file, does not come along."""
        model = member.model
        if value is None or value == []:
            return value
        if member.is_day or (model is not None and member.many and _is_of_days(model)):
            self.marks.append(pointer_of(at))
            return [] if member.many else None
        if model is None or member.name == LOOK_BACK:
            return value
        if issubclass(model, FileRef):
            return [] if member.many else None
        if isinstance(value, list):
            return [self.item((*at, n), model, item) for n, item in enumerate(value)]
        return self.item(at, model, value)

    def item(self, at: At, model: type[BaseModel], item: Any) -> Any:
        """Roll one object; what is none stays for the check to find."""
        return self.object(at, model, item) if isinstance(item, Mapping) else item

    def look_back(self, member: Member, held: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the earlier years, the latest first: last year's own figures lead."""
        model = member.model
        if model is None:
            return []
        amounts = [name for name, inner in members_of(model).items() if inner.is_amount]
        figures = {name: held[name] for name in amounts if held.get(name) is not None}
        latest = {"year": self.last, **figures}
        earlier = held.get(member.name)
        known = [latest, *(earlier if isinstance(earlier, list) else [])]
        by_year = {row.get("year"): row for row in known if isinstance(row, Mapping)}
        years = range(self.target - 1, self.target - 1 - (member.max_length or 1), -1)
        return [dict(by_year[year]) for year in years if year in by_year]


def _is_of_the_year(member: Member) -> bool:
    listed = member.listed
    return member.is_amount or (listed is not None and listed.codelist == RANGES)


def _is_of_days(model: type[BaseModel]) -> bool:
    """Whether the items of a list are of days: what happened then, or was planned for then."""
    return any(_days(model, ()))


def _days(model: type[BaseModel], around: tuple[type[BaseModel], ...]) -> Iterator[bool]:
    for member in members_of(model).values():
        yield member.is_day and member.required
        inner = member.model
        if inner is not None and not member.many and inner not in (*around, model):
            yield from _days(inner, (*around, model))
