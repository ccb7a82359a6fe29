"""The table of expectations: after what a kind is expected of a State, by which law.

Responsible for the rows as data, each with its evidence mark. A row marked T is what the treaty's
text obliges to; a row marked P is what a reader of the State's history expects, and may be wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from sextant_shared.codelists.loading import ListFile, Row, data_of, read_checked
from sextant_shared.deadlines import rules_by_kind

FOLDER: Traversable = files("sextant_declarations.analysis.obligations") / "data"
_FILE = ListFile(
    "expectations.csv",
    ("kind", "because", "of", "until", "instead", "law", "evidence", "note"),
    ("kind", "because"),
)


class Because(StrEnum):
    """Why something is owed."""

    EVERY = "every"
    """Every State Party owes it each year."""
    PROFILE = "profile"
    """The State's profile says that it has what is declared."""
    AGAIN = "again"
    """It was declared for the year before."""
    ACTIVE = "active"
    """The plant site was above a threshold in one of the two years before."""
    PLANNED = "planned"
    """It was planned for that year."""
    FACILITY = "facility"
    """The facility was declared for the year before."""
    SITES = "sites"
    """Plant sites of the same year were declared."""
    NOTICES = "notices"
    """Transfers of the same year were notified."""
    PROGRAMME = "programme"
    """A plan of destruction was sent for the period."""
    ENTRY = "entry"
    """The Convention entered into force for the State."""
    DECLARED = "declared"
    """It was declared: nothing else made it expected."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A kind, after which (`of`) it is expected, until which, and what does as well (`instead`)."""

    kind: str
    because: Because
    of: tuple[str, ...]
    until: tuple[str, ...]
    instead: tuple[str, ...]
    law: str
    evidence: str
    note: str


def read_expectations(folder: Traversable = FOLDER) -> tuple[Expectation, ...]:
    """Return the rows of a folder.

    Raises:
        PlatformError: INTERNAL, naming every problem of the file.
    """

    def check(_row: Row, one: Expectation) -> Iterator[tuple[str, str]]:
        if one.because is not Because.EVERY and not one.of:
            yield "of", "must name the kinds after which it is expected"
        for kind in (one.kind, *one.of, *one.until, *one.instead):
            if kind not in rules_by_kind():
                yield "kind", f"{kind} is no kind of the table of deadlines"

    return read_checked(_FILE, folder, _expectation, check)


@lru_cache
def expectations() -> tuple[Expectation, ...]:
    """Return all rows, in the order of the table."""
    return read_expectations()


def expectations_bytes() -> bytes:
    """Return the table as it lies in the package, for the digest of what was reckoned by."""
    return data_of(_FILE.name, FOLDER)


def _expectation(row: Row) -> Expectation:
    because = row.choice("because", Because)
    return Expectation(
        kind=row.text("kind"),
        because=Because(because) if because in set(Because) else Because.AGAIN,
        of=tuple(row.maybe("of").split()),
        until=tuple(row.maybe("until").split()),
        instead=tuple(row.maybe("instead").split()),
        law=row.text("law"),
        evidence=row.evidence(),
        note=row.maybe("note"),
    )
