"""Values of a case: the pairs it is about, and the States it concerns. How they are made: nothing.

A pair is what transfer matching gives; beside it stand the markings of the declarations it rests
on. `markings` without an entry for a declaration: nothing is known of how it is marked.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sextant_declarations.analysis.cases.workflow import CaseState, Priority
from sextant_declarations.analysis.transfers.model import Document, Pair, Side


class Sense(StrEnum):
    """Which way two figures differ."""

    MORE_EXPORTED = "MORE_EXPORTED"
    MORE_IMPORTED = "MORE_IMPORTED"
    NONE = "NONE"
    """No difference is left, or none can be told."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A pair as it was matched last, with the markings of declarations it stands on.

    `in_force` is false once no State declares it any more.
    """

    pair: Pair
    markings: Mapping[Document, str]
    in_force: bool = True

    @property
    def id(self) -> str:
        """The name of the pair."""
        return self.pair.id

    @property
    def states(self) -> tuple[str, str]:
        """Exporter and importer."""
        return self.pair.key.exporter, self.pair.key.importer

    @property
    def is_open(self) -> bool:
        """Whether there is something to explain: a difference, or a partner that is no party."""
        klass = self.pair.klass
        return self.in_force and (klass.is_difference or klass.is_restricted)

    @property
    def sense(self) -> Sense:
        """Which way the figures differ, as far as their intervals leave no doubt."""
        if not (self.in_force and self.pair.klass.is_difference):
            return Sense.NONE
        export, import_ = self.pair.export.interval, self.pair.import_.interval
        if export is None or import_ is None:
            return Sense.NONE
        return Sense.MORE_EXPORTED if export.low > import_.high else Sense.MORE_IMPORTED

    def side(self, state: str) -> Side:
        """Return what one of the two States says."""
        return self.pair.export if state == self.pair.key.exporter else self.pair.import_

    def other(self, state: str) -> Side:
        """Return what the other one says."""
        return self.pair.import_ if state == self.pair.key.exporter else self.pair.export

    def markings_of(self, side: Side) -> list[str]:
        """Return the markings of all that a side stands on; empty where one is not known."""
        found = [self.markings.get(document) for document in side.documents]
        return [one for one in found if one] if all(found) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as it stands, with its pairs. `steps` counts all steps, so it changes with each."""

    number: str
    state: CaseState
    since: dt.date
    steps: int
    priority: Priority
    restricted: bool
    pairs: tuple[Matched, ...]
    cause: str | None = None

    @property
    def states(self) -> tuple[str, ...]:
        """All States that it concerns, in order."""
        return tuple(sorted({state for pair in self.pairs for state in pair.states}))

    @property
    def is_settled(self) -> bool:
        """Whether no pair of it is to be explained any more."""
        return not any(one.is_open for one in self.pairs)
