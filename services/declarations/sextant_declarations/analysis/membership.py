"""Terms of States that the shipped list does not have: who joined when, who left.

The list of States that comes with a release says who is a State Party. A State that joins or leaves
between two releases is named in a file of the Secretariat, each line with its source; the file
stands before the list. Read whole or not at all: every line that does not fit is a finding. Not
responsible for what follows from a term (`transfers.policy`, `anomalies.terms`, `obligations`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from sextant_declarations.analysis.transfers.policy import ListedMembership, Term
from sextant_shared import codelists
from sextant_shared.encoding import canonical_json, parse_json, sha256
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.declaration.heading import Day, StateCode
from sextant_shared.models.strict import Strict, read_model

MAX_TERMS_BYTES = 1 << 20
IN_FORCE = dt.date(1997, 4, 29)
"""[T] Article XXI(1): 180 days after the 65th ratification; for no State earlier."""


class StatedTerm(Strict):
    """One line of the file: from when to when the Convention is in force for a State."""

    state: StateCode
    joined: Annotated[
        Day | None,
        Field(description="day of entry into force for the State; null is that of the list"),
    ]
    left: Annotated[
        Day | None,
        Field(description="first day on which it is in force no more; null while it is"),
    ]
    source: Annotated[str, Field(min_length=1, max_length=300, description="who says so, where")]


class TermsFile(Strict):
    """The file of terms."""

    terms: Annotated[list[StatedTerm], Field(max_length=1000)]


@dataclass(frozen=True)
class StatedTerms:
    """The terms of a file, by State; none where no file is named."""

    terms: Mapping[str, Term] = field(default_factory=dict)
    digest: bytes = sha256(canonical_json([]))
    """Names what was read, whatever its blanks and its order."""

    @property
    def membership(self) -> ListedMembership:
        """Who is a State Party when: these terms before the list."""
        return ListedMembership(self.terms)


def read_terms(data: bytes) -> StatedTerms:
    """Return the terms of a file.

    Raises:
        PlatformError: `E_MALFORMED`, with every place that does not fit.
    """
    file = read_model(TermsFile, parse_json(data, max_bytes=MAX_TERMS_BYTES))
    findings = [finding for n in range(len(file.terms)) for finding in _amiss(file.terms, n)]
    if findings:
        raise PlatformError(
            Code.MALFORMED,
            f"the terms of States do not fit in {len(findings)} place(s):"
            f" {findings[0].pointer}: {findings[0].message}",
            findings=findings,
            fix="Correct every place that the findings name.",
        )
    in_order = sorted(file.terms, key=lambda one: one.state)
    stated = {one.state: _term(one) for one in in_order}
    digest = sha256(canonical_json([one.model_dump(mode="json") for one in in_order]))
    return StatedTerms(MappingProxyType(stated), digest)


def _term(one: StatedTerm) -> Term:
    listed = codelists.states()[one.state]
    return Term(one.joined or listed.eif_date, one.left)


def _amiss(terms: Sequence[StatedTerm], n: int) -> Iterator[Finding]:
    """Yield what one line says that cannot be so."""
    one, at = terms[n], f"/terms/{n}"
    listed = codelists.states().get(one.state)
    if listed is None:
        yield _finding(
            f"{at}/state", "no State has this code", "a code of the list of States", one.state
        )
        return
    if one.state in {other.state for other in terms[:n]}:
        yield _finding(
            f"{at}/state", "the State has a term above", "one line for each State", one.state
        )
    if one.joined is None and one.left is None:
        yield _finding(at, "the line says nothing", "joined, left or both", "null, null")
    if one.joined is None and not listed.is_state_party:
        yield _finding(
            f"{at}/joined", "the list has the State as no State Party", "the day it joined", "null"
        )
    if one.joined is not None and one.joined < IN_FORCE:
        yield _finding(
            f"{at}/joined",
            "the Convention was not in force yet",
            f"{IN_FORCE} or later",
            f"{one.joined}",
        )
    joined = one.joined or listed.eif_date or IN_FORCE
    if one.left is not None and one.left <= joined:
        yield _finding(
            f"{at}/left", "the State leaves before it joined", f"after {joined}", f"{one.left}"
        )


def _finding(pointer: str, message: str, expected: str, received: str) -> Finding:
    return Finding(
        rule="S0",
        severity=Severity.MUST_FIX,
        pointer=pointer,
        message=message,
        expected=expected,
        received=received,
    )
