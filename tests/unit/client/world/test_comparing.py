"""The comparing rules beside all that a State of the made-up world files.

They leave honest declarations alone, but for a few that differ honestly, and find each fault that
one State's own filings show.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from sextant_client.world import Document, World, documents_of
from sextant_client.world import faults as kinds
from sextant_client.world.truth import make_truth
from sextant_shared.errors import Finding, Severity
from sextant_shared.rules import check, check_filings
from sextant_shared.rules.filings import Filings
from sextant_shared.rules.policy import DEFAULT_POLICY
from tests.unit.client.world.conftest import PLAN

COMPARING = {"C1", "C2", "C3", "C6", "C7", *(f"X{number}" for number in range(1, 14))}
# Which rules are about a fault that one State's own filings show.
ABOUT = {
    kinds.CAPACITY_EXCEEDED: {"X5"},
    kinds.OWNER_CHANGE_UNSAID: {"X11"},
    kinds.ADDITIONAL_MISSED: {"X9"},
    kinds.ADAA_WITHOUT_ADPA: {"C2", "C3"},
    kinds.S1_NOTICE_ONE_SIDED: {"C7"},
    kinds.MISSING_FILING: {"C1"},
    kinds.SITE_OMITTED_FROM_AND: {"X1", "X3"},
}
Told = tuple[int, Finding]
"""The year that is reported on, and a finding."""


def told(documents: Sequence[Document]) -> Iterator[Told]:
    """Yield what the comparing rules say of everything that one State filed."""
    sent = [(document, document.data) for document in documents if document.data is not None]
    filings = Filings.from_documents(json.loads(data) for _, data in sent)
    for document, data in sent:
        for finding in check(data, DEFAULT_POLICY, filings).findings:
            if finding.rule in COMPARING:
                yield document.year, finding
    for year in sorted({document.year for document, _ in sent}):
        for finding in check_filings(filings, year):
            yield year, finding


@pytest.fixture(scope="module")
def honest() -> tuple[int, list[Told]]:
    truth = make_truth(PLAN)
    every = [list(documents_of(truth, state)) for state in truth.profiles]
    return sum(map(len, every)), [found for documents in every for found in told(documents)]


def test_honest_declarations_have_nothing_to_fix(honest: tuple[int, list[Told]]) -> None:
    assert [f.message for _, f in honest[1] if f.severity is Severity.MUST_FIX] == []


def test_few_honest_declarations_have_something_to_explain(
    honest: tuple[int, list[Told]],
) -> None:
    documents, found = honest
    explain = Counter(f.rule for _, f in found if f.severity is Severity.EXPLAIN_OR_FIX)
    assert documents > 2_000
    assert explain.total() < documents / 100, explain
    # A first version with a slip, and a chemical that is not made any more and without a nil.
    assert set(explain) <= {"X4", "C1", "C3"}


def test_each_fault_that_own_filings_show_is_found(world: World) -> None:
    found: dict[str, list[Told]] = {}
    struck: Counter[str] = Counter()
    for fault in world.faults.faults:
        if fault.kind not in ABOUT:
            continue
        struck[fault.kind] += 1
        state = fault.declarant
        if state not in found:
            found[state] = list(told(list(documents_of(world, state))))
        rules = {finding.rule for year, finding in found[state] if year in fault.years}
        assert rules & ABOUT[fault.kind], (fault, rules)
    assert set(struck) == set(ABOUT)
