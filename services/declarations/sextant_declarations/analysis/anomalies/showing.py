"""What several methods share: thresholds, and how figures are put on a card."""

from decimal import Decimal

from sextant_declarations.analysis.anomalies.facts import Figure, mass
from sextant_declarations.analysis.anomalies.model import Place, Shown
from sextant_shared import codelists

NONE = Decimal(0)


def threshold(schedule: str) -> Decimal:
    """Return the declaration threshold of a part of the schedules, in kilograms."""
    found = codelists.thresholds().get(schedule)
    return found[0] if found else NONE


def declared(name: str, state: str, figure: Figure | None) -> Shown:
    """Return a declared figure as a card shows it; what is not declared is said to be so."""
    if figure is None:
        return Shown(name, state, "not declared")
    return Shown(name, state, figure.text, figure.place)


def computed(name: str, state: str, kg: Decimal, schedule: str = "") -> Shown:
    """Return an amount that was worked out of one State's figures."""
    return Shown(name, state, mass(kg, schedule))


def placed(name: str, state: str, text: str, place: Place) -> Shown:
    """Return a text with its place."""
    return Shown(name, state, text, place)
