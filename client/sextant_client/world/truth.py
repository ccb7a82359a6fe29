"""The whole made-up world: States, industry, ledger and planted faults, from one seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sextant_client.world.facilities import Facilities, make_facilities
from sextant_client.world.faults import TRADE_KINDS, FaultPlan
from sextant_client.world.industry import Era, Industry, make_industry
from sextant_client.world.ledger import Ledger, make_ledger
from sextant_client.world.legacy import Legacy, make_legacies
from sextant_client.world.profiles import FIRST_ENTRY, Profile, make_profiles
from sextant_client.world.trade import Trade, declare_trade
from sextant_shared.errors import Code, PlatformError

BEFORE, AFTER = 3, 1  # years of truth around the declared ones: look-back, year-end, plans
LAST_YEAR = 2025


@dataclass(frozen=True, slots=True)
class WorldPlan:
    """What to make: `years` reporting years that end with `last_year`."""

    states: int
    years: int
    seed: int
    last_year: int = LAST_YEAR

    @property
    def first_year(self) -> int:
        """The first reporting year."""
        return self.last_year - self.years + 1

    @property
    def reporting_years(self) -> range:
        """Every reporting year, in order."""
        return range(self.first_year, self.last_year + 1)


@dataclass(frozen=True, slots=True)
class World:
    """What is true, and which faults its declarations will have."""

    plan: WorldPlan
    profiles: Mapping[str, Profile]
    industry: Industry
    ledger: Ledger
    facilities: Facilities
    legacies: Mapping[str, Legacy]
    faults: FaultPlan = field(default_factory=FaultPlan)

    def trade(self, state: str, year: int) -> Trade:
        """Return the trade that a State declares, faults and all."""
        faults = self.faults.at(state, year, TRADE_KINDS)
        return declare_trade(self.ledger, self.profiles[state], year, faults)

    def honest_trade(self, state: str, year: int) -> Trade:
        """Return the trade that it would declare without planted faults."""
        return declare_trade(self.ledger, self.profiles[state], year)


def make_truth(plan: WorldPlan) -> World:
    """Return a world without faults.

    Raises:
        PlatformError: `E_MALFORMED`, when there are not so many States, or the years begin before
            the Convention.
    """
    if plan.years < 1 or plan.first_year < FIRST_ENTRY.year:
        raise PlatformError(
            Code.MALFORMED,
            "the years do not lie within the life of the Convention",
            expected=f"at least one year, none before {FIRST_ENTRY.year}",
            received=f"{plan.first_year} to {plan.last_year}",
            fix="Ask for fewer years.",
        )
    era = Era(plan.first_year - BEFORE, plan.last_year + AFTER)
    profiles = make_profiles(plan.seed, plan.states, plan.first_year, plan.years)
    industry = make_industry(plan.seed, profiles, era)
    ledger = make_ledger(plan.seed, profiles, industry, era)
    facilities = make_facilities(plan.seed, profiles, era)
    legacies = make_legacies(plan.seed, profiles, plan.first_year, plan.last_year)
    return World(plan, profiles, industry, ledger, facilities, legacies)
