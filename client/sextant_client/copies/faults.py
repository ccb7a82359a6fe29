"""What may be wrong with a copy of the log: its classes, and a bounded list of findings."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from sextant_client import errors as exits

MAX_KEPT = 200  # a wrecked copy has millions; all are counted, the first are named


class Kind(StrEnum):
    """The classes, gravest first: the first one found gives the exit status."""

    HISTORY = "history"
    CHECKPOINT = "checkpoint"
    COSIGNATURE = "cosignature"
    ROOT = "root"
    ENTRY = "entry"
    TILE = "tile"
    MISSING = "missing"
    STRAY = "stray"

    @property
    def status(self) -> int:
        """The exit status of the command when this is the gravest class found."""
        return exits.LOG_STATUSES[self.value]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, and what stands there instead of what.

    `entry` is the index of the first entry that it concerns, `position` that of the hash within
    the tile.
    """

    kind: Kind
    path: str
    message: str
    expected: str = ""
    received: str = ""
    entry: int | None = None
    position: int | None = None


@dataclass
class Faults:
    """Everything found so far: the first ones by name, all by number."""

    kept: list[Fault] = field(default_factory=list)
    counts: Counter[Kind] = field(default_factory=Counter)

    def add(self, *faults: Fault) -> None:
        """Count faults, and keep them while there is room."""
        self.extend(faults)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Count faults, and keep them while there is room."""
        for fault in faults:
            self.counts[fault.kind] += 1
            if len(self.kept) < MAX_KEPT:
                self.kept.append(fault)

    @property
    def gravest(self) -> Kind | None:
        """The class that the exit status is of; None when nothing is wrong."""
        return next((kind for kind in Kind if self.counts[kind]), None)
