"""The officers' queue: what an item is, who may do what with it, and what needs a person's eyes.

The table is data (`work.json`), our proposal [P] throughout: the Convention orders no queue. Here
it is read, checked once, and asked. Pure: not responsible for storing, nor for who may know what.

* Urgent items go first, then the oldest. Nobody holds more than the capacity.
* A claim is a lease: when its time is over the item is free again, without anybody's doing.
* How many persons decide follows from the marking (`classification.json`). Each must be another
  one, and none of them may have entered what is looked at.
* Two who do not agree begin anew: no opinion counts any more, and the item is urgent.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from sextant_declarations.analysis.classification import MARKINGS
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.heading import Classification
from sextant_shared.models.strict import Strict, read_model

MAX_POLICY_BYTES = 1 << 20
BY_RULE = "BY_RULE"
ReasonCode = Annotated[str, Field(pattern=r"^[A-Z]+(_[A-Z]+)*$", max_length=40)]
Mark = Annotated[str, Field(pattern=r"^[TOMUP](/[TOMUP])*$")]


class ItemKind(StrEnum):
    """What an item of the queue is about."""

    EXAMINATION = "examination"
    CLARIFICATION = "clarification"
    CASE = "case"
    ANOMALY = "anomaly"
    INSPECTION = "inspection"


class Act(StrEnum):
    """What a person does with an item."""

    CLAIM = "claim"
    RELEASE = "release"
    ASSIGN = "assign"
    URGE = "urge"
    DECIDE = "decide"


class ItemStatus(StrEnum):
    """Where an item stands; a claim whose time is over is open."""

    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"


class About(Strict):
    """A kind of item: in how many days it should be done, and what that rests on."""

    meaning: str
    days: Annotated[int, Field(ge=1, le=3660)]
    mark: Mark


class Eyes(Strict):
    """One reason for which a registered version needs a person's eyes."""

    why: ReasonCode
    severities: list[str] = Field(default_factory=list)
    first_of_kind: bool = False
    at_least: Classification | None = None
    mark: Mark


class Coded(Strict):
    """An act or an outcome, with the reasons there are for it."""

    meaning: str
    reasons: Annotated[list[ReasonCode], Field(min_length=1)]
    needs_reference: bool = False


class Number(Strict):
    """A setting, and what it rests on."""

    value: Annotated[int, Field(ge=1, le=10_000)]
    mark: Mark


class CaseItems(Strict):
    """Which steps of a case put an item into the queue, and why; which priorities are urgent."""

    steps: Mapping[str, ReasonCode]
    urgent: list[str]
    mark: Mark


class WorkPolicy(Strict):
    """The whole table. `anomalies` is how many items of cards wait at once, the best first."""

    kinds: Mapping[str, About]
    eyes: list[Eyes]
    cases: CaseItems
    anomalies: Number
    whys: Mapping[str, str]
    lease_hours: Number
    capacity: Number
    acts: Mapping[str, Coded]
    outcomes: Mapping[str, Coded]
    reasons: Mapping[str, str]

    @property
    def lease_s(self) -> int:
        """How long a claim holds."""
        return self.lease_hours.value * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an item stands. Times are texts in UTC that compare as times do.

    `opinions` are persons and outcomes of those who decided so far, fewer than `persons`; `makers`
    entered what is looked at.
    """

    status: ItemStatus = ItemStatus.OPEN
    holder: str | None = None
    until: str | None = None
    assignee: str | None = None
    opinions: tuple[tuple[str, str], ...] = ()
    makers: frozenset[str] = frozenset()
    persons: int = 1
    urgent: bool = False
    outcome: str | None = None

    def at(self, now: str) -> "Standing":
        """Return it as it stands at a time: free again when a claim is over."""
        if self.status is ItemStatus.CLAIMED and (self.until or "") <= now:
            return replace(self, status=ItemStatus.OPEN, holder=None, until=None)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """What a person wants to do: `until` ends a claim, `to` is who an item is kept for."""

    act: Act
    person: str
    reason: str
    now: str
    until: str = ""
    to: str | None = None
    outcome: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of a registered version when it is asked whether it needs a person's eyes."""

    severities: Collection[str] = field(default=())
    is_first_of_kind: bool = False
    marking: str = MARKINGS[0]


@lru_cache(maxsize=1)
def work_policy() -> WorkPolicy:
    """Return the table of this release.

    Raises:
        PlatformError: `E_MALFORMED` for a file that does not fit; a service does not start then.
    """
    return read_work_policy((files(__package__) / "work.json").read_bytes())


def read_work_policy(data: bytes) -> WorkPolicy:
    """Return the table in `data`.

    Raises:
        PlatformError: `E_MALFORMED`, also when a kind or act is missing, a code has no meaning, or
            an outcome has a reason that no decision has.
    """
    read = read_model(WorkPolicy, parse_json(data, max_bytes=MAX_POLICY_BYTES))
    used = {code for one in (*read.acts.values(), *read.outcomes.values()) for code in one.reasons}
    deciding = set(read.acts[Act.DECIDE].reasons) if Act.DECIDE in read.acts else set()
    whys = {eyes.why for eyes in read.eyes} | set(read.cases.steps.values())
    wrong = [
        *sorted(set(read.kinds) ^ set(ItemKind)),
        *sorted(set(read.acts) ^ set(Act)),
        *sorted(used - set(read.reasons)),
        *sorted(whys - set(read.whys)),
        *sorted({r for one in read.outcomes.values() for r in one.reasons} - deciding),
    ]
    if wrong:
        raise PlatformError(
            Code.MALFORMED,
            "the table of the officers' queue does not fit together",
            expected="each kind and act once, each code with a meaning",
            received=", ".join(wrong)[:200],
        )
    return read


def needs_eyes(policy: WorkPolicy, seen: Seen) -> list[str]:
    """Return why a registered version needs a person's eyes; empty when it does not."""
    return [
        eyes.why
        for eyes in policy.eyes
        if set(eyes.severities) & set(seen.severities)
        or (eyes.first_of_kind and seen.is_first_of_kind)
        or (eyes.at_least and MARKINGS.index(seen.marking) >= MARKINGS.index(eyes.at_least))
    ]


def may_take(item: Standing, person: str, now: str) -> bool:
    """Return whether a person could claim an item, leaving capacity aside."""
    at = item.at(now)
    return (
        at.status is ItemStatus.OPEN
        and at.assignee in (None, person)
        and person not in at.makers
        and person not in dict(at.opinions)
    )


def done(policy: WorkPolicy, item: Standing, doing: Doing) -> Standing:
    """Return where an item stands after an act.

    Raises:
        PlatformError: `E_MALFORMED` for a reason or outcome that the table does not have for it,
            `E_STATE` when the item does not stand so that it could be done, `E_POLICY` when this
            person may not.
    """
    _require_reason(policy.acts[doing.act], doing.reason, doing.act)
    at = item.at(doing.now)
    if at.status is ItemStatus.DONE:
        raise PlatformError(Code.STATE, "the item is done", expected="an open item")
    return _DOING[doing.act](policy, at, doing)


def renewed(item: Standing, *, persons: int, urgent: bool) -> Standing:
    """Return an item after what it is about changed: opinions about it count no more."""
    return replace(
        item, opinions=(), persons=max(item.persons, persons), urgent=item.urgent or urgent
    )


def _claim(_policy: WorkPolicy, item: Standing, doing: Doing) -> Standing:
    if item.status is ItemStatus.CLAIMED and item.holder != doing.person:
        raise PlatformError(
            Code.STATE,
            "somebody else is at it",
            expected=f"a claim after {item.until}",
            fix="Take another item, or have it assigned to you.",
        )
    _require_free(item, doing.person)
    if item.assignee not in (None, doing.person):
        raise PlatformError(
            Code.POLICY, "it is kept for somebody else", fix="Have it assigned to you."
        )
    return replace(item, status=ItemStatus.CLAIMED, holder=doing.person, until=doing.until)


def _release(_policy: WorkPolicy, item: Standing, doing: Doing) -> Standing:
    _require_held(item, doing.person)
    return replace(item, status=ItemStatus.OPEN, holder=None, until=None, assignee=None)


def _assign(_policy: WorkPolicy, item: Standing, doing: Doing) -> Standing:
    if not doing.to:
        raise PlatformError(
            Code.MALFORMED, "nobody is named", expected="to: the id of a person", received=""
        )
    _require_free(item, doing.to)
    return replace(item, status=ItemStatus.OPEN, holder=None, until=None, assignee=doing.to)


def _urge(_policy: WorkPolicy, item: Standing, _doing: Doing) -> Standing:
    if item.urgent:
        raise PlatformError(Code.STATE, "it is urgent already")
    return replace(item, urgent=True)


def _decide(policy: WorkPolicy, item: Standing, doing: Doing) -> Standing:
    _require_held(item, doing.person)
    outcome = policy.outcomes.get(doing.outcome or "")
    if outcome is None or doing.outcome is None:
        raise PlatformError(
            Code.MALFORMED,
            "there is no such outcome",
            expected=", ".join(policy.outcomes),
            received=(doing.outcome or "")[:40],
        )
    _require_reason(outcome, doing.reason, doing.outcome)
    if outcome.needs_reference and not doing.reference:
        raise PlatformError(
            Code.MALFORMED,
            f"{doing.outcome} says what goes on with it",
            expected="reference: a request, case or message",
            received="",
        )
    opinions = (*item.opinions, (doing.person, doing.outcome))
    free = replace(item, status=ItemStatus.OPEN, holder=None, until=None, assignee=None)
    if len({said for _, said in opinions}) > 1:
        return replace(free, opinions=(), urgent=True)
    if len(opinions) < item.persons:
        return replace(free, opinions=opinions)
    return replace(free, status=ItemStatus.DONE, opinions=opinions, outcome=doing.outcome)


_DOING = {
    Act.CLAIM: _claim,
    Act.RELEASE: _release,
    Act.ASSIGN: _assign,
    Act.URGE: _urge,
    Act.DECIDE: _decide,
}


def _require_reason(coded: Coded, reason: str, what: str) -> None:
    if reason not in coded.reasons:
        raise PlatformError(
            Code.MALFORMED,
            f"{what} has no such reason",
            expected=", ".join(coded.reasons),
            received=reason[:40],
            fix="Take one of these codes.",
        )


def _require_held(item: Standing, person: str) -> None:
    if item.status is not ItemStatus.CLAIMED or item.holder != person:
        raise PlatformError(
            Code.STATE,
            "you do not hold it, or the time of your claim is over",
            expected="a claim of yours",
            fix="Claim it first.",
        )


def _require_free(item: Standing, person: str) -> None:
    """Four eyes: another person each time, and none who entered what is looked at."""
    if person in item.makers:
        raise PlatformError(
            Code.POLICY,
            "who entered it does not decide about it",
            expected="a person who did not enter it",
            received=person,
        )
    if person in dict(item.opinions):
        raise PlatformError(
            Code.POLICY,
            "a second person decides about it",
            expected="another person than those who decided already",
            received=person,
        )


def percentiles(ages: Iterable[int], hundredths: Iterable[int]) -> dict[int, int | None]:
    """Return ages of nearest rank, None where nothing waits."""
    ordered = sorted(ages)
    ranks = {n: max(1, -(-len(ordered) * n // 100)) for n in hundredths}
    return {n: ordered[rank - 1] if ordered else None for n, rank in ranks.items()}
