"""What the methods give: cards, with the figures and places they stand on.

Amounts are `Decimal` kilograms of the pure chemical. A card accuses nobody: it says which
difference is to be explained, what was tried, and what would clear it.
"""

import hashlib
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A value within one version of a declaration; no pointer is the whole of it."""

    state: str
    declaration_id: str
    version: int
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure of a card: whose it is, as text, and where it was declared.

    `owner` is empty for what belongs to nobody, such as a threshold.
    """

    name: str
    owner: str
    text: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """An innocent explanation that was tried; `left` is what it leaves of the difference."""

    name: str
    closes: bool
    left: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a run says beside its cards, so that nothing is left out silently.

    `chemical` is empty where the whole year is meant.
    """

    code: str
    state: str
    year: int
    chemical: str
    sentence: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One difference to explain.

    `subject` is the chemical or site that it is about. `probability` is how often honest figures
    are at least as far apart by chance; None where a rule, not chance, decides. `also` names other
    methods that point at the same State, year and subject.
    """

    method: str
    version: int
    state: str
    year: int
    subject: str
    sentence: str
    figures: tuple[Shown, ...]
    tolerance: str
    tried: tuple[Tried, ...]
    clears: str
    places: tuple[Place, ...]
    severity: float
    confidence: float
    weight: float
    states: tuple[str, ...] = ()
    probability: float | None = None
    also: tuple[str, ...] = ()
    pick: str = "RANKED"
    """RANKED, or RANDOM for the compulsory random share."""

    @property
    def id(self) -> str:
        """Its name, the same in every run that finds the same difference."""
        key = "|".join((self.method, self.state, f"{self.year}", self.subject, *self.states))
        return "AN-" + hashlib.sha256(key.encode()).hexdigest()[:16]

    @property
    def score(self) -> float:
        """Severity times confidence times treaty weight, a little more for each other method."""
        return self.severity * self.confidence * self.weight * (1 + 0.1 * len(self.also))

    @property
    def is_explained(self) -> bool:
        """Whether one of the innocent explanations closes the difference."""
        return any(one.closes for one in self.tried)


WITHHELD = "not shown"
DIFFERENCE = "DIFFERENCE"
OTHERS = "others"
"""Owner of what was worked out of several other States' figures."""


def seen_by(card: Card, state: str) -> Card:
    """Return a card as one State may see it: no figure and no place of another State.

    This is the one place where that is decided. The Secretariat sees the card itself.
    """
    mine = tuple(one for one in card.figures if one.owner in {"", state})
    own = tuple(place for place in card.places if place.state == state)
    if mine == card.figures and own == card.places:
        return card
    figures = (*mine, Shown("another State", OTHERS, WITHHELD))
    # All else is made of both sides. The method too: that a figure is a power of ten away would
    # tell it to whoever knows the own one; so would its name, its scores, and what is left.
    return replace(
        card,
        method=DIFFERENCE,
        version=0,
        state=state,
        subject=card.subject if own else "",
        figures=figures,
        places=own,
        sentence="There is a difference to explain with what another State declares.",
        tolerance="",
        tried=(),
        clears="",
        states=(),
        severity=0.0,
        confidence=0.0,
        weight=0.0,
        probability=None,
        also=(),
    )
