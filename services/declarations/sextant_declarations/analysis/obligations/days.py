"""The due days of one State, without complaint: none where nothing is due.

`sextant_shared.deadlines` refuses what cannot be asked; here a State that is no State Party, or a
year out of bounds, just owes nothing.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from sextant_declarations.analysis.obligations.facts import Filing
from sextant_shared.deadlines import DeadlinePolicy, Due, Facts, Reckoning, due, rules_by_kind
from sextant_shared.deadlines.table import ANNUAL, BY_EVENT
from sextant_shared.errors import Code, PlatformError

FIRST_YEAR, LAST_YEAR = 1997, 2200  # what deadlines are reckoned for
_SINGLE_EVENT = frozenset({Reckoning.BEFORE_EVENT, Reckoning.AFTER_EVENT})
_NOTHING_DUE = frozenset({Code.STATE, Code.NOT_FOUND, Code.MALFORMED})


@dataclass(frozen=True, slots=True)
class DueDays:
    """Finds due days of a State; `eif` stands instead of the list's day of entry into force.

    From `left` on the Convention is in force for it no more: nothing is due.
    """

    state: str
    policy: DeadlinePolicy
    eif: dt.date | None
    left: dt.date | None = None

    def annual(self, kind: str, year: int) -> Due | None:
        """Return when a kind about the year `year` is due."""
        return next((d for d in self._all(kind, year) if d.rule.reckoning in ANNUAL), None)

    def entry(self, kind: str, year: int) -> Due | None:
        """Return when a kind is due that entry into force in `year` asks for."""
        found = self._all(kind, year)
        return next((d for d in found if d.rule.reckoning is Reckoning.AFTER_EIF), None)

    def of(self, filing: Filing) -> Due | None:
        """Return what a filing is for, None where no day is set."""
        stated = filing.stated
        if stated.event is None:
            # The first aggregate data, after entry into force, are about the year before.
            year = stated.year
            return (
                None
                if year is None
                else (self.annual(stated.kind, year) or self.entry(stated.kind, year + 1))
            )
        entry = self.entry(stated.kind, stated.event.year)
        if entry and (entry.event == stated.event or _is_alone(stated.kind)):
            return entry
        if not any(rule.reckoning in _SINGLE_EVENT for rule in rules_by_kind()[stated.kind]):
            return None
        found = self._all(stated.kind, stated.event.year, stated.event)
        return next((d for d in found if d.rule.reckoning in _SINGLE_EVENT), None)

    def _all(self, kind: str, year: int, event: dt.date | None = None) -> tuple[Due, ...]:
        found = _due(kind, self.state, year, self.policy, self.eif, event)
        return tuple(one for one in found if self.left is None or one.day < self.left)


@lru_cache(maxsize=1 << 16)
def _due(
    kind: str,
    state: str,
    year: int,
    policy: DeadlinePolicy,
    eif: dt.date | None,
    event: dt.date | None,
) -> tuple[Due, ...]:
    facts = Facts(eif=eif, events={kind: (event,)} if event else {})
    try:
        return due(kind, state, year, policy, facts)
    except PlatformError as error:
        if error.code in _NOTHING_DUE:
            return ()
        raise


def _is_alone(kind: str) -> bool:
    """Return whether what is due at entry into force has no other day: later ones update it."""
    others = [r for r in rules_by_kind()[kind] if r.reckoning is not Reckoning.AFTER_EIF]
    return all(rule.reckoning not in BY_EVENT and rule.reckoning not in ANNUAL for rule in others)
