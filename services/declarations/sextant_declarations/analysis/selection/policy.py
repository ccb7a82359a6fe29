"""Caps, weights and shares of the selection, out of a reviewed data file; none is code."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from sextant_declarations.analysis.selection.model import REGIMES, Feature, Regime
from sextant_shared.encoding import parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict, read_model

MAX_BYTES = 1 << 20
Mark = Literal["T", "O", "M", "P", "U"]
Percent = Annotated[int, Field(ge=0, le=100)]
Points = Annotated[int, Field(ge=0, le=1000)]


class _Marked(Strict):
    mark: Mark
    why: str


class Lookback(_Marked):
    """How many years back a declaration still puts a site on the list."""

    years: Annotated[int, Field(ge=1, le=20)]


class SiteCap(_Marked):
    """How often one site may be inspected in a calendar year, by regime; not named: no cap."""

    a_year: Mapping[Regime, int]


class StateCap(_Marked):
    """How often one State may be inspected in a calendar year under these regimes together."""

    regimes: list[Regime]
    base: int
    percent: Percent
    most: int


class Rounding(_Marked):
    """What the treaty does not say of the State's cap."""

    percent: Literal["floor", "nearest", "ceiling"]
    both_parts: Literal["once", "twice"]


class RandomShare(_Marked):
    """Which part of a list is drawn with equal chances; rounded up."""

    percent: Percent


class Part(Strict):
    """One part of a score: points by what is declared (the highest counts), or for each unit."""

    name: str
    why: str
    points: Mapping[str, Points] | None = None
    each: Points | None = None
    most: Points | None = None

    def of(self, feature: Feature) -> int:
        """Return the points for what a site declares of it."""
        if self.points is not None:
            said = feature if isinstance(feature, list) else [str(feature)]
            return max((self.points.get(one, 0) for one in said), default=0)
        count = len(feature) if isinstance(feature, list) else feature
        return min(count * (self.each or 0), self.most or 0)


class RegimePolicy(Strict):
    """How sites of one regime are weighed.

    `by_state` says whether a State is drawn before a site inside it, and how much it weighs then:
    `equal`, by the square `root` of its inspectable sites, or not at all (`none`).
    """

    law: str
    mark: Mark
    by_state: Literal["none", "equal", "root"]
    base: Annotated[int, Field(ge=1)]
    parts: list[Part]


class SelectionPolicy(Strict):
    """All of it; `digest` is that of the file."""

    algorithm: int
    lookback: Lookback
    site_cap: SiteCap
    state_cap: StateCap
    rounding: Rounding
    random_share: RandomShare
    regimes: Mapping[Regime, RegimePolicy]


@lru_cache(maxsize=1)
def selection_policy() -> tuple[SelectionPolicy, str]:
    """Return the policy of this release, and SHA-256 of its file in hexadecimal digits."""
    data = files(__package__).joinpath("policy.json").read_bytes()
    found = read_model(SelectionPolicy, parse_json(data, max_bytes=MAX_BYTES), code=Code.INTERNAL)
    if set(found.regimes) != set(REGIMES):
        raise PlatformError(Code.INTERNAL, "policy.json weighs other regimes than there are")
    return found, sha256(data).hex()
