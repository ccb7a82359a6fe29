"""Weights of the answers: fitted by expectation and maximisation, applied with every part shown.

Of each level: how often pairs that are one site show it (m), how often others do (u). The weight is
log2(m/u); the sum with that of the prior gives a probability. `fit` needs no answer key: it finds
m, u and the share of matches under which the compared pairs are likeliest.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import log2, prod

from sextant_declarations.analysis.identity.comparing import LEVELS, Levels, blocked, compare
from sextant_declarations.analysis.identity.records import SiteRecord
from sextant_shared.encoding import parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict, read_model

MAX_BYTES = 1 << 20
ROUNDS = 200
_SMOOTH = 0.5  # of a pair, so that no level is impossible
_FINE = 1_000_000  # shares are kept as millionths: strict JSON here has no fractions
_START = {"same": 0.8, "near": 0.15, "alike": 0.4, "some": 0.3, "follows": 0.8, "unsaid": 0.2}
# Not fitted [P]: in the world that weights are fitted on, no site keeps its name under a new code.
_HELD = {"name": {"same": 0.5, "alike": 0.4, "other": 0.1}}
Shares = dict[str, dict[str, int]]


class Weights(Strict):
    """What was fitted: shares in millionths, on how many pairs of what, and what it rests on."""

    fitted_on: str
    pairs: int
    mark: str
    show_from_percent: int
    prior: int
    m: Shares
    u: Shares


@dataclass(frozen=True, slots=True)
class Part:
    """One question of a pair: the level, its weight in bits, and both shares behind it."""

    question: str
    level: str
    weight: float
    m: float
    u: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two codes that may be one site, how likely that is, and why."""

    older: SiteRecord
    newer: SiteRecord
    probability: float
    prior: float
    parts: tuple[Part, ...]


@lru_cache(maxsize=1)
def weights() -> tuple[Weights, str]:
    """Return the weights of this release, and SHA-256 of their file in hexadecimal digits."""
    data = files(__package__).joinpath("weights.json").read_bytes()
    found = read_model(Weights, parse_json(data, max_bytes=MAX_BYTES), code=Code.INTERNAL)
    for shares in (found.m, found.u):
        if {name: set(each) for name, each in shares.items()} != {
            name: set(levels) for name, levels in LEVELS.items()
        }:
            raise PlatformError(Code.INTERNAL, "weights.json has other levels than there are")
    return found, sha256(data).hex()


def propose(records: Mapping[str, SiteRecord], fitted: Weights) -> list[Proposal]:
    """Return the pairs of one State that are likely enough to be shown, the likeliest first."""
    found = [weigh(older, newer, fitted) for older, newer in blocked(records)]
    shown = [one for one in found if one.probability * 100 >= fitted.show_from_percent]
    return sorted(shown, key=lambda one: (-one.probability, one.older.code, one.newer.code))


def weigh(older: SiteRecord, newer: SiteRecord, fitted: Weights) -> Proposal:
    """Return how likely two records are one site, question by question."""
    parts = []
    for question, level in compare(older, newer).items():
        m, u = fitted.m[question][level] / _FINE, fitted.u[question][level] / _FINE
        parts.append(Part(question, level, log2(m / u), m, u))
    share = fitted.prior / _FINE
    prior = log2(share / (1 - share))
    total = max(min(prior + sum(part.weight for part in parts), 60.0), -60.0)
    return Proposal(older, newer, 1 / (1 + 2**-total), prior, tuple(parts))


def fit(pairs: Sequence[Levels], *, fitted_on: str, show_from_percent: int = 50) -> Weights:
    """Return the weights under which these pairs are likeliest; no key is read."""
    counted = Counter(tuple(pair.items()) for pair in pairs)
    u = _shares((dict(pair), float(times)) for pair, times in counted.items())
    m = {name: _started(levels) for name, levels in LEVELS.items()} | _HELD
    prior = 0.1
    for _ in range(ROUNDS):
        weighed = []
        for pair, times in counted.items():
            yes = prior * prod(m[name][level] for name, level in pair)
            no = (1 - prior) * prod(u[name][level] for name, level in pair)
            weighed.append((dict(pair), times, yes / (yes + no)))
        matches = sum(times * share for _, times, share in weighed)
        prior = min(max(matches / len(pairs), 1 / _FINE), 1 - 1 / _FINE)
        m = _shares((pair, times * share) for pair, times, share in weighed) | _HELD
        u = _shares((pair, times * (1 - share)) for pair, times, share in weighed)
    return Weights(
        fitted_on=fitted_on,
        pairs=len(pairs),
        mark="P",
        show_from_percent=show_from_percent,
        prior=round(prior * _FINE),
        m=_fine(m),
        u=_fine(u),
    )


def _started(levels: Sequence[str]) -> dict[str, float]:
    raw = {level: _START.get(level, 0.05) for level in levels}
    total = sum(raw.values())
    return {level: share / total for level, share in raw.items()}


def _shares(weighed: Iterable[tuple[Levels, float]]) -> dict[str, dict[str, float]]:
    counts = {name: dict.fromkeys(levels, _SMOOTH) for name, levels in LEVELS.items()}
    for pair, weight in weighed:
        for name, level in pair.items():
            counts[name][level] += weight
    return {
        name: {level: count / sum(each.values()) for level, count in each.items()}
        for name, each in counts.items()
    }


def _fine(shares: Mapping[str, Mapping[str, float]]) -> Shares:
    return {
        name: {level: max(1, round(share * _FINE)) for level, share in each.items()}
        for name, each in shares.items()
    }
