"""What a test of an explanation is given: a pair, its difference, and the pairs it may read.

«Difference» is the exporter's figure less the importer's; a State that has filed and has no row
has declared nothing, zero. Where a side gives no figure there is no difference to explain.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from sextant_declarations.analysis.transfers.model import BOTH, Figure, Hypothesis, Pair, Side
from sextant_declarations.analysis.transfers.policy import MatchingPolicy, Profiles

_ZERO = Decimal(0)


class Neighbours(Protocol):
    """The pairs that tests of a pair may read beside it."""

    def of_exporter(self, pair: Pair, state: str) -> Iterable[Pair]:
        """Return the pairs of the same year and chemical that `state` exports in.

        `state` is one of the two States of the pair.
        """
        ...

    def of_importer(self, pair: Pair, state: str) -> Iterable[Pair]:
        """Return the pairs of the same year and chemical that `state` imports in."""
        ...

    def of_year(self, pair: Pair, year: int) -> Pair | None:
        """Return the same chemical and States in another year."""
        ...

    def of_flow(self, pair: Pair) -> Iterable[Pair]:
        """Return the same chemical and States in all years, in order."""
        ...

    def of_partners(self, pair: Pair) -> Iterable[Pair]:
        """Return the other chemicals of the same year and States."""
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test is given."""

    pair: Pair
    difference: Decimal
    near: Neighbours
    policy: MatchingPolicy
    profiles: Profiles

    @property
    def sent(self) -> Decimal:
        """The exporter's figure."""
        return self.pair.export.kg or _ZERO

    @property
    def received(self) -> Decimal:
        """The importer's figure."""
        return self.pair.import_.kg or _ZERO

    @property
    def low(self) -> Decimal:
        """The smaller figure."""
        return min(self.sent, self.received)

    @property
    def high(self) -> Decimal:
        """The larger figure."""
        return max(self.sent, self.received)

    @property
    def smaller(self) -> Side:
        """The side with the smaller figure."""
        return self.pair.import_ if self.difference > 0 else self.pair.export

    @property
    def larger(self) -> Side:
        """The side with the larger figure."""
        return self.pair.export if self.difference > 0 else self.pair.import_

    @property
    def rounding(self) -> Decimal:
        """What rounding of both figures may hide."""
        return rounding_of(self.pair)

    def closes(self, residual: Decimal) -> bool:
        """Return whether what is left of the difference is not above the threshold."""
        return abs(residual) <= self.pair.threshold

    def is_same(self, one: Decimal, other: Decimal, *, roughly: bool = False) -> bool:
        """Return whether two amounts are about the same.

        `roughly` is for goods that are known to have a reason to be on two States' books in
        different ways: honest differences of rounding, mixtures and years come on top of it.
        """
        most = max(abs(one), abs(other))
        share = self.policy.about_share if roughly else self.policy.same_share
        return most > 0 and abs(one - other) <= share * most

    def is_open(self, pair: Pair) -> bool:
        """Return whether a neighbour has a difference above its threshold, too."""
        found = difference(pair)
        return found is not None and abs(found) > pair.threshold


Test = Callable[[Trial], Iterator[Hypothesis]]


def difference(pair: Pair) -> Decimal | None:
    """Return the exporter's figure less the importer's; None where a side gives none."""
    if pair.export.kg is None or pair.import_.kg is None:
        return None
    return pair.export.kg - pair.import_.kg


def figures_of(pair: Pair, prefix: str = "") -> tuple[Figure, ...]:
    """Return the declared figures of both sides."""
    return tuple(
        Figure(f"{prefix}{name}", side.kg, side.state, side.rows[0].place if side.rows else None)
        for name, side in (("exported", pair.export), ("imported", pair.import_))
        if side.kg is not None
    )


def step(side: Side) -> Decimal:
    """Return what rounding of a side's figure may hide."""
    return sum((row.half_step for row in side.rows), _ZERO)


def rounding_of(pair: Pair) -> Decimal:
    """Return what rounding of both figures may hide."""
    return step(pair.export) + step(pair.import_)


def of_both(name: str, value: Decimal) -> Figure:
    """Return a figure that is made of what both States declare."""
    return Figure(name, value, BOTH)
