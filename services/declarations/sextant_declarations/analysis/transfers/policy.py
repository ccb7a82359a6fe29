"""What transfer matching takes from memory, practice or proposal, and what is known of States.

Each member of the policy says where it comes from; none may become a constant in a method. Country
profiles are data that officers keep: they explain differences and never change a class, but for
whether a State names its small partners.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Protocol

from pydantic import Field, ValidationError

from sextant_shared import codelists
from sextant_shared.encoding import b64u, canonical_json, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.heading import StateCode
from sextant_shared.models.strict import Strict, findings_of, read_model

METHOD = "transfers/1"
"""Version of the method; it stands with every stored result."""
MAX_PROFILES_BYTES = 1024 * 1024
_LIMIT_OF = {
    "2A": "schedule_2a",
    "2A*": "schedule_2a",
    "2B": "schedule_2b",
    "3A": "schedule_3",
    "3B": "schedule_3",
}


class MatchingPolicy(Strict):
    """Configuration of transfer matching."""

    significant_digits: Annotated[
        int, Field(ge=1, description="[M] C-I/DEC.15: figures have at least so many digits")
    ] = 3
    omits_small_partners: Annotated[
        bool,
        Field(description="[U] a State of which nothing is known may leave out small partners"),
    ] = True
    salts_with_base: Annotated[
        bool, Field(description="[U] salts are compared together with their base")
    ] = False
    schedule_2_closed_from: Annotated[
        int, Field(description="[T] VII.31: first full year without Schedule 2 to non-parties")
    ] = 2001
    unit_share: Annotated[
        Decimal, Field(gt=0, description="[P] a ratio is 1000 within this share")
    ] = Decimal("0.02")
    same_share: Annotated[
        Decimal, Field(gt=0, description="[P] two amounts are about the same within this share")
    ] = Decimal("0.02")
    about_share: Annotated[
        Decimal,
        Field(
            gt=0,
            description="[P] the same, where a port of transit or a free zone is known to be there",
        ),
    ] = Decimal("0.4")
    fraction_least: Annotated[
        Decimal, Field(description="[P] least mass fraction that is plausible")
    ] = Decimal("0.1")
    fraction_most: Annotated[
        Decimal, Field(description="[P] largest mass fraction that is plausible")
    ] = Decimal("0.99")
    stable_years: Annotated[
        int, Field(ge=2, description="[P] a ratio is stable when so many years have it")
    ] = 3
    assumed_companies: Annotated[
        int, Field(ge=1, description="[P] so many companies may lie below their threshold")
    ] = 10
    notice_days: Annotated[
        int, Field(ge=0, description="[P] two notices so far apart may be of one transfer")
    ] = 45
    basis_words: Annotated[
        tuple[str, ...],
        Field(
            description="[P] words of a basis note that speak of companies' or partners' thresholds"
        ),
    ] = (
        "returns of companies whose",
        "above the threshold",
        "per company",
        "each company",
        "each partner",
        "per country",
        "per partner",
    )

    @property
    def id(self) -> str:
        """The digest by which a result names its policy."""
        return b64u(sha256(canonical_json(self.model_dump(mode="json"))))[:16]


DEFAULT_POLICY = MatchingPolicy()


Percent = Annotated[Decimal, Field(strict=False, ge=0, le=100)]


class MixtureLimits(Strict):
    """From which concentration, in per cent, a mixture counts: more than this."""

    schedule_2a: Percent = Field(alias="2A")
    schedule_2b: Percent = Field(alias="2B")
    schedule_3: Percent = Field(alias="3")


class CountryProfile(Strict):
    """What is publicly known of a State's law and geography; None is not known."""

    code: StateCode
    """The State."""
    counts_mixtures_above_percent: MixtureLimits | None = None
    """From which concentration a mixture counts."""
    trade_thresholds: Literal["sum", "company", "company-country"] | None = None
    """Whether trade is added up, or companies below a threshold stay silent."""
    free_zone: bool | None = None
    """Whether it has a free port or free zone."""
    transit_port: bool | None = None
    """Whether goods of others pass through one of its ports."""
    evidence: Literal["T", "O", "N", "M", "U", "P"] = "U"
    """Evidence mark of the line."""

    def limit(self, schedule: str) -> Decimal | None:
        """Return the concentration, in per cent, above which a mixture counts."""
        limits = self.counts_mixtures_above_percent
        if limits is None or schedule not in _LIMIT_OF:
            return None
        found: Decimal = getattr(limits, _LIMIT_OF[schedule])
        return found

    @property
    def is_by_company(self) -> bool | None:
        """Whether companies below a threshold stay silent."""
        return None if self.trade_thresholds is None else self.trade_thresholds != "sum"


Profiles = Mapping[str, CountryProfile]


class ProfilesFile(Strict):
    """The file of country profiles."""

    profiles: list[CountryProfile]


def read_profiles(data: bytes) -> Profiles:
    """Return the profiles of a file, by State.

    Raises:
        PlatformError: `E_MALFORMED`, with the place that does not fit.
    """
    file = read_model(ProfilesFile, parse_json(data, max_bytes=MAX_PROFILES_BYTES))
    return {profile.code: profile for profile in file.profiles}


def read_policy(data: bytes) -> MatchingPolicy:
    """Return the policy of a file; what it does not name stays as it is here.

    Raises:
        PlatformError: `E_MALFORMED`, with every place that does not fit.
    """
    parse_json(data, max_bytes=MAX_PROFILES_BYTES)  # refuses what two parsers read differently
    try:
        return MatchingPolicy.model_validate_json(data)
    except ValidationError as error:
        raise PlatformError(
            Code.MALFORMED,
            "the policy of transfer matching does not fit",
            findings=findings_of(error),
            fix="Correct every place that the findings name.",
        ) from error


class Standing(StrEnum):
    """Whether the Convention is in force for a State in a year."""

    IN = "IN"
    JOINED = "JOINED"
    LEFT = "LEFT"
    OUT = "OUT"
    UNKNOWN = "UNKNOWN"
    """No State has this code."""


class Membership(Protocol):
    """Who is a State Party when."""

    def standing(self, state: str, year: int) -> Standing:
        """Return how a State stands in a year."""
        ...


@dataclass(frozen=True, slots=True)
class Term:
    """From when to when (exclusive) the Convention is in force for a State; None is open."""

    since: dt.date | None = None
    until: dt.date | None = None
    never: bool = False


class ListedMembership:
    """Membership after the list of States, with terms that are known otherwise before it."""

    def __init__(self, terms: Mapping[str, Term] | None = None) -> None:
        self._terms = terms or {}
        self._known: dict[tuple[str, int], Standing] = {}

    def standing(self, state: str, year: int) -> Standing:
        """Return how a State stands in a year."""
        known = self._known.get((state, year))
        if known is None:
            known = self._known[state, year] = self._find(state, year)
        return known

    def _find(self, state: str, year: int) -> Standing:
        term = self._terms.get(state) or _listed(state)
        if term is None:
            return Standing.UNKNOWN
        first, after = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
        joined_later = term.since is not None and term.since >= after
        if term.never or joined_later or (term.until is not None and term.until <= first):
            return Standing.OUT
        if term.until is not None and term.until < after:
            return Standing.LEFT
        return Standing.JOINED if term.since is not None and term.since > first else Standing.IN


def _listed(code: str) -> Term | None:
    state = codelists.states().get(code)
    if state is None:
        return None
    last = state.valid_to  # the last day of its code
    until = None if last is None else last + dt.timedelta(days=1)
    return Term(state.eif_date, until, not state.is_state_party)
