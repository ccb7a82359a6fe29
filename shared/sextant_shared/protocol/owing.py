"""What is owed for a message: which answer, by whom, until when, by which law.

Times are data with evidence marks (`data/owed.csv`), as those of declarations are: what is
remembered or proposed can be changed without a line of code. A message answers another when its
`irt` names it. Not responsible for who may send what: `protocol.message_types`.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from sextant_shared.codelists.loading import ListFile, Row, read_checked
from sextant_shared.protocol.message_types import DEFAULT_SECRETARIAT, TABLE

FOLDER: Traversable = files("sextant_shared.protocol") / "data"
OWED_FILE = ListFile(
    "owed.csv",
    ("type", "answer", "by", "within", "unit", "after", "law", "evidence", "note"),
    ("type", "answer"),
)


class Debtor(StrEnum):
    """Who owes the answer."""

    RECIPIENT = "recipient"
    SENDER = "sender"
    SECRETARIAT = "secretariat"


class After(StrEnum):
    """From when the time runs."""

    RECEIPT = "receipt"
    """The exchange accepted the message, and it stood in the recipient's mailbox."""
    END_OF_INSPECTION = "end of inspection"
    """Stated inside the preliminary findings and the report, which the exchange cannot read."""


class Unit(StrEnum):
    """Units of time; a day has 24 hours here."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class OwedRule:
    """One row: for a message of `type`, `by` owes `answer` within a time after an event."""

    type: str
    answer: str
    by: Debtor
    within: dt.timedelta
    after: After
    law: str
    evidence: str
    note: str

    @property
    def in_words(self) -> str:
        """The time as people read it."""
        hours = int(self.within / dt.timedelta(hours=1))
        days, rest = divmod(hours, 24)
        amount, unit = (hours, "hour") if rest or days <= 1 else (days, "day")
        return f"{amount} {unit}{'' if amount == 1 else 's'} after {self.after}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One message of a thread as far as owing goes; `accepted` in unix seconds.

    Where the content is at hand and says it: `ended` is the end of the inspection, `asked` the time
    by which it asks for its answer; both in unix seconds.
    """

    sender: str
    id: str
    type: str
    recipients: tuple[str, ...]
    accepted: float
    irt: str | None = None
    sup: str | None = None
    ended: float | None = None
    asked: float | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer that is owed: to which message, by which party, until when.

    `until` is None where the clock starts with something that is not known here; `answered` is the
    id of the answer, None while there is none.
    """

    message: str
    answer: str
    by: str
    until: float | None
    rule: OwedRule
    answered: str | None

    def is_late(self, now: float) -> bool:
        """Whether its time is over and there is no answer."""
        return self.answered is None and self.until is not None and now > self.until


def read_owed(folder: Traversable = FOLDER) -> tuple[OwedRule, ...]:
    """Return the rules of a folder.

    Raises:
        PlatformError: INTERNAL, naming every problem of the file.
    """
    return read_checked(OWED_FILE, folder, _rule, _check)


@lru_cache
def owed_rules() -> tuple[OwedRule, ...]:
    """Return all rules, in the order of the table."""
    return read_owed()


@lru_cache
def _rules_by_type() -> Mapping[str, tuple[OwedRule, ...]]:
    found: dict[str, tuple[OwedRule, ...]] = {}
    for rule in owed_rules():
        found[rule.type] = (*found.get(rule.type, ()), rule)
    return found


def rules_for(type_: str) -> tuple[OwedRule, ...]:
    """Return what is owed for messages of a type."""
    return _rules_by_type().get(type_, ())


def owed_in(thread: Sequence[Seen], secretariat: str = DEFAULT_SECRETARIAT) -> list[Owed]:
    """Return everything owed for the messages of a thread, answered or not, in their order.

    Nothing is owed for what its sender superseded, and what answers a message of a kind does not
    ask for that kind again: a report with the comments annexed asks for no comments.
    """
    types = {seen.id: seen.type for seen in thread}
    replaced = {(seen.sender, seen.sup) for seen in thread if seen.sup is not None}
    ended = max((seen.ended for seen in thread if seen.ended is not None), default=None)
    return [
        Owed(
            message=seen.id,
            answer=rule.answer,
            by=party,
            until=_until(rule, seen, ended),
            rule=rule,
            answered=_answer_of(thread, seen, rule.answer, party),
        )
        for seen in thread
        if (seen.sender, seen.id) not in replaced
        for rule in rules_for(seen.type)
        if types.get(seen.irt or "") != rule.answer
        for party in _debtors(rule, seen, secretariat)
    ]


def _debtors(rule: OwedRule, seen: Seen, secretariat: str) -> Iterable[str]:
    others = [party for party in seen.recipients if party != seen.sender]
    if rule.by is Debtor.SENDER:
        return [seen.sender]
    if rule.by is Debtor.SECRETARIAT:
        return [party for party in others if party == secretariat]
    # What a State owes another is not owed by the Secretariat that reads along.
    return [party for party in others if party != secretariat]


def _until(rule: OwedRule, seen: Seen, ended: float | None) -> float | None:
    start = seen.accepted if rule.after is After.RECEIPT else (seen.ended or ended)
    until = None if start is None else start + rule.within.total_seconds()
    if until is None or seen.asked is None or rule.by is not Debtor.RECIPIENT:
        return until
    return min(until, seen.asked)


def _answer_of(thread: Sequence[Seen], seen: Seen, answer: str, by: str) -> str | None:
    for other in thread:
        if (other.irt, other.type, other.sender) == (seen.id, answer, by):
            return other.id
    return None


def _check(row: Row, rule: OwedRule) -> Iterator[tuple[str, str]]:
    for column in ("type", "answer"):
        if row.cells[column] not in TABLE:
            yield column, f"{row.cells[column]!r} is no type of message"
    answer = TABLE.get(rule.answer)
    if answer and answer.replies_to and rule.type not in answer.replies_to:
        yield "answer", f"{rule.answer} does not answer {rule.type}"
    if not rule.within:
        yield "within", "must be more than nothing"
    if rule.evidence.startswith("T") and not rule.law:
        yield "law", "must be named where the treaty is the source"


def _rule(row: Row) -> OwedRule:
    unit = row.choice("unit", Unit)
    amount = row.whole("within")
    by, after = row.choice("by", Debtor), row.choice("after", After)
    return OwedRule(
        type=row.text("type"),
        answer=row.text("answer"),
        by=Debtor(by) if by in set(Debtor) else Debtor.RECIPIENT,
        within=dt.timedelta(**{f"{unit}s": amount}) if unit in set(Unit) else dt.timedelta(),
        after=After(after) if after in set(After) else After.RECEIPT,
        law=row.maybe("law"),
        evidence=row.evidence(),
        note=row.maybe("note"),
    )
