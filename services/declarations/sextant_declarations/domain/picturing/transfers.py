"""The pairs of one chemical and year, for the matrix and the scatter."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from sextant_declarations.analysis.pictures.matrix import Pair
from sextant_declarations.analysis.transfers import model
from sextant_declarations.analysis.transfers.comparing import Comparing
from sextant_declarations.analysis.transfers.facts import KINDS, DocumentFacts, facts_of
from sextant_declarations.analysis.transfers.policy import (
    DEFAULT_POLICY,
    ListedMembership,
    MatchingPolicy,
    Profiles,
    Term,
)
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.selecting import Choice, Selecting
from sextant_shared import codelists

_GRAMS, _TONNES = ("g", Decimal(1000)), ("t", Decimal("0.001"))


@dataclass(frozen=True, slots=True)
class Flows:
    """The pairs of one chemical in one year, in the unit that fits its schedule."""

    pairs: tuple[Pair, ...]
    unit: str


@dataclass(frozen=True)
class TransfersByReading:
    """Compares both sides of one chemical and year, as the declarations in force have them."""

    selecting: Selecting
    policy: MatchingPolicy = DEFAULT_POLICY
    profiles: Profiles = field(default_factory=dict)

    async def __call__(self, chemical: str, year: int, reader: Reader) -> Flows:
        """Return the pairs, once the access to every declaration that was compared is stored.

        Raises:
            PlatformError: as `Selecting.read`.
        """
        choice = Choice(kinds=KINDS, years=(year,))
        holding = await self.selecting.read(choice, reader, Gives.PICTURE)
        facts = [one for d in holding if (one := facts_of(d, self.policy)) is not None]
        # Who files here and stands on no list of States is one in which the Convention is in force.
        filing = {one.state: Term() for one in facts if one.state not in codelists.states()}
        comparing = Comparing(self.policy, self.profiles, ListedMembership(filing))
        return flows(compared(facts, chemical, year, comparing))


def compared(
    facts: Iterable[DocumentFacts], chemical: str, year: int, comparing: Comparing
) -> list[model.Pair]:
    """Return the pairs of a chemical and year, without hypotheses, in order of their States."""
    of_state: dict[str, list[DocumentFacts]] = {}
    keys: set[model.PairKey] = set()
    for one in facts:
        if one.year == year:
            of_state.setdefault(one.state, []).append(one)
            keys |= {key for key in one.by_key if (key.year, key.chemical) == (year, chemical)}
    return [
        comparing.pair(key, of_state.get(key.exporter, ()), of_state.get(key.importer, ()))
        for key in sorted(keys)
    ]


def flows(pairs: Iterable[model.Pair]) -> Flows:
    """Return pairs as they are drawn; a side without a row declared nothing."""
    listed = list(pairs)
    unit, times = _GRAMS if listed and listed[0].schedule.startswith("1") else _TONNES

    def figure(side: model.Side) -> Decimal | None:
        return None if side.kg is None or not side.is_present else side.kg * times

    drawn = tuple(
        Pair(
            exporter=one.key.exporter,
            importer=one.key.importer,
            exported=figure(one.export),
            imported=figure(one.import_),
            differs=one.klass.is_difference,
        )
        for one in listed
    )
    return Flows(drawn, unit)
