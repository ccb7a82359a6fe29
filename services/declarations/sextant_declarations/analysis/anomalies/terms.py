"""Years of which only a part can be compared: a State joins or leaves, a chemical is scheduled.

What is declared of such a year is held against the other forms of the same year, which cover the
same part, and not against other years, other States, or what a whole year would ask for. Nothing
is dropped silently: each such year is a note of the run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.model import Note, Place
from sextant_declarations.analysis.transfers.policy import ListedMembership, Membership, Standing
from sextant_shared import codelists

Years = tuple[int | None, int | None]


class Part(StrEnum):
    """Why a year is not whole."""

    JOINED = "JOINED"
    LEFT = "LEFT"
    OUT = "OUT"
    """The Convention was not in force for the State."""
    SCHEDULED = "SCHEDULED"
    """The chemical was in no schedule, or only for a part of the year."""


_OF_STANDING = {
    Standing.JOINED: Part.JOINED,
    Standing.LEFT: Part.LEFT,
    Standing.OUT: Part.OUT,
}
_ALONE = "it is compared with no other year or State."
_WORDS = {
    Part.JOINED: f"The State joined in this year: {_ALONE}",
    Part.LEFT: f"The State left, or its code ended, in this year: {_ALONE}",
    Part.OUT: "The Convention was not in force for the State: what it declares is not compared."
    " Check its term.",
    Part.SCHEDULED: f"The chemical was in no schedule, or for a part of the year: {_ALONE}",
}


def scheduled_years(chemical: str) -> Years:
    """Return the first and the last whole year in which a chemical was scheduled; None is open."""
    line = codelists.chemicals_by_cas().get(chemical)
    if line is None:
        return None, None
    since, until = line.valid_from, line.valid_to
    first = None if since is None else since.year + ((since.month, since.day) != (1, 1))
    return first, None if until is None else until.year - 1


@dataclass(frozen=True, slots=True)
class Terms:
    """From when to when States are bound and chemicals scheduled."""

    membership: Membership = field(default_factory=ListedMembership)
    scheduled: Callable[[str], Years] = scheduled_years

    def apply(self, facts: Facts, last_year: int) -> Facts:
        """Return the facts with the years that are not whole marked as such."""
        years = {year for _, year in facts.filed}
        part: dict[tuple[int, str], str] = {}
        for year in range(min(years, default=last_year), last_year + 2):
            standing = _OF_STANDING.get(self.membership.standing(facts.state, year))
            if standing:
                part[year, ""] = standing
        seen = set(facts.national) | {(s.year, s.chemical) for s in facts.stocks}
        seen |= {(row.year, row.chemical) for row in (*facts.past, *facts.ahead)}
        for year, chemical in seen:
            first, last = self.scheduled(chemical)
            if (first is not None and year < first) or (last is not None and year > last):
                part[year, chemical] = Part.SCHEDULED
        return replace(facts, part=part)


def notes_of(facts: Facts) -> Iterator[Note]:
    """Yield what a run says of one State's declarations beside its cards."""
    filed: dict[int, list[Place]] = {}
    for place, year in facts.read.values():
        filed.setdefault(year, []).append(place)
    for (year, chemical), reason in sorted(facts.part.items()):
        if year in filed:  # of other years there is nothing to be said
            words, places = _WORDS[Part(reason)], tuple(sorted(filed[year]))
            yield Note(reason, facts.state, year, chemical, words, places)
    for first, other in facts.twice:
        yield Note(
            "DECLARED_TWICE", facts.state, facts.year_of(first), "",
            "Two declarations say the same of one year: the one filed first counts.",
            (first, other),
        )  # fmt: skip
    for amendments in facts.contradictory:
        yield Note(
            "CONTRADICTORY", facts.state, facts.year_of(amendments[0]), "",
            "Several amendments change the same version: the one filed first counts. Ask the State"
            " for one that says what holds.",
            amendments,
        )  # fmt: skip
