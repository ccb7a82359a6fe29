"""The States of the made-up world and their habits: why honest figures of two States differ.

Codes and names are those of the list of States, whatever the seed; everything else is drawn.
National limits follow what national laws are known to do (declarations.md 4.1): Schedule 2A counts
from 1, 10 or 30 per cent, Schedule 3 from 30 or 80; trade is added up for the whole State, or
shipments of companies below a threshold are left out.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sextant_client.world.chance import Chance
from sextant_shared import codelists
from sextant_shared.errors import Code, PlatformError

FIRST_ENTRY = dt.date(1997, 4, 29)
SMALL, LIGHT, MIDDLE, LARGE = range(4)
REGIONS = ("Africa", "Asia", "Eastern Europe", "Latin America and the Caribbean", "WEOG")
_LANGUAGES = (("en", 12), ("fr", 4), ("es", 4), ("ar", 3), ("ru", 3), ("zh", 1))
_CLASSES = (("OPCW_RESTRICTED", 5), ("OPCW_PROTECTED", 4), ("UNCLASSIFIED", 1))
_PARTIES_PER_OUTSIDER = 48


@dataclass(frozen=True, slots=True)
class Limits:
    """From which concentration a mixture counts, in per cent: more than this."""

    s2a: int
    s2b: int
    s3: int

    def of(self, group: str) -> int:
        """Return the limit of `2A`, `2B` or `3`."""
        return {"2A": self.s2a, "2B": self.s2b, "3": self.s3}[group]


_LIMITS = (
    (Limits(1, 30, 30), 10),
    (Limits(10, 30, 80), 3),
    (Limits(10, 30, 30), 3),
    (Limits(30, 30, 30), 2),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """One State.

    `company_rule`: `sum` adds everything up; `company` leaves out companies whose yearly trade in
    a chemical is not above its threshold, `company-country` those whose trade with one partner is
    not. `significant_digits` is how figures are rounded. `rest_as_less_than`: partners at or below
    the threshold are given as «less than the threshold».
    """

    code: str
    name: str
    region: str
    is_party: bool
    entry_into_force: dt.date
    size: int
    language: str
    classification: str
    limits: Limits
    company_rule: str
    rest_as_less_than: bool
    significant_digits: int
    transit_port: bool
    free_zone: bool
    sends_nil: bool
    explains_basis: bool
    late_percent: int
    late_days: int

    def is_bound(self, year: int) -> bool:
        """Return whether the Convention is in force for the State during some of `year`."""
        return self.is_party and self.entry_into_force.year <= year

    def reports_on(self, year: int) -> bool:
        """Return whether it declares what happened in `year`: also in that before it joined."""
        return self.is_party and self.entry_into_force.year <= year + 1

    def public(self) -> dict[str, Any]:
        """Return what other States may know of it: law and geography, not habits."""
        return {
            "code": self.code,
            "name": self.name,
            "region": self.region,
            "is_state_party": self.is_party,
            "entry_into_force": self.entry_into_force.isoformat() if self.is_party else None,
            "language": self.language,
            "classification_default": self.classification,
            "counts_mixtures_above_percent": {
                "2A": self.limits.s2a,
                "2B": self.limits.s2b,
                "3": self.limits.s3,
            },
            "trade_thresholds": self.company_rule,
            "transit_port": self.transit_port,
            "free_zone": self.free_zone,
        }


def roster() -> tuple[list[codelists.State], list[codelists.State]]:
    """Return the synthetic States of the code list: parties, and States not party."""
    synthetic = [state for state in codelists.states().values() if state.region == "Synthetic"]
    return (
        [state for state in synthetic if state.is_state_party],
        [state for state in synthetic if not state.is_state_party],
    )


def make_profiles(seed: int, states: int, first_year: int, years: int) -> Mapping[str, Profile]:
    """Return the profiles of `states` parties and a few States not party, by code.

    Raises:
        PlatformError: `E_MALFORMED`, when the list has not so many synthetic States.
    """
    parties, outsiders = roster()
    if not 1 <= states <= len(parties):
        raise PlatformError(
            Code.MALFORMED,
            "the list of States has not so many synthetic ones",
            expected=f"1 to {len(parties)} States",
            received=str(states),
            fix="Ask for fewer States.",
        )
    chosen = parties[:states]
    ranks = Chance(seed, "sizes").shuffled(range(states))
    profiles = {
        state.code: _profile(seed, state, _size(rank, states), first_year, years)
        for state, rank in zip(chosen, ranks, strict=True)
    }
    count = min(len(outsiders), 1 + states // _PARTIES_PER_OUTSIDER)
    for state in outsiders[:count]:
        profiles[state.code] = _profile(seed, state, LIGHT, first_year, years)
    return MappingProxyType(profiles)


def _size(rank: int, states: int) -> int:
    """Return the size of the State of this rank: few are large, most trade little."""
    if rank * 100 < states * 9:
        return LARGE
    if rank * 100 < states * 30 or rank == 1:
        return MIDDLE
    return LIGHT if rank * 100 < states * 62 else SMALL


def _profile(seed: int, state: codelists.State, size: int, first_year: int, years: int) -> Profile:
    chance = Chance(seed, "profile", state.code)
    entry = FIRST_ENTRY
    if size < LARGE and chance.happens(0.12):
        year = chance.between(first_year, first_year + max(0, years - 2))
        entry = max(FIRST_ENTRY, dt.date(year, chance.between(1, 12), chance.between(1, 28)))
    by_company = chance.happens(0.3)
    return Profile(
        code=state.code,
        name=state.name,
        region=chance.choose(REGIONS),
        is_party=state.is_state_party,
        entry_into_force=entry,
        size=size,
        language=chance.weighted(_LANGUAGES),
        classification=chance.weighted(_CLASSES),
        limits=chance.weighted(_LIMITS),
        company_rule=chance.choose(("company", "company-country")) if by_company else "sum",
        rest_as_less_than=chance.happens(0.2),
        significant_digits=chance.weighted(((3, 6), (4, 2), (5, 2), (6, 1))),
        transit_port=chance.happens(0.16 if size >= MIDDLE else 0.05),
        free_zone=chance.happens(0.3 if size == MIDDLE else 0.08),
        sends_nil=chance.happens(0.8 if size >= LIGHT else 0.6),
        explains_basis=chance.happens(0.5),
        late_percent=chance.weighted(((2, 5), (10, 4), (35, 2), (80, 1))),
        late_days=chance.amount(3, 90),
    )
