"""Counts of cases by year of the transfers: for the Secretariat itself, without any figure.

What is asked of every such workflow: how many were opened, how many are closed, within a year or
later, why the figures differed, and how often the same flow differs again.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sextant_declarations.analysis.cases.workflow import CaseState, workflow
from sextant_shared.models.strict import Strict

WITHIN_DAYS = 365  # [P] the domain's page asks for the share that is closed in twelve months


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A case as far as it is counted; `again` says that the flow had a case in an earlier year."""

    year: int
    state: CaseState
    opened: dt.date
    since: dt.date
    cause: str | None
    again: bool


class CaseYear(Strict):
    """The cases of one year of transfers; merged ones count with the case that took them over.

    `in_time` are closed within twelve months, `running` are open and not older than that. `causes`
    are those of closed and of unresolved cases.
    """

    year: int
    opened: int
    closed: int
    in_time: int
    running: int
    unresolved: int
    again: int
    causes: dict[str, int]


def counted(cases: Iterable[Counted], today: dt.date) -> list[CaseYear]:
    """Return the counts, newest year first."""
    years: defaultdict[int, list[Counted]] = defaultdict(list)
    for one in cases:
        if one.state is not CaseState.MERGED:
            years[one.year].append(one)
    return [_year(year, years[year], today) for year in sorted(years, reverse=True)]


def _year(year: int, cases: list[Counted], today: dt.date) -> CaseYear:
    closed = [one for one in cases if one.state in workflow().closed]
    left = [one for one in cases if one.state not in workflow().closed]
    return CaseYear(
        year=year,
        opened=len(cases),
        closed=len(closed),
        in_time=sum((one.since - one.opened).days <= WITHIN_DAYS for one in closed),
        running=sum((today - one.opened).days <= WITHIN_DAYS for one in left),
        unresolved=sum(one.state is CaseState.UNRESOLVED for one in left),
        again=sum(one.again for one in cases),
        causes=dict(sorted(Counter(one.cause for one in cases if one.cause).items())),
    )
