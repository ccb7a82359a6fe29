"""What one party may have at the exchange: bytes a day, bytes stored, deliveries nobody took yet.

Counted durably with each envelope (`storage.usage`), and held in memory by party, so that a deposit
costs no look-up. It is asked before a body is read and counted once the envelope is held: what is
under way at the same time may pass a bound by that much. A repeat of what is held is answered all
the same.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sextant_exchange.domain.envelopes import Acceptable, HoldResult, Repeat
from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError

DAY_S = 86_400
RETRY_AFTER_S = 3600  # for what only others, or the operator, can change


@dataclass(frozen=True, slots=True)
class Use:
    """What a party has used: `day` is days since 1970 in UTC, `day_bytes` are that day's."""

    party: str
    day: int = 0
    day_bytes: int = 0
    stored_bytes: int = 0
    untaken: int = 0

    def plus(self, day: int, size: int, deliveries: int) -> "Use":
        """Return it with one more envelope."""
        before = self.day_bytes if self.day == day else 0
        return replace(
            self,
            day=day,
            day_bytes=before + size,
            stored_bytes=self.stored_bytes + size,
            untaken=self.untaken + deliveries,
        )


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most of each that a party may have."""

    day_bytes: int
    stored_bytes: int
    untaken: int


class Allowance:
    """Asks and counts; one process holds the exchange's store, so that its memory is the truth."""

    def __init__(self, bounds: Bounds, clock: Clock) -> None:
        self._bounds = bounds
        self._clock = clock
        self._used: dict[str, Use] = {}  # at most one per enrolled party

    def load(self, used: Iterable[Use]) -> None:
        """Take in what the store counted."""
        self._used = {use.party: use for use in used}

    def of(self, party: str) -> Use:
        """Return what a party has used."""
        return self._used.get(party, Use(party))

    def require(self, party: str, size: int) -> None:
        """Return when the party may deposit `size` bytes more now.

        Raises:
            PlatformError: `E_RATE`, with the bound, what is used, and when to come back.
        """
        use, bounds, now = self.of(party), self._bounds, self._clock()
        today = use.day_bytes if use.day == day_of(now) else 0
        if today + size > bounds.day_bytes:
            left_s = math.ceil(DAY_S - now % DAY_S)
            raise _over(party, "bytes today", bounds.day_bytes, today, left_s)
        if use.stored_bytes + size > bounds.stored_bytes:
            raise _over(party, "bytes stored", bounds.stored_bytes, use.stored_bytes, RETRY_AFTER_S)
        if use.untaken >= bounds.untaken:
            what = "deliveries that their recipients did not fetch"
            raise _over(party, what, bounds.untaken, use.untaken, RETRY_AFTER_S)

    def held(self, batch: Sequence[Acceptable], results: Sequence[HoldResult], now: float) -> None:
        """Count what is new of a batch that was held."""
        for use in added(self._used, batch, results, now):
            self._used[use.party] = use

    def taken(self, sender: str) -> None:
        """Count one delivery of this sender's as fetched."""
        self.given_back(sender, 0, 1)

    def given_back(self, sender: str, size: int, deliveries: int) -> None:
        """Count stored bytes as erased, and deliveries as fetched or recalled."""
        use = self.of(sender)
        self._used[sender] = replace(
            use,
            stored_bytes=max(0, use.stored_bytes - size),
            untaken=max(0, use.untaken - deliveries),
        )


def added(
    used: dict[str, Use], batch: Sequence[Acceptable], results: Sequence[HoldResult], now: float
) -> list[Use]:
    """Return the uses after a batch, of those parties that it changes."""
    changed: dict[str, Use] = {}
    for envelope, result in zip(batch, results, strict=True):
        if result.repeat is Repeat.NEW:
            party = envelope.claim.sender
            use = changed.get(party) or used.get(party) or Use(party)
            changed[party] = use.plus(day_of(now), envelope.size, len(envelope.recipients))
    return list(changed.values())


def day_of(now: float) -> int:
    """Return the days since 1970 in UTC."""
    return int(now // DAY_S)


def _over(party: str, what: str, bound: int, used: int, retry_after_s: int) -> PlatformError:
    return PlatformError(
        Code.RATE,
        f"{party} has used up its {what}",
        expected=f"at most {bound}",
        received=f"{used} already",
        fix="Repeat the same bytes as Retry-After says, or ask the operator for a larger share.",
        retry_after_s=retry_after_s,
    )
