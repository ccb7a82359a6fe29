"""What rules look at: parts by type, codes by list, what is around a place, the day that counts."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.models.declaration.amount import Amount, Quantity
from sextant_shared.models.declaration.chemical import Chemical, Schedule2Chemical, Substance
from sextant_shared.models.declaration.heading import FileRef
from sextant_shared.models.declaration.national import CountryRow, S2And, S2Record
from sextant_shared.models.declaration.ocpf import OcpfAnnual, OcpfSite
from sextant_shared.models.declaration.schedule2 import S2SiteAdpa
from sextant_shared.models.declaration.site import Purpose
from sextant_shared.rules.filings import NO_FILINGS, Filings
from sextant_shared.rules.fitting import subject_of_flawed
from sextant_shared.rules.shape import branches, is_list, members, models_of
from sextant_shared.rules.subject import Subject

KINDS = Path(__file__).resolve().parents[4] / "examples" / "kinds"


def document(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((KINDS / f"{kind}.json").read_text())
    return loaded


def declaration(kind: str) -> DeclarationBase:
    return read_declaration(document(kind))


AND = Subject(declaration("S2_AND"))


def test_parts_are_found_by_type_with_their_places() -> None:
    assert [pointer for pointer, _ in AND.every(S2Record)] == [f"/records/{k}" for k in range(4)]
    assert AND.every(S2And) == [("", AND.declaration)]
    assert ("/records/1/exports/0/quantity", Amount(value="22", unit="t")) in AND.every(Amount)


def test_a_type_finds_the_parts_of_its_subtypes_too() -> None:
    places = [pointer for pointer, _ in AND.every(Schedule2Chemical)]
    assert places == [pointer for pointer, _ in AND.every(Chemical)]
    assert places == [pointer for pointer, _ in AND.every(Substance)]
    assert AND.every(Quantity) == AND.every(Amount)
    assert AND.every(FileRef) == []


def test_codes_come_with_their_places_and_the_regime_that_they_must_have() -> None:
    ocpf = Subject(declaration("OCPF_ANNUAL"))
    ranges = set(ocpf.codes("ranges"))
    assert ("/sites/0/doc_range", "DOC-R2", "DOC") in ranges
    assert ("/sites/0/psf_plants/0/range", "PSF-R3", "PSF") in ranges
    assert ("/sites/1/product_groups/1", "575", "") in set(ocpf.codes("product_groups"))
    assert not [place for place, _, _ in ocpf.codes("ranges") if place.startswith("/sites/2/doc")]


def test_a_place_knows_the_nearest_part_around_it() -> None:
    place = "/records/1/exports/0/quantity/unit"
    assert AND.around(place, S2Record) == AND.every(S2Record)[1][1]
    row = AND.around(place, CountryRow, S2Record)
    assert isinstance(row, CountryRow)
    assert AND.around(place, DeclarationBase) is AND.declaration
    assert AND.around(place, OcpfSite) is None
    assert AND.around("/records/1", S2Record) is None


@pytest.mark.parametrize(
    ("kind", "day"),
    [
        ("S2_AND", dt.date(2025, 12, 31)),
        ("S1_TRANSFER_NOTIF", dt.date(2025, 6, 16)),
        ("S2_SITE_INITIAL", dt.date(1997, 4, 29)),
    ],
)
def test_codes_count_on_the_day_of_the_event_or_at_the_end_of_the_year(
    kind: str, day: dt.date
) -> None:
    subject = Subject(declaration(kind))
    assert subject.day == day
    assert subject.state == "XAL"


def test_other_filings_are_at_hand() -> None:
    filings = Filings([declaration("S3_AND")])
    assert Subject(declaration("S2_AND"), filings).filings is filings
    assert AND.filings is NO_FILINGS


def test_of_a_flawed_document_what_fits_is_found() -> None:
    flawed = document("S2_AND")
    flawed["records"][0]["chemical"] = "Thiodiglycol"
    flawed["records"][1]["produced"] = 58
    flawed["reporting_year"] = "2025"
    flawed["bogus"] = {"state_code": "XAL"}
    subject = subject_of_flawed(S2And, flawed)
    assert subject.day is None
    assert subject.declaration.year == 0
    assert subject.state == "XAL"
    assert subject.every(S2And) == []
    assert [pointer for pointer, _ in subject.every(S2Record)] == [
        f"/records/{k}" for k in (1, 2, 3)
    ]
    assert dict(subject.every(S2Record))["/records/1"].produced is None
    assert "/records/0/exports/1" in dict(subject.every(CountryRow))
    assert ("/records/0/exports/1/state_code", "XCY", "") in set(subject.codes("states"))
    assert ("/state_code", "XAL", "") in set(subject.codes("states"))
    assert isinstance(subject.around("/records/0/exports/1", S2Record), S2Record)


def test_a_heading_that_only_lacks_what_no_rule_judges_is_whole() -> None:
    flawed = document("S2_SITE_ADPA")
    del flawed["na_contact"]
    flawed["confidentiality"] = None
    subject = subject_of_flawed(S2SiteAdpa, flawed)
    ((place, site),) = subject.every(S2SiteAdpa)
    assert (place, site.reporting_year, len(site.plants)) == ("", 2025, 2)
    assert "/plants/0/chemicals/0/purposes/0" in dict(subject.every(Purpose))


def test_only_the_heading_may_lack_what_is_asked_for() -> None:
    flawed = document("OCPF_ANNUAL")
    del flawed["sites"][0]["name"]
    subject = subject_of_flawed(OcpfAnnual, flawed)
    assert [pointer for pointer, _ in subject.every(OcpfSite)] == ["/sites/1", "/sites/2"]


def test_each_part_is_found_once_however_deep_the_flaw() -> None:
    flawed = document("S2_SITE_ADPA")
    flawed["plants"][1]["chemicals"][0]["chemical"]["structure"] = 1
    whole = Subject(declaration("S2_SITE_ADPA"))
    subject = subject_of_flawed(S2SiteAdpa, flawed)
    places = [place for place, _ in subject.every(Chemical)]
    assert sorted(places) == sorted(place for place, _ in whole.every(Chemical))
    assert dict(subject.every(Chemical))["/plants/1/chemicals/0/chemical"].structure is None


def test_a_list_that_is_none_and_a_part_that_is_none_hold_nothing() -> None:
    flawed = document("S2_SITE_ADPA")
    flawed["plants"] = {"0": flawed["plants"][0]}
    flawed["address"] = [flawed["address"]]
    subject = subject_of_flawed(S2SiteAdpa, flawed)
    assert subject.every(Chemical) == []
    assert {place for place, _, _ in subject.codes("states")} == {"/state_code"}


def test_the_shape_of_a_model_is_read_from_its_types() -> None:
    fields = members(S2Record)
    assert ("imports", "imports") in branches(S2Record)
    assert ("basis_note", "basis_note") not in branches(S2Record)
    assert models_of(fields["imports"]) == [CountryRow]
    assert models_of(fields["produced"]) == [Amount]
    assert [name for name, field in fields.items() if is_list(field)] == ["imports", "exports"]
    assert is_list(FieldInfo(annotation=list[str] | None))
    assert not is_list(FieldInfo(annotation=str | None))
    assert "schema" in members(S2And)
    assert "schema_" not in members(S2And)
