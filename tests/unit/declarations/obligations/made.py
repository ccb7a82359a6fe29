"""Filings for tests of obligations: of XAL, with the day on which the log received each."""

import datetime as dt
from typing import Any

from sextant_declarations.analysis.obligations.expecting import obligations
from sextant_declarations.analysis.obligations.facts import Filing, Stated
from sextant_declarations.analysis.obligations.obligation import Known, Obligation
from sextant_declarations.analysis.obligations.standing import Standing, stand

SINCE = Known(since=dt.date(2020, 1, 1))


def at(day: str) -> float:
    """Return noon of a day, in unix seconds."""
    return dt.datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()


def filing(
    kind: str, received: str, year: int | None = None, number: str = "", **more: Any
) -> Filing:
    """Return a filing of XAL; its number follows from what it is, unless one is given."""
    said = number or f"{kind}-{year or more.get('event')}-{more.get('subject', '')}"
    members: dict[str, Any] = {
        "kind": kind,
        "declaration_id": said,
        "version": 1,
        "year": year,
    } | more
    return Filing(Stated(**members), at(received), "XAL")


def owed(kind: str, year: int, *filings: Filing, known: Known = SINCE) -> list[Obligation]:
    """Return what XAL owes of one kind for one year."""
    found = obligations("XAL", year + 2, filings, known)
    return [one for one in found if one.due.kind == kind and one.year == year]


def stands(kind: str, year: int, now: str, *filings: Filing, known: Known = SINCE) -> Standing:
    """Return where the only such obligation stands on a day."""
    (one,) = owed(kind, year, *filings, known=known)
    return stand(one, at(now), known)
