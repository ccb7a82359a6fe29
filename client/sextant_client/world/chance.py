"""Chance that is the same on every machine: streams derived from a seed and a name by hashing.

Each thing of the world draws from a stream of its own, named by what it is (a State, a year, a
plant), so that nothing depends on the order in which things are made. Only `random()` of the
generator is used, and only addition, multiplication and division: these give the same bits
everywhere, which logarithms and powers do not.
"""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Chance:
    """One stream."""

    __slots__ = ("unit",)

    def __init__(self, seed: int, *names: str | int) -> None:
        text = "\x1f".join((str(seed), *map(str, names)))
        digest = hashlib.sha256(text.encode()).digest()
        self.unit = random.Random(int.from_bytes(digest, "big")).random  # noqa: S311 -- no secret
        """Return a number from 0 up to, but not including, 1."""

    def below(self, count: int) -> int:
        """Return a whole number from 0 up to, but not including, `count`."""
        return int(self.unit() * count)

    def between(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self.unit() * (high - low + 1))

    def happens(self, share: float) -> bool:
        """Return True in `share` of the cases."""
        return self.unit() < share

    def choose(self, items: Sequence[Item]) -> Item:
        """Return one of the items."""
        return items[int(self.unit() * len(items))]

    def weighted(self, items: Sequence[tuple[Item, int]]) -> Item:
        """Return one of the items, each as often as its weight says."""
        at = self.unit() * sum(weight for _, weight in items)
        for item, weight in items:
            at -= weight
            if at < 0:
                return item
        return items[-1][0]

    def sample(self, items: Sequence[Item], count: int) -> list[Item]:
        """Return up to `count` different items, in the order in which they were drawn."""
        left: list[Item] = list(items)
        drawn: list[Item] = []
        while left and len(drawn) < count:
            drawn.append(left.pop(int(self.unit() * len(left))))
        return drawn

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """Return all items in another order."""
        return self.sample(items, len(items))

    def amount(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, small ones as likely as large ones.

        Each doubling between the two is as likely as any other, as with amounts of trade.
        """
        doublings = max(1, (high // max(low, 1)).bit_length())
        return min(high, int((low << self.below(doublings)) * (1 + self.unit())))

    def about(self, amount: int, spread_percent: int) -> int:
        """Return a whole number within `spread_percent` of `amount`."""
        return max(0, amount * (1000 + int((self.unit() * 2 - 1) * spread_percent * 10)) // 1000)

    def parts(self, amount: int, count: int) -> list[int]:
        """Return `count` whole numbers, at least a half as large as any other, of sum `amount`."""
        weights = [1000 + self.below(1000) for _ in range(count)]
        total = sum(weights)
        shares = [amount * weight // total for weight in weights]
        shares[0] += amount - sum(shares)
        return shares
