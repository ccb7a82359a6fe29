"""Starts a declaration: an empty document of any kind, read off its model.

What the client knows is filled in (schema, kind, State, year, contact); a list of objects has one
empty item, the look-back one item a year. Everything else is blank (null), so that `check` names
every place where a person must decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel

from sextant_client.prepare.members import Member, members_of
from sextant_shared.models.declaration import DeclarationBase, Kind
from sextant_shared.models.declaration.heading import FileRef, Period

LOOK_BACK = "earlier"  # the list of earlier years, beside the amounts of the reporting year
_BY_PERIOD: Mapping[Period, str] = {
    "past": "ANNUAL",
    "ahead": "ANNUAL",
    "destruction-past": "ANNUAL",
    "destruction-ahead": "ANNUAL",
    "once": "INITIAL",
    "event": "NOTIFICATION",
}
# Years to go from today's to the one that a kind of this period reports on.
_YEAR_OF: Mapping[Period, int] = {
    "past": -1,
    "ahead": 1,
    "destruction-past": -1,
    "destruction-ahead": 1,
    "once": -1,
    "event": 0,
}
_SUBMISSIONS = get_args(DeclarationBase.model_fields["submission_type"].annotation)


@dataclass(frozen=True)
class Beginning:
    """What is known before a declaration begins; `heading` holds members of the heading."""

    year: int
    heading: Mapping[str, Any] = field(default_factory=dict)


def year_of(kind: Kind, this_year: int) -> int:
    """Return the calendar year that a declaration made this year reports on."""
    return this_year + _YEAR_OF[kind.about.period]


def submission_type(kind: Kind) -> str:
    """Return why a kind is sent: what its id says, else what its period implies."""
    said = [word for word in _SUBMISSIONS if kind.id == word or kind.id.endswith(f"_{word}")]
    return said[0] if said else _BY_PERIOD[kind.about.period]


def proposed_id(kind: Kind, state: str | None, year: int) -> str | None:
    """Return a declaration number for the State to change or keep; None when it is not known."""
    return f"{state}-{year}-{kind.id.replace('_', '-')}"[:64] if state else None


def new_document(kind: Kind, begin: Beginning) -> dict[str, Any]:
    """Return an empty document of `kind`; blank members are null."""
    document = _object(kind.model, begin.year, ())
    # What comes with a declaration, attachments and answers, is for later.
    lists = {n for n, info in DeclarationBase.model_fields.items() if not info.is_required()}
    document |= {name: [] for name in lists if isinstance(document.get(name), list)}
    document |= {"schema": kind.schema, "version": 1, "submission_type": submission_type(kind)}
    if kind.model.model_fields["reporting_year"].is_required():
        document["reporting_year"] = begin.year
    document |= {name: value for name, value in begin.heading.items() if name in document}
    if document["declaration_id"] is None:
        document["declaration_id"] = proposed_id(kind, document["state_code"], begin.year)
    return document


def _object(
    model: type[BaseModel], year: int, around: tuple[type[BaseModel], ...]
) -> dict[str, Any]:
    inner = (*around, model)
    return {member.name: _value(member, year, inner) for member in members_of(model).values()}


def _value(member: Member, year: int, around: tuple[type[BaseModel], ...]) -> Any:
    if member.many:
        return _rows(member, year, around)
    if len(member.choices) == 1 and member.required:
        return member.choices[0]
    if member.model is not None and member.required and not member.optional:
        return _object(member.model, year, around)
    return None


def _rows(member: Member, year: int, around: tuple[type[BaseModel], ...]) -> list[dict[str, Any]]:
    model = member.model
    # There is nothing attached yet that could be referred to.
    if model is None or model in around or issubclass(model, FileRef):
        return []
    if member.name == LOOK_BACK and "year" in model.model_fields:
        back = range(1, (member.max_length or 1) + 1)
        return [{**_object(model, year, around), "year": year - n} for n in back]
    return [_object(model, year, around)]
