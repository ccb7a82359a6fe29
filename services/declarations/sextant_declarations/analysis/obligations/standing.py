"""Where an obligation stands on a day: the word on it, and the days past its day.

The time of record is the receipt in the log. What was filed first for an obligation counts:
amendments and later versions never change whether it came in time.
"""

from dataclasses import dataclass
from enum import StrEnum

from sextant_declarations.analysis.obligations.obligation import ALL_KNOWN, Known, Obligation
from sextant_shared.deadlines import Word, timeliness


class Status(StrEnum):
    """Where an obligation stands."""

    NOT_DUE = "not-due"
    """Expected; its day is not over."""
    PROMISED = "promised"
    """Its day is over; a notice in time asked for more days, which are not over."""
    MISSING = "missing"
    """Expected; its day is over and nothing came."""
    ON_TIME = "on-time"
    LATE = "late"
    LATE_WITH_NOTICE = "late-with-notice"
    NIL = "nil"
    """The State said that there is nothing to declare."""


RECEIVED = frozenset({Status.ON_TIME, Status.LATE, Status.LATE_WITH_NOTICE, Status.NIL})
OPEN = frozenset({Status.NOT_DUE, Status.PROMISED, Status.MISSING})


@dataclass(frozen=True, slots=True)
class Standing:
    """The status, the days past the due day (also of a nil), and when it was received."""

    status: Status
    days: int
    received: float | None


_WORDS = {
    Word.ON_TIME: Status.ON_TIME,
    Word.LATE: Status.LATE,
    Word.MISSING: Status.MISSING,
    Word.NOT_DUE: Status.NOT_DUE,
}


def stand(one: Obligation, now: float, known: Known = ALL_KNOWN) -> Standing:
    """Return where an obligation stands at the instant `now`."""
    first = min((f.received for f in one.filed), default=one.nil.received if one.nil else None)
    found = timeliness(one.due, first, now, known.deadlines, one.notice)
    if one.nil is not None:
        return Standing(Status.NIL, found.days, first)
    if found.word is Word.LATE_WITH_NOTICE:
        status = Status.PROMISED if first is None else Status.LATE_WITH_NOTICE
        return Standing(status, found.days, first)
    return Standing(_WORDS[found.word], found.days, first)
