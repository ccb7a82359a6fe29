"""What the home has sent, and which due items it answers.

A declaration is received when the exchange accepted it: the time stands in its custody receipt,
which is verified again against the pinned log. Only the heading is read, so that a declaration with
findings counts as received, too.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from sextant_client.home import Home
from sextant_client.sent import SentEnvelope, SentFolder
from sextant_shared.clock import parse_timestamp
from sextant_shared.deadlines import (
    DeadlinePolicy,
    Due,
    Notice,
    Reckoning,
    Timeliness,
    day_of,
    rules_by_kind,
    timeliness,
)
from sextant_shared.deadlines.table import AHEAD
from sextant_shared.encoding import parse_json
from sextant_shared.errors import PlatformError
from sextant_shared.models.declaration import CATALOGUE
from sextant_shared.models.declaration.heading import Day, Year
from sextant_shared.models.strict import Strict, read_model
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.receipts import verify_custody
from sextant_shared.rules import MAX_BYTES, MAX_DEPTH

# What a nil declaration closes, by its scope: kinds that begin so.
_NIL_CLOSES = {
    "S1": "S1_",
    "S2": "S2_SITE_",
    "S3": "S3_SITE_",
    "OCPF": "OCPF_",
    "AND_S2": "S2_AND",
    "AND_S3": "S3_AND",
    "X4": "X4_PROTECTIVE",
}


class Heading(Strict):
    """The members of a declaration that say what it answers; all others are passed over."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, strict=True, extra="ignore")

    kind: str
    declaration_id: str
    state_code: str
    reporting_year: Year | None = None
    event_date: Day | None = None
    scope: Annotated[list[str], Field(max_length=10)] = Field(default_factory=list)
    late_kind: str | None = None
    late_year: int | None = None
    expected_date: Day | None = None


@dataclass(frozen=True)
class Filed:
    """One declaration of ours: its envelope, its heading, and when it was received, if it was."""

    envelope: str
    heading: Heading
    received: float | None


@dataclass(frozen=True)
class Answered:
    """Something due with the word on it and what was sent for it."""

    due: Due
    status: Timeliness
    sent: tuple[Filed, ...]


@dataclass(frozen=True)
class Files:
    """Everything that the home has sent; `unread` names envelopes that hold no declaration."""

    filed: tuple[Filed, ...]
    unread: tuple[str, ...]


def read_filed(home: Home) -> Files:
    """Return the declarations of the home's `sent/`, with their verified times of receipt.

    What was recalled from the Secretariat is as if it had not been sent.

    Raises:
        PlatformError: whatever of a receipt does not hold; `E_STATE` for a home without trust.
    """
    filed, unread = [], []
    keys: LogKeys | None = None
    for envelope in SentFolder(home.sent).standing(home.secretariat):
        heading = _heading(envelope)
        if heading is None:
            unread.append(envelope.id)
            continue
        received = None
        if envelope.receipt.exists():
            keys = keys or home.trust.log_keys
            receipt = verify_custody(
                envelope.receipt.read_bytes(), envelope.digest, envelope.id, keys
            )
            received = parse_timestamp(receipt.t)
        filed.append(Filed(envelope.id, heading, received))
    return Files(tuple(filed), tuple(unread))


def answered(
    agenda: Iterable[Due], filed: Sequence[Filed], now: float, policy: DeadlinePolicy
) -> list[Answered]:
    """Return each item with its word.

    Of several declarations for one item, such as one a plant site, the one that came last decides;
    of several versions of one declaration, the one that came first; of a standing notification,
    which each later one only updates, the first of all.
    """
    found = []
    for one in agenda:
        sent = tuple(f for f in filed if f.received is not None and _answers(f, one, policy))
        first: dict[str, float] = {}
        for f in sent:
            name, received = f.heading.declaration_id, f.received or 0.0
            first[name] = min(received, first.get(name, received))
        decides = min if _is_standing(one) else max
        status = timeliness(
            one, decides(first.values(), default=None), now, policy, _notice(one, filed)
        )
        found.append(Answered(one, status, sent))
    return found


def _heading(envelope: SentEnvelope) -> Heading | None:
    try:
        data = envelope.message()
        return read_model(Heading, parse_json(data, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH))
    except (OSError, PlatformError):
        return None


def _answers(filed: Filed, one: Due, policy: DeadlinePolicy) -> bool:
    heading = filed.heading
    if heading.state_code != one.state:
        return False
    if heading.kind == "NIL":
        return _closes(filed, one, policy)
    return heading.kind == one.kind and _is_about(heading, one)


def _is_about(heading: Heading, one: Due) -> bool:
    if one.event is None:
        return heading.reporting_year == one.year
    if heading.event_date is None:
        # The first aggregate data, after entry into force, are about the year before.
        return heading.reporting_year == one.event.year - 1
    if one.rule.reckoning is Reckoning.EVERY_AFTER_EVENT:
        return one.day - dt.timedelta(days=one.rule.days) < heading.event_date <= one.day
    return heading.event_date == one.event or _is_standing(one)


def _is_standing(one: Due) -> bool:
    """Return whether what is due at entry into force may say of itself from when it holds."""
    says_when = CATALOGUE[one.kind].about.period == "event"
    others = [rule for rule in rules_by_kind()[one.kind] if rule is not one.rule]
    is_alone = all(rule.reckoning is Reckoning.NONE for rule in others)
    return says_when and is_alone and one.rule.reckoning is Reckoning.AFTER_EIF


def _closes(filed: Filed, one: Due, policy: DeadlinePolicy) -> bool:
    """Return whether a nil declaration stands for what is due.

    One that came when the year had begun speaks of what happened, not of what was planned.
    """
    heading = filed.heading
    if one.year is None or heading.reporting_year != one.year or filed.received is None:
        return False
    if one.rule.reckoning in AHEAD and day_of(filed.received, policy).year >= one.year:
        return False
    starts = [_NIL_CLOSES[scope] for scope in heading.scope if scope in _NIL_CLOSES]
    return any(one.kind.startswith(start) for start in starts)


def _notice(one: Due, filed: Sequence[Filed]) -> Notice | None:
    year = one.year if one.event is None else one.event.year
    found = [
        Notice(f.received, f.heading.expected_date)
        for f in filed
        if f.heading.kind == "LATE_NOTICE"
        and f.heading.state_code == one.state
        and (f.heading.late_kind, f.heading.late_year) == (one.kind, year)
        and f.received is not None
        and f.heading.expected_date is not None
    ]
    return min(found, key=lambda notice: notice.received, default=None)
