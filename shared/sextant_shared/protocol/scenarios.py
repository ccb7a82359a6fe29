"""The drills of a sandbox: which there are, what the exchange does, and what a client should do.

A drill is asked for by the header `Test-Scenario` of a deposit. The list is closed: a service that
does not know a name, or has drills off, refuses the request, so that nobody believes in a drill
that did not take place.
"""

from dataclasses import dataclass
from enum import StrEnum

from sextant_shared.errors import Code, PlatformError

HEADER = "Test-Scenario"
DRILLED = ("POST", "/v1/envelopes")
"""The one request that drills are for."""


class Scenario(StrEnum):
    """Closed list of drills."""

    LOST_ANSWER = "lost-answer"
    SLOW_LOG = "slow-log"
    DUPLICATE = "duplicate"
    PARTNER_MISSING = "partner-missing"
    REFUSED_SIGNATURE = "refused-signature"
    OUTAGE = "outage"
    CLOCK_SKEW = "clock-skew"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill: what the exchange does, what it answers, what a good client does then."""

    does: str
    answer: str
    client: str
    is_stored: bool = False


TABLE: dict[Scenario, Drill] = {
    Scenario.LOST_ANSWER: Drill(
        "accepts the envelope, then closes the connection within the answer; a repeat is answered",
        "none, then 200",
        "sends the same bytes again and gets the receipt of the one envelope",
        is_stored=True,
    ),
    Scenario.SLOW_LOG: Drill(
        "accepts the envelope and answers as if the log were late; a repeat is answered",
        "202, `Retry-After`",
        "asks for the receipt until it is there",
        is_stored=True,
    ),
    Scenario.DUPLICATE: Drill(
        "takes the same bytes in twice and gives the second answer; one entry, one delivery",
        "200 with the first receipt",
        "takes the receipt; «the same receipt as before»",
        is_stored=True,
    ),
    Scenario.PARTNER_MISSING: Drill(
        "refuses as if a recipient were not enrolled",
        "422 `E_RECIPIENT`",
        "does not repeat: seals to parties that are enrolled",
    ),
    Scenario.REFUSED_SIGNATURE: Drill(
        "refuses as if a signature did not verify",
        "422 `E_SIGNATURE`",
        "does not repeat: the same bytes are refused every time",
    ),
    Scenario.OUTAGE: Drill(
        "takes nothing in, as in an outage that lasts",
        "503 `E_UNAVAILABLE`, `Retry-After`",
        "waits and repeats, a bounded number of times, then says how to resume",
    ),
    Scenario.CLOCK_SKEW: Drill(
        "refuses as if `created` were too far from its clock",
        "422 `E_CLOCK`, `Date`",
        "does not repeat: says how far its clock is from the server's, measured",
    ),
    Scenario.RATE: Drill(
        "takes nothing in, as if the party's share were used up for long",
        "429 `E_RATE`, `Retry-After`",
        "waits and repeats, a bounded number of times, then says how to resume",
    ),
}


def scenario_of(name: str) -> Scenario:
    """Return the drill of this name.

    Raises:
        PlatformError: `E_MALFORMED` for a name that is none.
    """
    try:
        return Scenario(name)
    except ValueError as error:
        raise PlatformError(
            Code.MALFORMED,
            "there is no such drill",
            expected=", ".join(Scenario),
            received=name[:40],
            fix=f"Correct the name of the drill ({HEADER}), or leave it out.",
        ) from error
