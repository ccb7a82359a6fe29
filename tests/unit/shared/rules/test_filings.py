"""What a State has filed: newest versions, amended where amended, without what was withdrawn."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.models.declaration.national import S2And
from sextant_shared.models.declaration.ocpf import OcpfAnnual
from sextant_shared.models.declaration.schedule2 import S2SiteAdpa
from sextant_shared.rules.filings import NO_FILINGS, Filings

FOLDER = Path(__file__).resolve().parents[4] / "examples" / "kinds"


def document(kind: str, **members: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text())
    return {**loaded, **members}


def amendment(version: int, number: str, *changes: tuple[str, Any, Any]) -> dict[str, Any]:
    return document(
        "AMENDMENT",
        declaration_id=number,
        amends={"declaration_id": "XAL-2025-S2-AND", "version": version},
        changes=[
            {"pointer": pointer, "old": old, "new": new, "reason": "TYPO"}
            for pointer, old, new in changes
        ],
    )


def withdrawal(number: str, version: int = 1, site: str | None = None) -> dict[str, Any]:
    members = document("WITHDRAWAL", withdraws={"declaration_id": number, "version": version})
    return {**members, "site_code": site}


def consumed(filings: Filings) -> str:
    """Return the first consumption of the one aggregate declaration."""
    (national,) = filings.filed(S2And, "XAL", 2025)
    amount = national.records[0].consumed
    assert amount is not None
    return amount.text


CONSUMED = "/records/0/consumed/value"


def test_the_newest_version_counts_whatever_the_order() -> None:
    newer = copy.deepcopy(document("S2_AND", version=2))
    newer["records"][0]["consumed"]["value"] = "130"
    for documents in ([document("S2_AND"), newer], [newer, document("S2_AND")]):
        assert consumed(Filings.from_documents(documents)) == "130 t"
        assert consumed(Filings(map(read_declaration, documents))) == "130 t"


def test_amendments_apply_in_the_order_of_their_versions() -> None:
    later = amendment(2, "XAL-A2", (CONSUMED, "125", "126"))
    first = amendment(1, "XAL-A1", (CONSUMED, "121", "125"))
    filings = Filings.from_documents([later, first, document("S2_AND")])
    assert consumed(filings) == "126 t"
    (national,) = filings.filed(S2And, "XAL", 2025)
    assert national.version == 3


@pytest.mark.parametrize(
    "flawed",
    [
        amendment(1, "XAL-A1", (CONSUMED, "120", "125")),
        amendment(2, "XAL-A1", (CONSUMED, "121", "125")),
        amendment(1, "XAL-A1", (CONSUMED, "121", "much")),
        {**amendment(1, "XAL-A1", (CONSUMED, "121", "125")), "state_code": "XBO"},
        amendment(1, "XAL-A1", ("/nowhere/else", "121", "125")),
    ],
    ids=["other value", "later version", "no amount", "other State", "no such place"],
)
def test_an_amendment_that_does_not_fit_changes_nothing(flawed: Mapping[str, Any]) -> None:
    assert consumed(Filings.from_documents([document("S2_AND"), flawed])) == "121 t"


def test_after_an_amendment_that_does_not_fit_the_next_one_is_still_tried() -> None:
    misfit = amendment(1, "XAL-A0", (CONSUMED, "7", "8"))
    good = amendment(1, "XAL-A1", (CONSUMED, "121", "125"))
    assert consumed(Filings.from_documents([document("S2_AND"), misfit, good])) == "125 t"


def test_what_does_not_read_is_passed_over() -> None:
    odd: list[Any] = [{}, {"kind": "S9"}, {"kind": "S2_AND", "schema": "x"}]
    odd.append(document("S2_AND", records="none"))
    assert not Filings.from_documents(odd)
    assert consumed(Filings.from_documents([*odd, document("S2_AND")])) == "121 t"


def test_a_withdrawn_declaration_is_not_there() -> None:
    filings = Filings.from_documents([document("S2_AND"), withdrawal("XAL-2025-S2-AND")])
    assert list(filings.filed(S2And, "XAL", 2025)) == []


def test_what_was_filed_after_a_withdrawal_holds() -> None:
    documents = [document("S2_AND", version=2), withdrawal("XAL-2025-S2-AND", 1)]
    assert list(Filings.from_documents(documents).filed(S2And, "XAL", 2025))


def test_a_withdrawal_of_another_state_does_not_touch_it() -> None:
    foreign = {**withdrawal("XAL-2025-S2-AND"), "state_code": "XBO"}
    filings = Filings.from_documents([document("S2_AND"), foreign])
    assert list(filings.filed(S2And, "XAL", 2025))


def sites(filings: Filings) -> list[str]:
    return [s.plant_site_code for d in filings.filed(OcpfAnnual, "XAL", 2025) for s in d.sites]


def test_a_withdrawn_site_leaves_the_list_and_the_others_stay() -> None:
    documents = [document("OCPF_ANNUAL"), withdrawal("XAL-2025-OCPF", site="XAL-OC-003")]
    assert sites(Filings.from_documents(documents)) == ["XAL-OC-001", "XAL-OC-002"]


def test_a_list_without_any_site_left_is_gone() -> None:
    codes = ("XAL-OC-001", "XAL-OC-002", "XAL-OC-003")
    gone = [
        {**withdrawal("XAL-2025-OCPF", site=code), "declaration_id": f"XAL-W-{code}"}
        for code in codes
    ]
    filings = Filings.from_documents([document("OCPF_ANNUAL"), *gone])
    assert list(filings.filed(OcpfAnnual, "XAL", 2025)) == []
    assert sites(Filings.from_documents([document("OCPF_ANNUAL"), *gone[:2]])) == ["XAL-OC-003"]


def test_a_site_form_goes_with_its_own_site_only() -> None:
    form, number = document("S2_SITE_ADPA"), "XAL-2025-S2-PS-0007"
    for site, left in (("XAL-PS-0007", 0), ("XAL-PS-0008", 1), (None, 0)):
        filings = Filings.from_documents([form, withdrawal(number, site=site)])
        assert len(list(filings.filed(S2SiteAdpa, "XAL", 2025))) == left


def test_declarations_of_two_states_may_have_the_same_number() -> None:
    documents = [document("S2_AND"), document("S2_AND", state_code="XBO")]
    filings = Filings.from_documents(documents)
    assert filings.states == ["XAL", "XBO"]
    assert [len(list(filings.filed(S2And, s, 2025))) for s in filings.states] == [1, 1]


def test_a_declaration_is_not_compared_with_itself() -> None:
    national = read_declaration(document("S2_AND"))
    filings = Filings([national])
    assert list(filings.of(DeclarationBase, national, 2025)) == []
    other = read_declaration(document("S2_AND", declaration_id="XAL-2025-OTHER"))
    assert list(filings.of(S2And, other, 2025)) == [national]
    assert list(filings.of(S2And, other, 2024)) == []
    assert list(filings.of(OcpfAnnual, other, 2025)) == []


def test_years_are_those_of_which_something_is_known() -> None:
    documents = [document("S2_SITE_ADAA"), document("S2_AND"), document("NIL")]
    assert Filings.from_documents(documents).years == [2023, 2025, 2027]
    assert not NO_FILINGS
    assert NO_FILINGS.states == []
