"""The policy of clarifications: how far a time is extended and why, and the language of States.

Data, in `policy.json`: nothing here stands in the Convention, and each number has its mark.
"""

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field, model_validator

from sextant_declarations.analysis.lifecycle import Clock, State, lifecycle
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.strict import Strict, read_model
from sextant_shared.rules.wording import LANGUAGES, Language

STEP = "request-clarification"
_MAX_BYTES = 1 << 16
_FILE = files("sextant_declarations.analysis.clarifications") / "policy.json"


class Extension(Strict):
    """How far, and how often, the time for an answer is extended; `mark` as in the domain."""

    most_days: Annotated[int, Field(ge=1, le=3660)]
    most_times: Annotated[int, Field(ge=0, le=100)]
    mark: Annotated[str, Field(pattern=r"^[TOMUP](/[TOMUP])*$")]
    source: str


class ClarificationPolicy(Strict):
    """The whole policy. `languages` are those of States that want another than they file in."""

    extension: Extension
    reasons: Mapping[str, str]
    needs_request: list[str]
    languages: Mapping[str, str]

    @model_validator(mode="after")
    def _known(self) -> "ClarificationPolicy":
        unknown = sorted({*self.needs_request} - {*self.reasons})
        if unknown:
            raise ValueError(f"no reason is called {', '.join(unknown)}")
        strange = sorted({*self.languages.values()} - {*LANGUAGES})
        if strange:
            raise ValueError(f"no language of the Convention is {', '.join(strange)}")
        return self

    def language(self, state: str, filed_in: str) -> Language:
        """Return the language in which a State is asked: its own wish, else the one it files in."""
        wanted = self.languages.get(state, filed_in)
        return next((one for one in LANGUAGES if one == wanted), "en")


@lru_cache
def clarification_policy() -> ClarificationPolicy:
    """Return the policy that this service comes with."""
    return read_policy(_FILE.read_bytes())


def read_policy(data: bytes) -> ClarificationPolicy:
    """Return the policy of a file.

    Raises:
        PlatformError: `E_MALFORMED`, with every place that does not fit.
    """
    return read_model(ClarificationPolicy, parse_json(data, max_bytes=_MAX_BYTES))


def reasons() -> Mapping[str, str]:
    """Return why a State is asked: the coded reasons of the life of declarations."""
    step = lifecycle().step(STEP)
    return {code: lifecycle().reasons[code] for code in step.reasons} if step else {}


def clock(reason: str) -> Clock:
    """Return how long a State has for its answer when it is asked for a reason.

    Raises:
        PlatformError: `E_MALFORMED` for a reason that there is none of.
    """
    found = lifecycle().clock(State.CLARIFICATION_REQUESTED, reason)
    if reason not in reasons() or found is None:
        raise PlatformError(
            Code.MALFORMED,
            "a State is asked for a coded reason",
            expected=", ".join(reasons()),
            received=reason[:64],
            fix="Choose one of these reasons.",
        )
    return found


def check_day(day: dt.date, today: dt.date, reason: str) -> None:
    """Return when a State may be asked to answer by a day.

    Raises:
        PlatformError: `E_MALFORMED` for a reason there is none of, or a day that is over, or later
            than the policy gives: more time is an extension.
    """
    last = today + dt.timedelta(clock(reason).days)
    if not today < day <= last:
        raise PlatformError(
            Code.MALFORMED,
            "no answer can be asked for by that day",
            expected=f"a day after {today}, not after {last}",
            received=day.isoformat(),
            fix="Choose such a day; more time is given by an extension.",
        )


def check_extension(
    policy: ClarificationPolicy,
    wanted: tuple[dt.date, str, bool],
    until: dt.date,
    before: int,
    today: dt.date,
) -> None:
    """Return when a time may be extended: `wanted` is day, reason, whether a request is named.

    `until` is the day on which the answer is due now, `before` how often that was extended.

    Raises:
        PlatformError: `E_POLICY`, with everything that stands against it.
    """
    day, reason, has_request = wanted
    rules = policy.extension
    last = max(until, today) + dt.timedelta(rules.most_days)
    found = []
    if reason not in policy.reasons:
        found.append(_wrong("/reason", "no such reason", ", ".join(policy.reasons), reason[:64]))
    if reason in policy.needs_request and not has_request:
        found.append(
            _wrong(
                "/asked_in", "no message in which the State asked is named", "id of its message", ""
            )
        )
    if not until < day <= last or day <= today:
        earliest = max(until, today)
        expected = f"a day after {earliest}, not after {last} [{rules.mark}]"
        found.append(_wrong("/until", "not to that day", expected, day.isoformat()))
    if before >= rules.most_times:
        expected = f"at most {rules.most_times} times [{rules.mark}]"
        found.append(_wrong("", "it was extended as often as it may be", expected, str(before)))
    if found:
        first = found[0]
        raise PlatformError(
            Code.POLICY,
            f"the time is not extended: {first.message}",
            expected=first.expected,
            received=first.received,
            fix="Correct what the findings name; nothing was changed and nothing sent.",
            findings=found,
        )


def _wrong(pointer: str, message: str, expected: str, received: str) -> Finding:
    return Finding(
        rule="M0",
        severity=Severity.MUST_FIX,
        pointer=pointer,
        message=message,
        expected=expected,
        received=received,
    )
