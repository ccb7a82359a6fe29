"""Whether something came in time: one of five words, by receipt at the Secretariat's boundary.

Instants are unix seconds in UTC; a due day ends at midnight in the policy's time zone.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from sextant_shared.deadlines.policy import DEFAULT_POLICY, DeadlinePolicy, PolicyId, policy_id
from sextant_shared.deadlines.reckoning import Due


class Word(StrEnum):
    """What is said of something that is due."""

    ON_TIME = "ON_TIME"
    LATE = "LATE"
    LATE_WITH_NOTICE = "LATE_WITH_NOTICE"
    MISSING = "MISSING"
    NOT_DUE = "NOT_DUE"


@dataclass(frozen=True, slots=True)
class Notice:
    """A State's word that it will be late: when it came, and for which day it promises."""

    received: float
    expected: dt.date


@dataclass(frozen=True, slots=True)
class Timeliness:
    """The word, the days past the due day, and the policy that it was found by."""

    word: Word
    days: int
    policy: PolicyId

    def __str__(self) -> str:
        return f"{self.word}({self.days})" if self.days else str(self.word)


def timeliness(
    one: Due,
    received: float | None,
    now: float,
    policy: DeadlinePolicy = DEFAULT_POLICY,
    notice: Notice | None = None,
) -> Timeliness:
    """Return whether `one` came in time; `received` None: it has not come.

    What is not there after its day is missing, but for the days that a notice asked for.
    """
    end = closes(one.day, policy)
    used = policy_id(policy)
    instant = now if received is None else received
    if instant < end:
        return Timeliness(Word.NOT_DUE if received is None else Word.ON_TIME, 0, used)
    days = (day_of(instant, policy) - one.day).days
    noticed = notice is not None and _counts(notice, end, instant, policy)
    if received is not None:
        return Timeliness(Word.LATE_WITH_NOTICE if noticed else Word.LATE, days, used)
    promised = notice is not None and noticed and day_of(now, policy) <= notice.expected
    return Timeliness(Word.LATE_WITH_NOTICE if promised else Word.MISSING, days, used)


def closes(day: dt.date, policy: DeadlinePolicy = DEFAULT_POLICY) -> float:
    """Return the instant at which a day ends where the policy says; it is no longer in time."""
    after = day + dt.timedelta(days=1)
    return dt.datetime.combine(after, dt.time(), policy.zone).timestamp()


def day_of(instant: float, policy: DeadlinePolicy = DEFAULT_POLICY) -> dt.date:
    """Return the calendar day of an instant where the policy says."""
    return dt.datetime.fromtimestamp(instant, policy.zone).date()


def _counts(notice: Notice, end: float, instant: float, policy: DeadlinePolicy) -> bool:
    if policy.late_notice == "ignored":
        return False
    return notice.received < (end if policy.late_notice == "by-due-day" else instant)
