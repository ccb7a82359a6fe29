"""Until when each kind is to be sent in the made-up world, by the table of deadlines.

Days are reckoned as the deadline function does by default, without its question whether a State
owes something: the States of a world have days of entry into force of their own.
"""

import datetime as dt
from functools import lru_cache

from sextant_shared.deadlines import Reckoning, rules_by_kind

_AFTER_YEAR = (Reckoning.AFTER_YEAR, Reckoning.INTO_NEXT_YEAR, Reckoning.AFTER_PERIOD)
_BEFORE_YEAR = (Reckoning.BEFORE_YEAR, Reckoning.BEFORE_PERIOD)
_AFTER_EVENT = (Reckoning.AFTER_EVENT, Reckoning.EVERY_AFTER_EVENT)
_LIKE = {"NIL": "S2_AND"}  # due with what it stands for
_DAY = dt.timedelta(1)


def after_year(kind: str, year: int) -> dt.date:
    """Return the last day of a report on `year`."""
    return dt.date(year + 1, 1, 1) + (_days(_LIKE.get(kind, kind), _AFTER_YEAR) - 1) * _DAY


def before_year(kind: str, year: int) -> dt.date:
    """Return the last day of a plan for `year`."""
    return dt.date(year, 1, 1) - (_days(kind, _BEFORE_YEAR) + 1) * _DAY


def after(kind: str, event: dt.date) -> dt.date:
    """Return the last day to tell of something that happened."""
    return event + _days(kind, _AFTER_EVENT) * _DAY


def before(kind: str, event: dt.date) -> dt.date:
    """Return the last day to tell of something that is to happen."""
    return event - _days(kind, (Reckoning.BEFORE_EVENT,)) * _DAY


def after_entry(kind: str, entry: dt.date) -> dt.date:
    """Return the last day of what is owed at entry into force."""
    return entry + _days(kind, (Reckoning.AFTER_EIF,)) * _DAY


@lru_cache
def _days(kind: str, reckonings: tuple[Reckoning, ...]) -> int:
    return next(rule.days for rule in rules_by_kind()[kind] if rule.reckoning in reckonings)
