"""An agenda as a calendar file (RFC 5545): one all-day event a due day, with alarms before it.

An event keeps its UID for ever: the same file imported again, or a later one in which a day moved,
replaces what is there instead of doubling it.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from icalendar import Alarm, Calendar, Event, vText

from sextant_shared.deadlines import Due, PolicyId
from sextant_shared.models.declaration import CATALOGUE

PRODUCT = "-//Sextant//Deadlines//EN"
_NAMES = uuid.UUID("6f0d3c43-3c6e-5b7e-9d0b-2a4d9b1c7e55")  # of our events; never changes
_DAY = dt.timedelta(days=1)
# RFC 5545, 3.3.11; the backslash first, for what follows writes new ones.
_ESCAPES = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\r\n": "\\n", "\n": "\\n", "\r": "\\n"}


class Text(vText):
    """A text that is read again as it was.

    The library would take a backslash before a capital N for a line break.
    """

    __slots__ = ()

    def to_ical(self) -> bytes:
        """Return the text as it stands in the file."""
        text = str(self)
        for sign, escaped in _ESCAPES.items():
            text = text.replace(sign, escaped)
        return text.encode()


@dataclass(frozen=True)
class Sheet:
    """How a calendar is written: its name, when, under which policy, and days of the alarms."""

    name: str
    written: float
    policy: PolicyId
    alarms: Sequence[int] = (30, 7)


def calendar_file(agenda: Sequence[Due], sheet: Sheet, done: Collection[Due] = ()) -> bytes:
    """Return the file; what is done is shown without alarms."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", Text(sheet.name))
    for one in agenda:
        calendar.add_component(_event(one, sheet, alarms=() if one in done else sheet.alarms))
    return bytes(calendar.to_ical())


def uid_of(one: Due) -> str:
    """Return the UID of a due item: the same whenever and wherever it is written."""
    return str(uuid.uuid5(_NAMES, f"{one.state}/{one.rule.id}/{one.period}"))


def _event(one: Due, sheet: Sheet, *, alarms: Sequence[int]) -> Event:
    summary = f"{one.state} {one.kind} {one.period} is due"
    event = Event()
    event.add("uid", uid_of(one))
    event.add("dtstamp", dt.datetime.fromtimestamp(int(sheet.written), dt.UTC))
    event.add("dtstart", one.day)
    event.add("dtend", one.day + _DAY)  # the first day after it
    event.add("summary", Text(summary))
    event.add("description", Text(_description(one, sheet.policy)))
    event.add("categories", ["Sextant", one.kind])
    event.add("transp", "TRANSPARENT")  # a due day does not make busy
    for days in sorted(set(alarms), reverse=True):
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        when = f"in {days} days" if days else "today"
        alarm.add("description", Text(f"{summary} {when}"))
        alarm.add("trigger", -days * _DAY)
        event.add_component(alarm)
    return event


def _description(one: Due, policy: PolicyId) -> str:
    title = [CATALOGUE[one.kind].title] if one.kind in CATALOGUE else []
    note = [one.rule.note] if one.rule.note else []
    return "\n".join(
        [
            *title,
            f"Due {one.rule.in_words}.",
            f"Law: {one.rule.law} [{one.rule.evidence}]",
            *note,
            f"Deadlines {policy.version} (sha256:{policy.digest[:8]}…)",
        ]
    )
