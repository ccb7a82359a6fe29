"""What the domain asks to be checked and no rule of this pack checks, each with the reason why.

A rule sees what one State has filed. What needs another State's filings, or the clock of the
Secretariat, is checked where these are known.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A check that is made elsewhere, or in part: what it asks, where it is made, and why there."""

    what: str
    where: str
    why: str


ELSEWHERE: tuple[Elsewhere, ...] = (
    Elsewhere(
        "C7: the other State gave notice of the same transfer",
        "the Secretariat's reconciliation",
        "it needs the filings of two States; here a State's own notices and its yearly list",
    ),
    Elsewhere(
        "notices of sender and receiver agree; figures of trade agree between States",
        "the Secretariat's reconciliation",
        "it needs the filings of two States, and no State sees those of another",
    ),
    Elsewhere(
        "timeliness: on time, late, missing, late with notice",
        "the due days",
        "it depends on the time of receipt and on the policy of that day, not on the content",
    ),
    Elsewhere(
        "C1: what was never filed before",
        "the due days",
        "rules know of duties by what was filed before; first ones follow from entry into force",
    ),
    Elsewhere(
        "C1: plans and reports of destruction come again (Articles IV and V)",
        "the due days",
        "they follow the State's own annual destruction periods, not calendar years",
    ),
)
