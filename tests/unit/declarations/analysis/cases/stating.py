"""Makes cases out of sentences about transfers."""

import datetime as dt
from typing import Any

from sextant_declarations.analysis.cases.model import Case, Matched
from sextant_declarations.analysis.cases.workflow import CaseState, Priority
from sextant_declarations.analysis.transfers.model import Document, Pair
from tests.unit.declarations.analysis.transfers.stating import matched, said

TDG = "111-48-8"  # 2B: a threshold of 1 t
SINCE = dt.date(2026, 5, 1)


def pairs(cas: str, *sentences: str) -> list[Pair]:
    """Return the pairs that sentences are about, in order."""
    found = matched(said(cas, sentences))
    return [found[key] for key in sorted(found)]


def marked(pair: Pair, marking: str = "OPCW_RESTRICTED") -> Matched:
    """Return a pair whose declarations all have one marking."""
    documents: dict[Document, str] = dict.fromkeys(pair.versions, marking)
    return Matched(pair, documents)


def case(*about: Pair, marking: str = "OPCW_RESTRICTED", **changes: Any) -> Case:
    """Return a case about pairs."""
    members: dict[str, Any] = {
        "number": "TD-2025-000001",
        "state": CaseState.OPENED,
        "since": SINCE,
        "steps": 1,
        "priority": Priority.MEDIUM,
        "restricted": any(pair.klass.is_restricted for pair in about),
        "pairs": tuple(marked(pair, marking) for pair in about),
    }
    return Case(**{**members, **changes})


def different(exported: str = "8000", imported: str = "6900") -> Pair:
    """Return a difference between XAL and XCY."""
    (pair,) = pairs(
        TDG, f"2025 XAL exports to XCY {exported} kg", f"2025 XCY imports from XAL {imported} kg"
    )
    return pair
