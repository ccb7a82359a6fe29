"""What came of each leg, as lines, a table, JSON members and an exit status. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from rich.table import Table


class Verdict(StrEnum):
    """How a leg ended; `cannot` is a leg that this machine does not let run."""

    HELD = "held"
    FAILED = "FAILED"
    CANNOT = "cannot"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Outcome:
    """One leg: what was done, what was seen, how it ended, how long it took and with what."""

    name: str
    does: str
    saw: str
    verdict: Verdict
    seconds: float = 0.0
    spent: Mapping[str, float] = field(default_factory=dict)


def judged(flaws: Iterable[str]) -> tuple[Verdict, str]:
    """Return the verdict on what is wrong, and the words for it."""
    found = [flaw for flaw in flaws if flaw]
    return (Verdict.FAILED if found else Verdict.HELD), "; ".join(found)


def is_good(outcomes: Sequence[Outcome], *, in_ci: bool) -> bool:
    """Return whether nothing failed; where CI runs, nothing may be left out either."""
    bad = {Verdict.FAILED, Verdict.CANNOT} if in_ci else {Verdict.FAILED}
    ran = any(outcome.verdict is Verdict.HELD for outcome in outcomes)
    return ran and not any(outcome.verdict in bad for outcome in outcomes)


def members(outcomes: Sequence[Outcome]) -> list[Mapping[str, Any]]:
    """Return the outcomes for a file."""
    return [asdict(outcome) for outcome in outcomes]


def read_members(found: Iterable[Mapping[str, Any]]) -> list[Outcome]:
    """Return outcomes out of a file."""
    return [Outcome(**{**one, "verdict": Verdict(one["verdict"])}) for one in found]


def table(outcomes: Sequence[Outcome]) -> Table:
    """Return the table for a terminal."""
    shown = Table("leg", "what was done", "what was seen", "verdict", "s", show_lines=True)
    for one in outcomes:
        shown.add_row(one.name, one.does, one.saw, one.verdict, f"{one.seconds:.0f}")
    return shown
