"""The table of deadlines: for each kind, what its due day is reckoned from, and by which law.

Responsible for the rules as data. `reckoning` turns a rule into a day; which duties a State has is
a matter of policy.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from sextant_shared.codelists.loading import ListFile, Row, data_of, read_checked

FOLDER: Traversable = files("sextant_shared.deadlines") / "data"
_KIND = re.compile(r"[A-Z][A-Z0-9_]{2,39}")
_CASE = re.compile(r"[a-z]*")

RULES_FILE = ListFile(
    "deadlines.csv",
    ("kind", "case", "duty", "reckoning", "days", "event", "law", "evidence", "note"),
    ("kind", "case"),
)


class Reckoning(StrEnum):
    """What the due day is reckoned from."""

    AFTER_YEAR = "after-year"
    """Not later than N days after the end of the year that is reported on."""
    INTO_NEXT_YEAR = "into-next-year"
    """Not later than N days after the beginning of the year after it."""
    BEFORE_YEAR = "before-year"
    """Not less than N days before the year that is forecast."""
    AFTER_PERIOD = "after-period"
    """As after the year, for the annual period of destruction."""
    BEFORE_PERIOD = "before-period"
    """As before the year, for the annual period of destruction."""
    AFTER_EIF = "after-eif"
    """Not later than N days after entry into force for the State."""
    BEFORE_EVENT = "before-event"
    """Not less than N days before an event that is planned."""
    AFTER_EVENT = "after-event"
    """Not later than N days after an event."""
    EVERY_AFTER_EVENT = "every-after-event"
    """At the end of each N days after an event."""
    NONE = "none"
    """No day is set; the note says why."""


ANNUAL = frozenset(
    {
        Reckoning.AFTER_YEAR,
        Reckoning.INTO_NEXT_YEAR,
        Reckoning.BEFORE_YEAR,
        Reckoning.AFTER_PERIOD,
        Reckoning.BEFORE_PERIOD,
    }
)
AHEAD = frozenset({Reckoning.BEFORE_YEAR, Reckoning.BEFORE_PERIOD})
BY_EVENT = frozenset({Reckoning.BEFORE_EVENT, Reckoning.AFTER_EVENT, Reckoning.EVERY_AFTER_EVENT})


class Duty(StrEnum):
    """Why a State owes something: as every State Party, or because it has what is declared."""

    EVERY = "EVERY"
    S1_SSSF = "S1_SSSF"
    S1_OTHER = "S1_OTHER"
    S1_TRANSFER = "S1_TRANSFER"
    S2 = "S2"
    S3 = "S3"
    OCPF = "OCPF"
    CW = "CW"
    CWPF = "CWPF"
    OCW = "OCW"
    ACW = "ACW"


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """One rule: a kind may have several, told apart by `case`.

    `event` names the event that days are reckoned from; `note` says why there is no day, or what
    else matters.
    """

    kind: str
    case: str
    duty: Duty
    reckoning: Reckoning
    days: int
    event: str
    law: str
    evidence: str
    note: str

    @property
    def id(self) -> str:
        """Kind and case, such as `A3_RCA/update`."""
        return f"{self.kind}/{self.case}" if self.case else self.kind

    @property
    def in_words(self) -> str:
        """The rule as people read it."""
        words = {
            Reckoning.AFTER_YEAR: f"at most {self.days} days after the end of the year",
            Reckoning.INTO_NEXT_YEAR: f"at most {self.days} days into the year after",
            Reckoning.BEFORE_YEAR: f"at least {self.days} days before the year",
            Reckoning.AFTER_PERIOD: f"at most {self.days} days after the destruction period",
            Reckoning.BEFORE_PERIOD: f"at least {self.days} days before the destruction period",
            Reckoning.AFTER_EIF: f"at most {self.days} days after entry into force",
            Reckoning.BEFORE_EVENT: f"at least {self.days} days before: {self.event}",
            Reckoning.AFTER_EVENT: f"at most {self.days} days after: {self.event}",
            Reckoning.EVERY_AFTER_EVENT: f"each {self.days} days after: {self.event}",
            Reckoning.NONE: "no day is set",
        }
        if self.days == 0 and self.reckoning is Reckoning.BEFORE_EVENT:
            return f"on the day at the latest: {self.event}"
        if self.days == 0 and self.reckoning is Reckoning.AFTER_EIF:
            return "at entry into force"
        return words[self.reckoning]


def read_rules(folder: Traversable = FOLDER) -> tuple[DeadlineRule, ...]:
    """Return the rules of a folder.

    Raises:
        PlatformError: INTERNAL, naming every problem of the file.
    """
    by_event: dict[str, int] = {}

    def check(row: Row, rule: DeadlineRule) -> Iterator[tuple[str, str]]:
        if (rule.reckoning in BY_EVENT) != bool(rule.event):
            yield "event", f"{rule.reckoning} and the event {rule.event!r} do not fit"
        if rule.reckoning is Reckoning.EVERY_AFTER_EVENT and rule.days == 0:
            yield "days", "must be one or more for what returns"
        if rule.reckoning is Reckoning.NONE and not rule.note:
            yield "note", "must say why no day is set"
        if rule.reckoning in BY_EVENT and by_event.setdefault(rule.kind, row.number) != row.number:
            yield "kind", f"has another rule by an event on line {by_event[rule.kind]}"

    return read_checked(RULES_FILE, folder, _rule, check)


@lru_cache
def rules() -> tuple[DeadlineRule, ...]:
    """Return all rules, in the order of the table."""
    return read_rules()


@lru_cache
def rules_by_kind() -> Mapping[str, tuple[DeadlineRule, ...]]:
    """Return the rules of each kind."""
    found: dict[str, tuple[DeadlineRule, ...]] = {}
    for rule in rules():
        found[rule.kind] = (*found.get(rule.kind, ()), rule)
    return found


def rules_bytes() -> bytes:
    """Return the table as it lies in the package, for the policy's digest."""
    return data_of(RULES_FILE.name, FOLDER)


def _rule(row: Row) -> DeadlineRule:
    reckoning = row.choice("reckoning", Reckoning)
    is_dated = reckoning != Reckoning.NONE
    if not is_dated and row.maybe("days"):
        row.problem("days", "must be empty where no day is set")
    duty = row.choice("duty", Duty)
    return DeadlineRule(
        kind=row.matching("kind", _KIND, "kind of declaration"),
        case=row.matching("case", _CASE, "word in small letters"),
        duty=Duty(duty) if duty in set(Duty) else Duty.EVERY,
        reckoning=Reckoning(reckoning) if reckoning in set(Reckoning) else Reckoning.NONE,
        days=row.whole("days") if is_dated else 0,
        event=row.maybe("event"),
        law=row.text("law"),
        evidence=row.evidence(),
        note=row.maybe("note"),
    )
