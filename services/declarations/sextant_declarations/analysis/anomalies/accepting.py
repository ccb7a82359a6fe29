"""Explanations that officers accept: their codes, and what an accepted one does to later cards.

An acceptance is of the figures that a card shows. When they change, or the same method points at
the same place in another year, the card is there again; it shows what was accepted before, and
ranks below.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from sextant_declarations.analysis.anomalies.model import Card

_FILE = "explanations.json"


@cache
def reasons() -> Mapping[str, str]:
    """Return the codes with which an explanation is accepted, and what each means."""
    read = json.loads(files(__package__).joinpath(_FILE).read_bytes())
    found: Mapping[str, str] = read["reasons"]
    return found


def substance(card: Card) -> str:
    """Return what an acceptance is of: the method and the declared figures, wherever they stand.

    What was worked out of other years or States is left out: it moves with every new declaration.
    """
    figures = [[one.name, one.owner, one.text] for one in card.figures if one.place]
    said = json.dumps([card.method, card.version, figures])
    return hashlib.sha256(said.encode()).hexdigest()
