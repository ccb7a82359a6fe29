"""Templates: what may be chosen can be chosen, what must be filled in shows, nothing is locked."""

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from sextant_client.prepare.checking import check_file
from sextant_client.prepare.documents import read_sourced, write_document
from sextant_client.prepare.layout import CODES, HEADING, layout_of
from sextant_client.prepare.new import Beginning, new_document
from sextant_client.prepare.template import write_template
from sextant_shared import codelists
from sextant_shared.errors import PlatformError
from sextant_shared.models.declaration import CATALOGUE, KINDS
from tests.support.workbooks import column

HEADING_OF = {"state_code": "XAL", "language": "en", "na_contact": [{"name": "Desk"}]}


def template(path: Path, kind: str = "S2_SITE_ADPA") -> Path:
    write_template(path, CATALOGUE[kind], Beginning(2025, HEADING_OF))
    return path


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_template_of_each_kind_reads_as_what_is_known(
    kind: str, ending: str, tmp_path: Path
) -> None:
    read = read_sourced(template(tmp_path / f"x{ending}", kind))
    assert read.findings == ()
    assert (read.document["kind"], read.document["state_code"]) == (kind, "XAL")
    assert read.document["na_contact"] == [{"name": "Desk"}]


def test_a_template_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        template(tmp_path / "x.json")
    assert ".xlsx, .csv" in caught.value.expected


def test_every_finding_of_a_blank_template_names_a_cell(tmp_path: Path) -> None:
    for ending, part in ((".xlsx", "!"), (".csv", "line")):
        findings = check_file(template(tmp_path / f"x{ending}")).report.findings
        assert findings
        assert all(part in finding.source for finding in findings)


def test_the_sheets_are_those_of_the_kind_with_a_frozen_first_row(tmp_path: Path) -> None:
    book = load_workbook(template(tmp_path / "x.xlsx"))
    names = [sheet.name for sheet in layout_of("S2_SITE_ADPA").all()]
    assert book.sheetnames == [*names, CODES]
    assert {sheet.freeze_panes for sheet in book} == {"A2", "C2"}
    assert not any(sheet.protection.sheet for sheet in book)


def test_what_must_be_filled_in_is_marked_and_explained(tmp_path: Path) -> None:
    book = load_workbook(template(tmp_path / "x.xlsx"))
    heads = {cell.value: cell for cell in book["Plants"][1]}
    assert "plant_code *" in heads
    assert "other_s2_activity" in heads
    assert "Required." in str(heads["plant_code *"].comment)
    assert "[VII.7(a)]" in str(heads["name *"].comment)
    fields = {row[0].value: row for row in book[HEADING].iter_rows(min_row=2)}
    assert fields["address.city *"][3].value == "City."
    assert fields["address.city *"][4].value == "VII.6(b)"
    assert "note" in fields


def test_codes_units_and_words_can_be_chosen(tmp_path: Path) -> None:
    path = template(tmp_path / "x.xlsx")
    chosen = {name: offered(path, *name) for name in OFFERED}
    assert chosen["Plants", "dedication"] == '"DEDICATED,MULTIPURPOSE"'
    assert chosen["Chemicals", "produced"] == '"nil,not-applicable,unknown"'
    assert chosen["Chemicals", "produced unit"] == '"t,kg,g,mg"'
    for name, codelist in OFFERED.items():
        if codelist:
            listed = codes_at(path, chosen[name])
            assert set(listed) == set(codelists.codes(codelist)), name
    assert set(codes_at(path, chosen["Purposes", "states"])) >= {"NLD", "DEU"}
    assert "111-48-8" in codes_at(path, chosen["Chemicals", "chemical.cas"])
    assert "107-44-8" not in codes_at(path, chosen["Chemicals", "chemical.cas"])  # Schedule 1


OFFERED = {
    ("Plants", "dedication"): "",
    ("Chemicals", "produced"): "",
    ("Chemicals", "produced unit"): "",
    ("Chemicals", "chemical.cas"): "",
    ("Purposes", "states"): "",
    ("Plants", "main_activities"): "activities",
    ("Purposes", "code"): "purposes",
    ("Purposes", "product_group"): "product_groups",
}


def test_ranges_are_those_of_the_regime(tmp_path: Path) -> None:
    path = template(tmp_path / "x.xlsx", "S3_SITE_ADPA")
    listed = codes_at(path, offered(path, "Chemicals", "production_range"))
    assert set(listed) == set(codelists.codes("ranges", "S3"))


def test_a_drop_down_warns_and_does_not_forbid(tmp_path: Path) -> None:
    for sheet in load_workbook(template(tmp_path / "x.xlsx")):
        for choice in sheet.data_validations.dataValidation:
            assert choice.errorStyle == "warning"


def test_what_is_marked_has_a_colour_of_its_own(tmp_path: Path) -> None:
    document = new_document(CATALOGUE["S2_SITE_ADPA"], Beginning(2025, HEADING_OF))
    path = tmp_path / "x.xlsx"
    write_document(path, document, frozenset({"/plants/0/name", "/name", "/plants/0/chemicals"}))
    book = load_workbook(path)
    fills = {
        (sheet, name): book[sheet][f"{column(path, sheet, name)}2"].fill.fgColor.rgb
        for sheet, name in (("Plants", "name"), ("Plants", "plant_code"), ("Earlier", "year"))
    }
    assert fills["Plants", "name"] == fills["Earlier", "year"] != fills["Plants", "plant_code"]


def offered(path: Path, sheet: str, name: str) -> str:
    """Return what a column offers: words in quotes, or where they stand."""
    letter = column(path, sheet, name)
    for choice in load_workbook(path)[sheet].data_validations.dataValidation:
        if f"{letter}2" in choice.sqref:
            return str(choice.formula1)
    raise AssertionError(f"{sheet} offers nothing at {name}")


def codes_at(path: Path, where: str) -> list[Any]:
    sheet, _, cells = where.partition("!")
    return [row[0].value for row in load_workbook(path)[sheet][cells.replace("$", "")]]
