"""The draw: sites out of the candidate lists, under the caps, by a stream of numbers to repeat.

Algorithm 1. Numbers come from SHA-256 over the seed, the digest of the inputs and a counter, each
taken below a bound by rejection, so that none is likelier than another. For each regime, in the
order of the Annex, the random share is drawn first: each site that may be drawn has the same
chance. The others are drawn by weight: where the policy says so a State first, then a site inside
it by its score; else a site by its score. After each pick the caps are looked at anew. All of it
is in whole numbers; probabilities are fractions, written with six digits.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from math import isqrt

from sextant_declarations.analysis.selection.model import (
    REGIMES,
    Candidate,
    CapView,
    Listed,
    Pick,
    Regime,
    ScorePart,
    Selection,
    Snapshot,
)
from sextant_declarations.analysis.selection.policy import RegimePolicy, SelectionPolicy
from sextant_shared.encoding import sha256

_DOMAIN = b"sextant/selection/1\0"
_SPACE = 1 << 256
_FINE = 10_000  # roots are taken of this many times the count: four digits of them count
_DIGITS = Decimal("0.000001")


@dataclass
class Stream:
    """Whole numbers below a bound, out of a seed and the digest of the inputs."""

    seed: bytes
    inputs: bytes
    _counter: int = 0

    def below(self, bound: int) -> int:
        """Return the next number from 0 to `bound` - 1; none is likelier than another."""
        limit = _SPACE - _SPACE % bound
        while True:
            block = sha256(_DOMAIN + self.seed + self.inputs + self._counter.to_bytes(8, "big"))
            self._counter += 1
            number = int.from_bytes(block, "big")
            if number < limit:
                return number % bound

    def by_weight(self, weights: Sequence[int]) -> int:
        """Return a position, as likely as its weight."""
        at = self.below(sum(weights))
        for n, weight in enumerate(weights):
            if at < weight:
                return n
            at -= weight
        raise AssertionError("a number below the sum lies within it")  # pragma: no cover


@dataclass
class Caps:
    """How often sites and States may still be inspected in the year of the draw."""

    policy: SelectionPolicy
    views: dict[str, CapView]
    sites: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, inputs: Snapshot, policy: SelectionPolicy) -> "Caps":
        """Return the caps of a year with what was used of them."""
        counted: dict[str, set[str]] = defaultdict(set)
        for one in inputs.candidates:
            if one.regime in policy.state_cap.regimes:
                once = policy.rounding.both_parts == "once"
                counted[one.state].add(one.code if once else f"{one.regime} {one.code}")
        done = [one for one in inputs.done if one.year == inputs.year]
        used = Counter(one.state for one in done if one.regime in policy.state_cap.regimes)
        views = {
            state: CapView(
                state=state, sites=len(sites), cap=state_cap(len(sites), policy), used=used[state]
            )
            for state, sites in sorted(counted.items())
        }
        return cls(policy, views, Counter((one.regime, one.state, one.code) for one in done))

    def at_site_cap(self, one: Candidate) -> bool:
        """Return whether the site was inspected as often as it may be."""
        cap = self.policy.site_cap.a_year.get(one.regime)
        return cap is not None and self.sites[one.regime, one.state, one.code] >= cap

    def at_state_cap(self, one: Candidate) -> bool:
        """Return whether the State was inspected as often as it may be."""
        view = self.views.get(one.state)
        if one.regime not in self.policy.state_cap.regimes or view is None:
            return False
        return view.used >= view.cap

    def count(self, one: Candidate) -> None:
        """Count one more inspection."""
        self.sites[one.regime, one.state, one.code] += 1
        view = self.views.get(one.state)
        if view is not None and one.regime in self.policy.state_cap.regimes:
            self.views[one.state] = view.model_copy(update={"used": view.used + 1})


def state_cap(sites: int, policy: SelectionPolicy) -> int:
    """Return how often a State with so many declared sites may be inspected in a year."""
    cap, share = policy.state_cap, sites * policy.state_cap.percent
    added = {"floor": 0, "nearest": 50, "ceiling": 99}[policy.rounding.percent]
    return min(cap.base + (share + added) // 100, cap.most)


def draw(
    inputs: Snapshot, seed: str, wanted: Mapping[Regime, int], policy: SelectionPolicy, digest: str
) -> Selection:
    """Return the selection; `digest` is that of the policy's file."""
    stream = Stream(bytes.fromhex(seed), bytes.fromhex(inputs.digest))
    caps = Caps.of(inputs, policy)
    lists: list[Listed] = []
    picks: list[Pick] = []
    for regime in REGIMES:
        if regime not in wanted:
            continue
        declared = [one for one in inputs.candidates if one.regime == regime]
        listed = _listed(regime, declared, caps, wanted[regime])
        found = _drawn(regime, declared, caps, stream, wanted[regime], len(picks))
        lists.append(listed.model_copy(update={"drawn": len(found)}))
        picks += found
    return Selection(
        algorithm=policy.algorithm,
        policy_digest=digest,
        input_digest=inputs.digest,
        seed=seed,
        year=inputs.year,
        wanted={regime: wanted[regime] for regime in REGIMES if regime in wanted},
        lists=lists,
        caps=list(caps.views.values()),
        picks=picks,
    )


def score(one: Candidate, weighed: RegimePolicy) -> tuple[int, list[ScorePart]]:
    """Return the score of a site with its parts; the base first, then those that gave points."""
    parts = [ScorePart(name="base", points=weighed.base)]
    for part in weighed.parts:
        points = part.of(one.features.get(part.name, 0))
        if points:
            parts.append(ScorePart(name=part.name, points=points))
    return sum(part.points for part in parts), parts


def _listed(regime: Regime, declared: Sequence[Candidate], caps: Caps, wanted: int) -> Listed:
    inspectable = [one for one in declared if one.inspectable]
    return Listed(
        regime=regime,
        law=caps.policy.regimes[regime].law,
        declared=len(declared),
        inspectable=len(inspectable),
        at_site_cap=sum(caps.at_site_cap(one) for one in inspectable),
        at_state_cap=sum(caps.at_state_cap(one) for one in inspectable),
        wanted=wanted,
        drawn=0,
    )


def _drawn(
    regime: Regime,
    declared: Sequence[Candidate],
    caps: Caps,
    stream: Stream,
    wanted: int,
    before: int,
) -> list[Pick]:
    """Return the picks of one regime; fewer than wanted where the caps leave no more."""
    weighed = caps.policy.regimes[regime]
    at_random = -(-wanted * caps.policy.random_share.percent // 100)
    left = [(one, score(one, weighed)[0]) for one in declared if one.inspectable]
    picks: list[Pick] = []
    while len(picks) < wanted:
        left = [
            pair
            for pair in left
            if not caps.at_site_cap(pair[0]) and not caps.at_state_cap(pair[0])
        ]
        if not left:
            break
        by_chance = len(picks) < at_random
        n, probability = _chosen(left, weighed, stream, by_chance=by_chance)
        one, _ = left.pop(n)
        caps.count(one)
        points, parts = score(one, weighed)
        picks.append(
            Pick(
                n=before + len(picks) + 1,
                regime=regime,
                state=one.state,
                code=one.code,
                name=one.name,
                drawn="random" if by_chance else "weighted",
                probability=_shown(probability),
                among=len(left) + 1,
                score=points,
                parts=parts,
                declaration_id=one.declaration_id,
                version=one.version,
            )
        )
    return picks


def _chosen(
    left: Sequence[tuple[Candidate, int]], weighed: RegimePolicy, stream: Stream, *, by_chance: bool
) -> tuple[int, Fraction]:
    """Return the position that is drawn, and how likely it was."""
    if by_chance:
        return stream.below(len(left)), Fraction(1, len(left))
    scores = [points for _, points in left]
    if weighed.by_state == "none":
        n = stream.by_weight(scores)
        return n, Fraction(scores[n], sum(scores))
    inside: dict[str, list[int]] = defaultdict(list)
    for n, (one, _) in enumerate(left):
        inside[one.state].append(n)
    states = sorted(inside)
    by_root = weighed.by_state == "root"
    weights = [isqrt(len(inside[s]) * _FINE) if by_root else 1 for s in states]
    at = stream.by_weight(weights)
    of_state = inside[states[at]]
    within = stream.by_weight([scores[n] for n in of_state])
    n = of_state[within]
    share = Fraction(weights[at], sum(weights))
    return n, share * Fraction(scores[n], sum(scores[m] for m in of_state))


def _shown(probability: Fraction) -> str:
    with localcontext() as context:
        context.prec = 28
        exact = Decimal(probability.numerator) / Decimal(probability.denominator)
        return str(exact.quantize(_DIGITS))
