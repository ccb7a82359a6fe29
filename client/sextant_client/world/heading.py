"""The heading that every declaration of the world has, and what is filed beside its content."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sextant_client.world.chance import Chance
from sextant_client.world.faults import Fault
from sextant_client.world.profiles import Profile
from sextant_shared.models.declaration import CATALOGUE


@dataclass(frozen=True, slots=True)
class Difference:
    """One place of a document that a fault, or an honest reason, makes other than the books."""

    pointer: str
    true: str | None
    declared: str | None


@dataclass(frozen=True, slots=True)
class Struck:
    """What a fault did to one document; no differences where the document is missing or late."""

    fault: Fault
    differences: Sequence[Difference]


@dataclass(slots=True)
class Filing:
    """One declaration before it has a number: its kind, content, due day and day of sending.

    `received` is None for what is never sent. `year` is that in whose folder it lies; `reports_on`
    the year that is reported on where that is another. `refers` are filings that the content names
    by their numbers, by the member that names them.
    """

    kind: str
    year: int
    body: Mapping[str, Any]
    due: dt.date
    received: dt.date | None
    submission_type: str = "ANNUAL"
    event_date: dt.date | None = None
    classification: str = ""
    note: str = ""
    site: str = ""
    reports_on: int = 0
    refers: Mapping[str, Sequence["Filing"]] = field(default_factory=dict)
    struck: list[Struck] = field(default_factory=list)


def notification(
    kind: str,
    day: dt.date,
    body: Mapping[str, Any],
    due: dt.date,
    received: dt.date,
    classification: str,
    site: str = "",
) -> Filing:
    """Return what is sent because something happens, or is to happen, on a day."""
    return Filing(
        kind,
        day.year,
        body,
        due,
        received,
        "NOTIFICATION",
        event_date=day,
        classification=classification,
        site=site,
    )


_LISTS = ("concerns", "amendments")


def document_of(
    filing: Filing, profile: Profile, number_of: Callable[[Filing], str]
) -> dict[str, Any]:
    """Return the whole declaration as JSON members, in the order of its model."""
    kind = CATALOGUE[filing.kind]
    document: dict[str, Any] = {
        "schema": kind.schema,
        "kind": filing.kind,
        "declaration_id": number_of(filing),
        "version": 1,
        "state_code": profile.code,
    }
    if kind.model.model_fields["reporting_year"].is_required():
        document["reporting_year"] = filing.reports_on or filing.year
    if filing.event_date:
        document["event_date"] = filing.event_date.isoformat()
    document |= {
        "submission_type": filing.submission_type,
        "language": profile.language,
        "confidentiality": filing.classification or profile.classification,
        "na_contact": [_contact(profile)],
        "attachments": [],
        "part_count": 0,
    }
    if filing.note:
        document["note"] = filing.note
    document |= filing.body
    for name, others in filing.refers.items():
        references = [{"declaration_id": number_of(other), "version": 1} for other in others]
        document[name] = references if name in _LISTS else references[0]
    return document


def received_on(seed: int, profile: Profile, kind: str, due: dt.date, key: str) -> dt.date:
    """Return the day on which a State sends something: as early or late as it tends to be."""
    chance = Chance(seed, "received", profile.code, kind, due.toordinal(), key)
    if chance.happens(profile.late_percent / 100):
        return due + dt.timedelta(1 + chance.below(profile.late_days))
    return due - dt.timedelta(chance.amount(1, 64) - 1)


def _contact(profile: Profile) -> dict[str, str]:
    return {
        "name": "Declarations Desk",
        "function": "National Authority",
        "email": f"declarations@na.{profile.code.lower()}.example",
    }
