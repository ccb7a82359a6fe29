"""Need-to-know: what a person may know of, and when a grant holds.

A grant lets one person, in one function, know of one State's declarations of certain kinds, up to a
marking, until a day. Two others give it; the State is told, and it holds `notice_days` after the
notice was received (Confidentiality Annex, paragraph 11 [T]). Functions, days and reasons are data
(`need.json`) with their marks. Pure: not responsible for storing, nor for hiding anything.

* Without a line that covers it nothing is seen: not the thing, not that it is there.
* What is about several States is seen by who may know of each of them.
* A message of a State has no kind; functions that write to States see it, up to the marking.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from sextant_declarations.analysis.classification import MARKINGS, handling
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.heading import Classification
from sextant_shared.models.strict import Strict, read_model

MAX_POLICY_BYTES = 1 << 20
MESSAGE = "message:"
"""What stands before the type of an envelope that brought no declaration."""
ALL = "*"
KindPattern = Annotated[str, Field(pattern=r"^[A-Z0-9_]*\*?$", min_length=1, max_length=32)]
StateCode = Annotated[str, Field(pattern=r"^(\*|[A-Z][A-Z0-9-]{1,31})$")]
Mark = Annotated[str, Field(pattern=r"^[TOMUP](/[TOMUP])*$")]


class Function(Strict):
    """What persons of a function can be cleared for at most; the matrix of verification 4.3."""

    meaning: str
    kinds: Annotated[list[KindPattern], Field(min_length=1)]
    messages: bool
    needs_reference: bool = False
    mark: Mark


class Days(Strict):
    """A number of days, and what it rests on."""

    value: Annotated[int, Field(ge=0, le=3660)]
    mark: Mark
    source: str


class Choice(Strict):
    """A yes or no, and what it rests on."""

    value: bool
    mark: Mark
    source: str


class Writing(Strict):
    """From which marking on a grant names the writing that it rests on."""

    from_: Annotated[Classification, Field(alias="from")]
    mark: Mark
    source: str


class NeedPolicy(Strict):
    """The whole table."""

    functions: Mapping[str, Function]
    notice_days: Days
    longest_days: Days
    names: Choice
    writing: Writing
    acts: Mapping[str, list[str]]
    reasons: Mapping[str, str]


class Line(Strict):
    """What somebody may know of: kinds of some States, up to a marking; messages too, or not."""

    states: Annotated[list[StateCode], Field(min_length=1)]
    kinds: Annotated[list[KindPattern], Field(min_length=1)]
    ceiling: Classification
    messages: bool = False


class StandingLine(Line):
    """A line that holds without a grant: of one person, or `*` for every officer."""

    person: Annotated[str, Field(min_length=1, max_length=70)]


class StandingLines(Strict):
    """Who is cleared without a grant, such as before this system was put into use; who grants."""

    grantors: Annotated[list[str], Field(min_length=2)]
    standing: list[StandingLine]


@dataclass(frozen=True, slots=True)
class Need:
    """What one person may know of now."""

    lines: tuple[Line, ...]
    _known: dict[tuple[str, str, str], bool] = field(default_factory=dict, compare=False)

    def sees(self, owners: str, kind: str, marking: str) -> bool:
        """Return whether this person may know of something.

        `owners` are States with spaces between, `marking` may be the class of an envelope.
        """
        key = owners, kind, marking
        if key not in self._known:
            level = _level(marking)
            states = owners.split()
            self._known[key] = bool(states) and all(
                any(_covers(line, state, kind, level) for line in self.lines) for state in states
            )
        return self._known[key]

    def __call__(self, owners: str, kind: str, marking: str) -> bool:
        """Answer a database's question about a row (`sextant_shared.chassis.sight`)."""
        return self.sees(owners, kind, marking)


class GrantAct(StrEnum):
    """What persons do with a grant."""

    REQUEST = "request"
    APPROVE = "approve"
    REFUSE = "refuse"
    REVOKE = "revoke"


class Phase(StrEnum):
    """Where a grant stands."""

    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"
    REVOKED = "revoked"


class Standing(StrEnum):
    """How a grant stands on a day: as its phase, and by its days."""

    REQUESTED = "requested"
    PENDING = "pending"
    HOLDS = "holds"
    OVER = "over"
    REFUSED = "refused"
    REVOKED = "revoked"


@lru_cache(maxsize=1)
def need_policy() -> NeedPolicy:
    """Return the table of this release.

    Raises:
        PlatformError: `E_MALFORMED` for a file that does not fit; a service does not start then.
    """
    data = (files(__package__) / "need.json").read_bytes()
    return read_model(NeedPolicy, parse_json(data, max_bytes=MAX_POLICY_BYTES))


def read_standing(data: bytes) -> StandingLines:
    """Return who is cleared without a grant.

    Raises:
        PlatformError: `E_MALFORMED`, also when fewer than two persons grant.
    """
    read = read_model(StandingLines, parse_json(data, max_bytes=MAX_POLICY_BYTES))
    if len(set(read.grantors)) < len(read.grantors):
        raise PlatformError(Code.MALFORMED, "a grantor stands twice", expected="two persons")
    return read


def begins(received: str | None, policy: NeedPolicy) -> dt.date | None:
    """Return the first day of a grant whose notice the State received then, None before that."""
    if received is None:
        return None
    return dt.date.fromisoformat(received[:10]) + dt.timedelta(days=policy.notice_days.value)


def stands(phase: Phase, begin: dt.date | None, until: dt.date, today: dt.date) -> Standing:
    """Return how a grant stands on a day; on its last day it still holds."""
    if phase is not Phase.GRANTED:
        return Standing(phase)
    if today > until:
        return Standing.OVER
    return Standing.PENDING if begin is None or today < begin else Standing.HOLDS


def line_of(
    policy: NeedPolicy, function: str, state: str, kinds: Iterable[str], up_to: str
) -> Line:
    """Return what a grant lets somebody know of.

    Raises:
        PlatformError: `E_MALFORMED` for a function that there is not, `E_POLICY` for kinds that the
            function does not reach.
    """
    of = policy.functions.get(function)
    if of is None:
        raise PlatformError(
            Code.MALFORMED,
            "there is no such function",
            expected=", ".join(policy.functions),
            received=function[:40],
        )
    beyond = [kind for kind in kinds if not any(fnmatchcase(kind, one) for one in of.kinds)]
    if beyond:
        raise PlatformError(
            Code.POLICY,
            f"a {function} is not cleared for these kinds",
            expected=", ".join(of.kinds),
            received=", ".join(beyond)[:120],
        )
    return Line.model_validate(
        {"states": [state], "kinds": [*kinds], "ceiling": up_to, "messages": of.messages}
    )


def _covers(line: Line, state: str, kind: str, level: int) -> bool:
    is_message = kind.startswith(MESSAGE)
    return (
        (ALL in line.states or state in line.states)
        and (line.messages if is_message else any(fnmatchcase(kind, one) for one in line.kinds))
        and level <= MARKINGS.index(line.ceiling)
    )


@lru_cache(maxsize=1)
def levels() -> dict[str, int]:
    """Return how high each marking and class is; what is not among them is the highest."""
    profiles = handling().markings
    names = {name: MARKINGS.index(name) for name in MARKINGS}
    return names | {profile.envelope: names[name] for name, profile in profiles.items()}


def _level(marking: str) -> int:
    """Return how high a marking or class is; what is not known is the highest."""
    return levels().get(marking, len(MARKINGS) - 1)
