"""What officers are shown of anomalies, as REST gives it."""

from typing import Annotated, Literal

from pydantic import Field

from sextant_declarations.analysis.anomalies.model import Card, Place
from sextant_shared.models.strict import Strict

Kept = Literal["OPEN", "EXPLAINED", "ASIDE", "ACCEPTED"]


class CardLine(Strict):
    """A card in a list: where there is something to explain, without figures or names.

    `kept` is OPEN, ACCEPTED by an officer, EXPLAINED by the analysis, or ASIDE. `rank` orders the
    list; `accepted_before` counts explanations that were accepted at the same place. `pick` is
    RANDOM for the share of a list that chance drew.
    """

    id: str
    method: str
    version: int
    law: str
    mark: str
    state: str
    states: list[str]
    year: int
    kept: Kept
    rank: float
    probability: float | None
    accepted_before: int
    since_run: int
    pick: str = "RANKED"


class CardPage(Strict):
    """One page of cards in their order, of one run; `next` is the cursor of the next page."""

    run: int
    anomalies: list[CardLine]
    next: str | None


class PlaceView(Strict):
    """A place in a version of a declaration; an empty pointer is the whole of it."""

    state: str
    declaration_id: str
    version: int
    pointer: str


class ShownView(Strict):
    """One figure: whose it is (empty for nobody's), as text, and where it was declared."""

    name: str
    owner: str
    text: str
    place: PlaceView | None


class TriedView(Strict):
    """An innocent explanation that was tried, and what it leaves of the difference."""

    name: str
    closes: bool
    left: str


class CardView(Strict):
    """What a card says: the difference, what was tried, and what would clear it."""

    id: str
    method: str
    version: int
    state: str
    states: list[str]
    year: int
    subject: str
    sentence: str
    figures: list[ShownView]
    tolerance: str
    tried: list[TriedView]
    clears: str
    places: list[PlaceView]
    severity: float
    confidence: float
    weight: float
    probability: float | None
    also: list[str]


class ExplanationView(Strict):
    """An explanation that an officer accepted at this place, and what became of it.

    `holds` says that it is of the figures the card shows now; `withdrawn` when it was taken back.
    """

    number: int
    card: str
    year: int
    reason: str
    meaning: str
    text: str
    client: str
    t: str
    holds: bool
    withdrawn: str | None


class SpanView(Strict):
    """From which run on a card was there as it was then, and before which it changed or went."""

    from_run: int
    until_run: int | None
    kept: str
    method_version: int
    score: float


class AnomalyView(Strict):
    """One card in full, with its history and what was accepted at the same place.

    `marking` says how to handle it: a compilation may be above each of its sources.
    """

    line: CardLine
    card: CardView
    history: list[SpanView]
    explanations: list[ExplanationView]
    reasons: dict[str, str]
    marking: str


class Acceptance(Strict):
    """An explanation that an officer accepts: a coded reason, and words."""

    reason: Annotated[str, Field(max_length=40)]
    text: Annotated[str, Field(min_length=1, max_length=2000)]


class Withdrawal(Strict):
    """Why an acceptance is taken back."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]


def card_view(card: Card, id_: str) -> CardView:
    """Return a card as it is shown, under a name."""
    return CardView(
        id=id_,
        method=card.method,
        version=card.version,
        state=card.state,
        states=list(card.states),
        year=card.year,
        subject=card.subject,
        sentence=card.sentence,
        figures=[
            ShownView(
                name=one.name,
                owner=one.owner,
                text=one.text,
                place=place_view(one.place) if one.place else None,
            )
            for one in card.figures
        ],
        tolerance=card.tolerance,
        tried=[TriedView(name=one.name, closes=one.closes, left=one.left) for one in card.tried],
        clears=card.clears,
        places=[place_view(one) for one in card.places],
        severity=card.severity,
        confidence=card.confidence,
        weight=card.weight,
        probability=card.probability,
        also=list(card.also),
    )


def place_view(place: Place) -> PlaceView:
    """Return a place as it is shown."""
    return PlaceView(
        state=place.state,
        declaration_id=place.declaration_id,
        version=place.version,
        pointer=place.pointer,
    )
