"""Cards as they are stored, with the explanations that were accepted at their places."""

from dataclasses import dataclass

from sextant_declarations.domain.anomaly_views import Kept
from sextant_shared.protocol.notes import MadeNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """An accepted explanation as it is stored."""

    position: int
    card: str
    year: int
    substance: str
    reason: str
    text: str
    client: str
    t: str
    withdrawn: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCard:
    """A card as runs found it, without what it says; `accepted` are explanations at its place."""

    position: int
    card: str
    from_run: int
    until_run: int | None
    kept: str
    method: str
    version: int
    state: str
    year: int
    subject: str
    states: tuple[str, ...]
    score: float
    probability: float | None
    substance: str
    accepted: tuple[Explanation, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether an explanation of these figures was accepted, and not taken back."""
        return any(self.holds(one) for one in self.accepted if one.withdrawn is None)

    @property
    def before(self) -> int:
        """How many explanations were accepted at this place, of other figures or another year."""
        valid = [one for one in self.accepted if one.withdrawn is None]
        return sum(not self.holds(one) for one in valid)

    @property
    def is_listed(self) -> bool:
        """Whether it waits to be explained: in force, in the list, and nothing was accepted."""
        return self.until_run is None and kept_of(self) == "OPEN"

    @property
    def tag(self) -> str:
        """What changes with the card, and with what is accepted at its place."""
        withdrawn = sum(one.withdrawn is not None for one in self.accepted)
        return f"{self.position}.{len(self.accepted)}.{withdrawn}"

    def holds(self, one: Explanation) -> bool:
        """Return whether an explanation is of this card with these figures."""
        return (one.card, one.substance) == (self.card, self.substance)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyFilter:
    """What a list is narrowed to, all of it together; `state` is on any side of a difference."""

    state: str | None = None
    year: int | None = None
    method: str | None = None
    kept: Kept = "OPEN"

    def fits(self, one: StoredCard) -> bool:
        """Return whether a card is wanted."""
        return (
            self.state in (None, one.state, *one.states)
            and self.year in (None, one.year)
            and self.method in (None, one.method)
            and self.kept == kept_of(one)
        )


@dataclass(frozen=True, slots=True)
class Basis:
    """What places stand on: envelopes by their manifest digests, and markings of declarations."""

    digests: tuple[bytes, ...]
    markings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAct:
    """An acceptance, or the withdrawal of one, on its way into the store with its log entry."""

    card: StoredCard
    reason: str
    text: str
    client: str
    t: str
    withdraws: int | None
    note: MadeNote


def rank_of(one: StoredCard, factor: float) -> float:
    """Return the rank of a card: its score, less where an explanation was accepted before."""
    return round(one.score * (factor if one.before else 1.0), 6)


def place_in_list(one: StoredCard, factor: float) -> tuple[float, int, str]:
    """Return where a card stands in the order of the list."""
    return -rank_of(one, factor), -one.year, one.card


def kept_of(one: StoredCard) -> str:
    """Return in which list a card is."""
    return "ACCEPTED" if one.is_accepted else one.kept
