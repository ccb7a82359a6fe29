"""What will happen in a run, decided by a seed before the clock starts: who sends what, when.

Pure: no process, no network, no clock.
"""

import math
import random
from dataclasses import dataclass

from deploy.local.scenario.profiles import MORTAL, Profile, Shape, Stop

HOUR_MIN = 60.0
_WAVES = (0.15, 0.5, 0.85)  # where in the burst the waves have their crests
_WAVE_WIDTH = 0.1


@dataclass(frozen=True, slots=True)
class Due:
    """One declaration to send: seconds from the start, the State's place in the list, its kind."""

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

    def stops(self) -> list[Stop]:
        """Return which services die when, in the order of time; the same seed gives the same."""
        chance = random.Random(f"{self.seed} deaths")  # noqa: S311 -- made-up faults, no secret
        drawn = [Stop(chance.random(), (chance.choice(MORTAL),)) for _ in range(self.profile.kills)]
        return sorted([*self.profile.stops, *drawn], key=lambda stop: stop.at)

    def dues(self) -> list[Due]:
        """Return all that is sent, in the order of time; the same seed gives the same."""
        chance = random.Random(self.seed)  # noqa: S311 -- a made-up load, no secret
        count = self.parties * self.profile.each
        parties = [number % self.parties for number in range(count)]
        chance.shuffle(parties)
        instants = sorted(
            _instant(self.profile.shape, chance) * self.length_s for _ in range(count)
        )
        # Disjoint: a large notice of a transfer would be none that anybody writes.
        urgent_count = math.ceil(count * self.profile.urgent)
        large_count = math.ceil(count * self.profile.large)
        chosen = chance.sample(range(count), urgent_count + large_count)
        urgent, large = set(chosen[:urgent_count]), set(chosen[urgent_count:])
        return [
            Due(at_s, party, number in urgent, number in large)
            for number, (at_s, party) in enumerate(zip(instants, parties, strict=True))
        ]


def _instant(shape: Shape, chance: random.Random) -> float:
    """Return an instant between 0 and 1, as dense as the shape says."""
    if shape == "even":
        return chance.random()
    if shape == "rush":
        return math.sqrt(chance.random())  # the density grows evenly to its double at the end
    while True:
        instant = chance.gauss(chance.choice(_WAVES), _WAVE_WIDTH)
        if 0 <= instant <= 1:
            return instant
