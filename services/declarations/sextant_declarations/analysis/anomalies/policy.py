"""The methods and their settings, out of a reviewed data file; none is a constant in code."""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from sextant_declarations.analysis.anomalies.model import Card, Place, Shown, Tried

_FILE = "methods.json"


@dataclass(frozen=True, slots=True)
class Method:
    """One method: its version, the law it serves, and how much its cards weigh."""

    name: str
    version: int
    law: str
    sentence: str
    severity: float
    confidence: float
    weight: float
    mark: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings by name, as decimals, and the methods; `digest` is that of the file."""

    settings: dict[str, Decimal]
    methods: dict[str, Method]
    digest: str

    def __getitem__(self, name: str) -> Decimal:
        """Return a setting."""
        return self.settings[name]

    def card(  # noqa: PLR0913 - a card has as many parts as its reader asks for
        self,
        method: str,
        *,
        state: str,
        year: int,
        subject: str,
        figures: tuple[Shown, ...],
        tolerance: str,
        clears: str,
        tried: tuple[Tried, ...] = (),
        states: tuple[str, ...] = (),
        places: tuple[Place, ...] = (),
        probability: float | None = None,
        scale: float = 1.0,
        **words: str,
    ) -> Card:
        """Return a card of a method; `scale` weighs its severity within the method, up to 1."""
        known = self.methods[method]
        found = {one.place for one in figures if one.place}
        return Card(
            method=method,
            version=known.version,
            state=state,
            year=year,
            subject=subject,
            sentence=known.sentence.format(**words),
            figures=figures,
            tolerance=tolerance,
            tried=tried,
            clears=clears,
            places=tuple(sorted({*found, *places})),
            severity=known.severity * scale,
            confidence=known.confidence,
            weight=known.weight,
            states=states,
            probability=probability,
        )


@cache
def policy() -> Policy:
    """Return the settings of this release."""
    data = files(__package__).joinpath(_FILE).read_bytes()
    read: dict[str, Any] = json.loads(data)
    methods = {name: Method(name=name, **line) for name, line in read["methods"].items()}
    settings = {name: Decimal(line["value"]) for name, line in read["policy"].items()}
    return Policy(settings, methods, hashlib.sha256(data).hexdigest())
