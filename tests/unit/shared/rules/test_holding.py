"""What holds of what a State filed: newest versions, amended, without what was withdrawn."""

import itertools
from typing import Any

import pytest

from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.national import S2And
from sextant_shared.models.declaration.schedule2 import S2SiteAdpa
from sextant_shared.rules.filings import Filings
from tests.unit.shared.rules.filed import amendment, national, ocpf, read, site, withdrawal


def holding(filings: Filings, document: dict[str, Any]) -> DeclarationBase | None:
    return filings.holding(document["state_code"], document["declaration_id"])


def held_name(*filed: dict[str, Any]) -> str:
    found = holding(Filings(read(*filed)), site())
    assert isinstance(found, S2SiteAdpa)
    return f"{found.name} {found.version}"


def test_an_amendment_of_another_version_changes_nothing() -> None:
    late = amendment(site(version=2), ("/name", site()["name"], "Amended"))
    assert held_name(site(), late) == f"{site()['name']} 1"


def test_an_amendment_of_another_state_changes_nothing() -> None:
    foreign = {**amendment(site(), ("/name", site()["name"], "Amended")), "state_code": "XBO"}
    assert held_name(site(), foreign) == f"{site()['name']} 1"


def test_an_amendment_that_does_not_fit_leaves_the_declaration_as_it_is() -> None:
    for change in (("/name", "Something else", "Amended"), ("/name", site()["name"], 7)):
        assert held_name(site(), amendment(site(), change)) == f"{site()['name']} 1"


def test_amendments_follow_one_another_in_whatever_order_they_are_read() -> None:
    filed = [
        site(),
        amendment(site(), ("/name", site()["name"], "Second")),
        amendment(site(version=2), ("/name", "Second", "Third"), number="XAL-A2"),
    ]
    for order in itertools.permutations(filed):
        assert held_name(*order) == "Third 3"


def test_a_whole_version_sent_after_an_amendment_stands() -> None:
    amended = amendment(site(), ("/name", site()["name"], "Amended"))
    assert held_name(site(), amended, site(version=3, name="Whole")) == "Whole 3"


def test_what_was_withdrawn_holds_no_more() -> None:
    filings = Filings(read(site(), national(), withdrawal(site())))
    assert holding(filings, site()) is None
    assert list(filings.of(S2SiteAdpa, read(national())[0], 2025)) == []


def test_a_version_sent_after_its_withdrawal_holds() -> None:
    assert held_name(site(), withdrawal(site()), site(version=2)) == f"{site()['name']} 2"


def test_a_site_that_is_withdrawn_leaves_the_others_on_the_list() -> None:
    filed = ocpf()
    codes = [one["plant_site_code"] for one in filed["sites"]]
    assert len(codes) > 1
    found = holding(Filings(read(filed, withdrawal(filed, site_code=codes[0]))), filed)
    assert found is not None
    assert [one.plant_site_code for one in getattr(found, "sites", [])] == codes[1:]


def test_the_only_site_that_is_withdrawn_takes_its_declaration_with_it() -> None:
    filed = site()
    gone = withdrawal(filed, site_code=filed["plant_site_code"])
    assert holding(Filings(read(filed, gone)), filed) is None


def test_a_declaration_is_not_among_its_own_filings() -> None:
    subject = read(national())[0]
    filings = Filings(read(national(), site()))
    assert list(filings.of(S2And, subject, 2025)) == []
    assert [f.declaration_id for f in filings.of(S2SiteAdpa, subject, 2025)] == [
        site()["declaration_id"]
    ]


@pytest.mark.parametrize("year", [2024, 2026])
def test_filings_of_another_year_are_not_met(year: int) -> None:
    filings = Filings(read(site()))
    assert list(filings.of(S2SiteAdpa, read(national())[0], year)) == []
