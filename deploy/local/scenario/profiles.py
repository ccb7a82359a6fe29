"""The scenarios as a table: what each lets happen, and what it stands for.

Four are named after the futures of the Medium-Term Plan 2015-2019 (EC-77/S/1), which lie on two
axes: the level of conflict and the resources of the Organisation. Where a future lies on the axes,
and every figure here, is our reading of the plan; the plan gives no figures of this kind.
"""

from dataclasses import dataclass
from typing import Literal

from sextant_shared.errors import Code, PlatformError

Shape = Literal["even", "rush", "waves"]
Level = Literal["low", "high", "none"]

ALL = ("audit", "exchange", "declarations")
MORTAL = ("signer", *ALL)
SHAPES: dict[Shape, str] = {
    "even": "as many in each second",
    "rush": "more each second, most in the last ones",
    "waves": "three waves, one after another",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """Services that are killed together; `at` and `away` are shares of the burst's length.

    With `away` 0 they are started again at once.
    """

    at: float
    services: tuple[str, ...]
    away: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One scenario. Shares are of the declarations; `each` is how many one State sends.

    `kills` processes die beside those of `stops`: which and when is drawn with the seed.
    """

    name: str
    story: str
    shape: Shape = "rush"
    each: int = 4
    large: float = 0.02
    urgent: float = 0.0
    stops: tuple[Stop, ...] = ()
    kills: int = 0
    conflict: Level = "none"
    resources: Level = "none"

    @property
    def killed(self) -> int:
        """How many processes are killed."""
        return self.kills + sum(len(stop.services) for stop in self.stops)


_HALF = (
    Stop(0.3, ("exchange", "declarations")),
    Stop(0.65, ("audit", "exchange")),
)
PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="deadline-day",
            story="The last hour before a due day ends; every service stays up.",
        ),
        Profile(
            name="half-killed",
            story="The same hour; twice, two of the three services are killed and come back.",
            stops=_HALF,
        ),
        Profile(
            name="power-cut",
            story="The same hour; in its middle all services and the signer are killed at once.",
            stops=(Stop(0.5, MORTAL, away=0.05),),
        ),
        Profile(
            name="log-away",
            story="The same hour; the log is down for a fifth of it, so no receipt can be given.",
            stops=(Stop(0.4, ("audit",), away=0.2),),
        ),
        Profile(
            name="anything-dies",
            story="The same hour; now here, now there a service or the signer dies.",
            kills=8,
        ),
        Profile(
            name="civilian",
            story="Little conflict, enough means: industry declares calmly, nothing fails.",
            conflict="low",
            resources="high",
            shape="even",
            large=0.05,
        ),
        Profile(
            name="satisficing",
            story="Little conflict, scarce means: old machines fail, the log is mended slowly.",
            conflict="low",
            resources="low",
            large=0.05,
            stops=(
                Stop(0.25, ("declarations",), away=0.1),
                Stop(0.5, ("audit",), away=0.15),
                Stop(0.8, ("exchange",)),
            ),
        ),
        Profile(
            name="rebound",
            story="Conflict returns, and means with it: urgent notices in waves, one failure.",
            conflict="high",
            resources="high",
            shape="waves",
            urgent=0.15,
            stops=(Stop(0.5, ("exchange",)),),
        ),
        Profile(
            name="mission-impossible",
            story="Conflict returns and means are scarce: urgent notices, everything fails.",
            conflict="high",
            resources="low",
            shape="waves",
            large=0.05,
            urgent=0.15,
            stops=(
                *_HALF,
                Stop(0.45, ("audit",), away=0.15),
                Stop(0.85, ALL, away=0.05),
            ),
        ),
    )
}


def profile_named(name: str) -> Profile:
    """Return a scenario.

    Raises:
        PlatformError: `E_NOT_FOUND`, with the names that there are.
    """
    if name not in PROFILES:
        raise PlatformError(
            Code.NOT_FOUND,
            f"there is no scenario {name}",
            expected=", ".join(PROFILES),
            received=name,
            fix="Take one of these: sextant scenario list.",
        )
    return PROFILES[name]
