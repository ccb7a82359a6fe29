"""What will happen in a run, decided by a seed before the clock starts: who sends what, when.

Pure: no process, no network, no clock.
"""

import math
import random
from dataclasses import dataclass

from deploy.local.scenario.profiles import Profile, Shape

HOUR_MIN = 60.0
_WAVES = (0.15, 0.5, 0.85)  # where in the burst the waves have their crests
_WAVE_WIDTH = 0.1


@dataclass(frozen=True, slots=True)
class Due:
    """One declaration to send: its instant in seconds from the start, its State's place, its kind."""

    at_s: float
    party: int
    is_urgent: bool
    is_large: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of a scenario: `parties` States, an hour squeezed into `minutes`."""

    profile: Profile
    parties: int
    minutes: float
    seed: int

    @property
    def length_s(self) -> float:
        """How long the burst lasts."""
        return self.minutes * 60

    @property
    def squeeze(self) -> float:
        """How much faster than the hour it runs."""
        return HOUR_MIN / self.minutes

    def dues(self) -> list[Due]:
        """Return all that is sent, in the order of time; the same seed gives the same."""
        chance = random.Random(self.seed)  # noqa: S311 -- a made-up load, no secret
        count = self.parties * self.profile.each
        parties = [number % self.parties for number in range(count)]
        chance.shuffle(parties)
        instants = sorted(
            _instant(self.profile.shape, chance) * self.length_s for _ in range(count)
        )
        urgent = _chosen(range(count), self.profile.urgent, chance)
        large = _chosen([n for n in range(count) if n not in urgent], self.profile.large, chance)
        return [
            Due(at_s, party, number in urgent, number in large)
            for number, (at_s, party) in enumerate(zip(instants, parties, strict=True))
        ]


def _chosen(numbers: "range | list[int]", share: float, chance: random.Random) -> set[int]:
    """Return a share of the numbers, one at least where the share is not zero."""
    wanted = min(len(numbers), math.ceil(len(numbers) * share))
    return set(chance.sample(numbers, wanted))


def _instant(shape: Shape, chance: random.Random) -> float:
    """Return an instant between 0 and 1, as dense as the shape says."""
    if shape == "even":
        return chance.random()
    if shape == "rush":
        return math.sqrt(chance.random())  # the density grows evenly to its double at the end
    return min(1.0, max(0.0, chance.gauss(chance.choice(_WAVES), _WAVE_WIDTH)))
