"""Bad workbooks: each is told with its cell and what mends it, never a traceback, never a guess."""

import datetime as dt
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.formula import ArrayFormula

from sextant_client.prepare.archive import LIMITS
from sextant_client.prepare.checking import Checked, check_file
from sextant_client.prepare.documents import read_sourced
from sextant_client.prepare.sourced import Sourced
from sextant_client.prepare.workbook_writing import write_workbook
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.declaration.folding import plain
from tests.support.memory import peak_growth
from tests.support.workbooks import Change, cell, column, field_cell, repacked, workbook

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
SITE: dict[str, Any] = json.loads((EXAMPLES / "kinds/S2_SITE_ADPA.json").read_bytes())
NATIONAL: dict[str, Any] = json.loads((EXAMPLES / "NA-XAL/s2-and-2025.json").read_bytes())
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return workbook(tmp_path / "site.xlsx", SITE)


# ---- what is wrong in a cell


def test_a_file_saved_again_by_another_program_says_the_same(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", SITE, lambda _book: None)
    read = read_sourced(path)
    assert read.findings == ()
    assert plain(read.document) == plain(SITE)


@pytest.mark.parametrize(
    ("value", "form", "says"),
    [
        ("86,5", None, "one way only"),
        ("1 234", None, "one way only"),
        ("12 kg", None, "one way only"),
        ("=SUM(A1:A3)", None, "formula"),
        (ArrayFormula("A1:A2", "=B1:B2"), None, "formula"),
        ("#REF!", None, "error"),
        ("#N/A", None, "error"),
        (0.5, "0%", "percentage"),
        (12, '0.0" kg"', "«kg»"),
        (12, "#,##0,", "thousands"),
        (dt.date(2025, 3, 1), None, "one way only"),
        (True, None, "one way only"),
    ],
)
def test_an_amount_that_is_none_names_its_cell(
    value: Any, form: str | None, says: str, site: Path
) -> None:
    at = f"{column(site, 'Chemicals', 'produced')}2"
    found = only(changed(site, cell("Chemicals", at, value, form)))
    assert found.source == f"Chemicals!{at}"
    assert found.pointer == "/plants/0/chemicals/0/produced"
    assert says in found.message
    assert found.fix


def test_a_number_keeps_its_decimals_whatever_the_spreadsheet_stores(site: Path) -> None:
    at = f"{column(site, 'Chemicals', 'produced')}2"
    for typed, text in ((0.1, "0.1"), (265, "265"), (8.1, "8.1"), ("86.50", "86.50")):
        workbook(site, SITE, cell("Chemicals", at, typed))
        document = read_sourced(site).whole()
        assert document["plants"][0]["chemicals"][0]["produced"]["value"] == text


def test_a_number_that_was_calculated_is_refused_and_not_rounded(site: Path) -> None:
    at = f"{column(site, 'Chemicals', 'produced')}2"
    workbook(site, SITE, cell("Chemicals", at, 0.3))
    sum_of = b"<v>0.30000000000000004</v>"  # as a spreadsheet program keeps 0.1 + 0.2
    names = [f"xl/worksheets/sheet{number}.xml" for number in range(1, 9)]
    repacked(site, dict.fromkeys(names, lambda data: data.replace(b"<v>0.3</v>", sum_of)))
    found = only(check_file(site))
    assert (found.source, found.received) == (f"Chemicals!{at}", "0.30000000000000004")
    assert "calculated" in found.message


def test_a_missing_unit_is_found_at_the_units_cell(site: Path) -> None:
    at = f"{column(site, 'Chemicals', 'produced unit')}2"
    found = only(changed(site, cell("Chemicals", at, None)))
    assert (found.source, found.expected) == (f"Chemicals!{at}", "t, kg, g, mg")


def test_leading_zeros_that_only_the_format_shows_are_refused(site: Path) -> None:
    at = field_cell(site, "address.postal_code")
    found = only(changed(site, cell("Declaration", at, 1000, "00000")))
    assert "leading zeros" in found.message


def test_dates_are_read_from_date_cells_and_one_spelling(tmp_path: Path) -> None:
    document = json.loads((EXAMPLES / "kinds/S1_SSSF_INITIAL.json").read_bytes())
    path = workbook(tmp_path / "x.xlsx", document)
    at = field_cell(path, "event_date")
    assert changed(path, cell("Declaration", at, dt.date(1997, 4, 29))).is_whole
    assert read_sourced(path).whole()["event_date"] == "1997-04-29"
    for other in ("29/04/1997", 35549, "29 April 1997"):
        found = only(changed(path, cell("Declaration", at, other, "General")))
        assert (found.source, found.pointer) == (f"Declaration!{at}", "/event_date")


def test_an_unknown_code_is_found_by_the_rules_at_its_cell(site: Path) -> None:
    at = f"{column(site, 'Plants', 'main_activities')}2"
    checked = changed(site, cell("Plants", at, "ACT_PRODUCTON"))
    (found,) = [f for f in checked.report.findings if f.severity is Severity.MUST_FIX]
    assert (found.rule, found.source) == ("F7", f"Plants!{at}")


def test_a_value_that_does_not_fit_the_model_names_its_cell(site: Path) -> None:
    at = f"{column(site, 'Plants', 'dedication')}2"
    found = only(changed(site, cell("Plants", at, "PARTLY")))
    assert (found.rule, found.source) == ("S0", f"Plants!{at}")


def test_all_bad_cells_are_told_at_once(site: Path) -> None:
    produced, consumed = (column(site, "Chemicals", name) for name in ("produced", "consumed"))

    def change(book: Any) -> None:
        book["Chemicals"][f"{produced}2"] = "1,5"
        book["Chemicals"][f"{consumed}2"] = "=1"
        book["Plants"][f"{column(site, 'Plants', 'dedication')}2"] = "PARTLY"

    sources = {f.source for f in changed(site, change).report.findings}
    assert {f"Chemicals!{produced}2", f"Chemicals!{consumed}2"} < sources
    assert any(source.startswith("Plants!") for source in sources)


def test_merged_cells_are_refused_with_their_range(site: Path) -> None:
    checked = changed(site, lambda book: book["Plants"].merge_cells("B2:B3"))
    merged = [f for f in checked.report.findings if "merged" in f.message]
    assert [f.source for f in merged] == ["Plants!B2:B3"]
    assert not checked.is_whole


# ---- what is wrong with sheets, columns and rows


def test_a_misspelt_column_is_refused_with_the_nearest(site: Path) -> None:
    at = f"{column(site, 'Chemicals', 'produced')}1"
    checked = changed(site, cell("Chemicals", at, "produce"))
    found = told(checked, "produce is none")
    assert (found.source, found.expected) == (f"Chemicals!{at}", "produced")
    assert not checked.is_whole


def test_a_column_that_stands_twice_is_refused(site: Path) -> None:
    at = f"{column(site, 'Chemicals', 'consumed')}1"
    found = told(changed(site, cell("Chemicals", at, "produced")), "stands before")
    assert found.source == f"Chemicals!{at}"


def test_a_value_under_no_column_is_refused_once_a_column(site: Path) -> None:
    def change(book: Any) -> None:
        book["Plants"]["Z2"] = book["Plants"]["Z3"] = "a note"

    found = told(changed(site, change), "under no column")
    assert found.source == "Plants!Z2"


def test_a_sheet_whose_first_row_is_not_its_columns_is_refused(site: Path) -> None:
    def shift(book: Any) -> None:
        book["Declaration"].insert_rows(1)

    found = only(changed(site, shift))
    assert "with the columns field and value" in found.message


def test_a_misspelt_field_is_refused_with_the_nearest(site: Path) -> None:
    at = field_cell(site, "plant_site_code").replace("B", "A")
    found = told(changed(site, cell("Declaration", at, "plant_sitecode")), "plant_sitecode")
    assert (found.source, found.expected) == (f"Declaration!{at}", "plant_site_code")


def test_a_field_that_stands_twice_is_refused(site: Path) -> None:
    def change(book: Any) -> None:
        book["Declaration"].append(["version", 2])

    assert "stands twice" in told(changed(site, change), "version").message


def test_a_missing_sheet_is_told_once_and_a_like_named_one_is_suggested(site: Path) -> None:
    def rename(book: Any) -> None:
        book["Plants"].title = "Plant"

    checked = changed(site, rename)
    found = told(checked, "none of the kind's")
    assert (found.source, found.expected) == ("Plant!A1", "Plants")
    assert told(checked, "no sheet Plants").pointer == "/plants"
    assert [f for f in checked.report.findings if f.pointer == "/plants" and f.rule == "S0"] == [
        told(checked, "no sheet Plants")
    ]


def test_a_sheet_of_ones_own_is_left_alone_and_said_so(site: Path) -> None:
    checked = changed(site, lambda book: book.create_sheet("My sums"))
    assert checked.is_whole
    assert told(checked, "not read").severity is Severity.INFORMATION


def test_a_hidden_sheet_is_refused(site: Path) -> None:
    def hide(book: Any) -> None:
        book["Earlier"].sheet_state = "veryHidden"

    checked = changed(site, hide)
    assert told(checked, "hidden").source == "Earlier!A1"
    assert not checked.is_whole


def test_another_workbook_is_refused_with_where_to_begin(tmp_path: Path) -> None:
    book = Workbook()
    book.save(tmp_path / "x.xlsx")
    found = only(check_file(tmp_path / "x.xlsx"))
    assert (found.source, found.received) == ("Sheet!A1", "Sheet")
    assert "sextant template" in found.fix


def test_a_kind_that_is_none_is_refused_at_its_cell(site: Path) -> None:
    at = field_cell(site, "kind")
    found = only(changed(site, cell("Declaration", at, "S2_SITE")))
    assert (found.source, found.pointer) == (f"Declaration!{at}", "/kind")


def test_a_row_of_a_row_that_is_not_there_is_refused_with_the_nearest(site: Path) -> None:
    checked = changed(site, cell("Chemicals", "A2", "XAL-PS-0007-AA"))
    found = told(checked, "no row of Plants")
    assert (found.source, found.expected) == ("Chemicals!A2", "XAL-PS-0007-A")


def test_a_blank_name_stands_for_the_only_row_and_for_no_other(tmp_path: Path) -> None:
    blank = cell("Chemicals", "A2", None)
    two = {**SITE, "plants": [SITE["plants"][0], {**SITE["plants"][0], "plant_code": "XAL-B"}]}
    path = workbook(tmp_path / "x.xlsx", two, blank)
    assert told(check_file(path), "several rows of Plants").source == "Chemicals!A2"
    one = {**SITE, "plants": SITE["plants"][:1]}
    path = workbook(tmp_path / "x.xlsx", one, blank)
    assert plain(read_sourced(path).whole()) == plain(one)


# ---- what is no workbook, or no harmless one


def test_half_a_file_is_refused(site: Path) -> None:
    data = site.read_bytes()
    for part in (data[: len(data) // 2], data[:10], b"", b"PK\x03\x04" + bytes(100)):
        site.write_bytes(part)
        assert "no workbook, or only a part" in only(check_file(site)).message


def test_a_workbook_with_flipped_bytes_is_read_or_refused(site: Path) -> None:
    data = site.read_bytes()
    for at in range(0, len(data), len(data) // 61):
        site.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        assert check_file(site).report.verdict in {"REGISTERED", "RETURNED", "REJECTED"}


def test_a_zip_bomb_is_refused_before_it_is_unpacked(site: Path) -> None:
    with (
        zipfile.ZipFile(site, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/media/bomb.bin", "w", force_zip64=True) as entry,
    ):
        for _ in range(1024):
            entry.write(bytes(1 << 20))
    started = time.monotonic()
    assert peak_growth(lambda: check_file(site)) < 20 << 20
    assert time.monotonic() - started < 2
    checked = check_file(site)
    assert checked.report.verdict == "REJECTED"
    assert "larger than any declaration" in only(checked).message


def test_a_steep_entry_and_many_entries_are_refused(site: Path) -> None:
    with zipfile.ZipFile(site, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/steep.xml", bytes(LIMITS.ratio_from + 1))
    assert "fold" in only(check_file(site)).received
    with zipfile.ZipFile(site, "w") as archive:
        for number in range(LIMITS.max_entries + 1):
            archive.writestr(f"{number}", b"")
    assert "entries" in only(check_file(site)).received


def test_entities_inside_are_not_expanded(site: Path) -> None:
    lol = b'<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

    def attack(data: bytes) -> bytes:
        return lol + data.partition(b"?>")[2].replace(b"<t>", b"<t>&b;", 1)

    for entry in ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml"):
        path = repacked(workbook(site, SITE), {entry: attack})
        assert "EntitiesForbidden" in only(check_file(path)).message


def test_a_workbook_with_macros_is_refused_and_says_so(site: Path) -> None:
    repacked(site, {"xl/vbaProject.bin": lambda _: b"macro"})
    for name in ("x.xlsx", "x.xlsm"):
        path = site.with_name(name)
        path.write_bytes(site.read_bytes())
        assert "macros" in only(check_file(path)).message


def test_a_password_and_the_old_form_are_told_apart(tmp_path: Path) -> None:
    locked, old = tmp_path / "locked.xlsx", tmp_path / "old.xls"
    locked.write_bytes(OLE + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(1000))
    old.write_bytes(OLE + bytes(1000) + "Workbook".encode("utf-16-le") + bytes(1000))
    assert "password" in only(check_file(locked)).message
    assert "old form (.xls)" in only(check_file(old)).message


def test_links_to_other_workbooks_are_not_followed_and_said_so(site: Path) -> None:
    repacked(site, {"xl/externalLinks/externalLink1.xml": lambda _: b"<x/>"})
    found = told(check_file(site), "not followed")
    assert found.severity is Severity.INFORMATION


def test_a_million_empty_rows_are_passed_over(site: Path) -> None:
    def change(data: bytes) -> bytes:
        rows = b"".join(b'<row r="%d" ht="15"/>' % n for n in range(1000, 1_048_577))
        return data.replace(b"</sheetData>", rows + b"</sheetData>")

    read: list[Sourced] = []
    repacked(site, {"xl/worksheets/sheet5.xml": change})
    assert peak_growth(lambda: read.append(read_sourced(site))) < 250 << 20
    assert plain(read[0].whole()) == plain(SITE)


def test_a_file_that_is_not_there_and_one_of_no_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        check_file(tmp_path / "none.xlsx")
    assert caught.value.code is Code.NOT_FOUND
    (tmp_path / "x.ods").write_bytes(b"x")
    with pytest.raises(PlatformError) as caught:
        check_file(tmp_path / "x.ods")
    assert ".xlsx" in caught.value.expected


# ---- what is written


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "#REF!", "=cmd|' /C calc'!A0"])
def test_a_text_that_looks_like_a_formula_stays_text(text: str, tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", {**SITE, "name": text, "owner_operator": text})
    at = load_workbook(path)["Declaration"][field_cell(path, "name")]
    assert (at.data_type, at.value) == ("s", text)
    assert at.quotePrefix == (text[0] in "=+-@")
    assert read_sourced(path).whole()["name"] == text


def test_a_text_too_long_for_a_cell_is_refused_and_not_cut(tmp_path: Path) -> None:
    amendment = json.loads((EXAMPLES / "kinds/AMENDMENT.json").read_bytes())
    amendment["changes"][0]["old"] = ["x" * 1000] * 40
    with pytest.raises(PlatformError) as caught:
        write_workbook(tmp_path / "x.xlsx", amendment, frozenset())
    assert caught.value.code is Code.TOO_LARGE
    assert not (tmp_path / "x.xlsx").exists()


def test_what_has_no_cell_is_refused_and_not_left_out(tmp_path: Path) -> None:
    odd = {**SITE, "surprise": 1, "plants": [{**SITE["plants"][0], "name": 7}]}
    with pytest.raises(PlatformError) as caught:
        write_workbook(tmp_path / "x.xlsx", odd, frozenset())
    assert "/surprise" in caught.value.received
    assert "/plants/0/name" in caught.value.received


def changed(path: Path, change: Change) -> Checked:
    book = load_workbook(path)
    change(book)
    book.save(path)
    return check_file(path)


def only(checked: Checked) -> Finding:
    """Return the one finding; what can be read of the rest is no worse for it."""
    (finding,) = checked.report.findings
    assert finding.severity is Severity.MUST_FIX
    return finding


def told(checked: Checked, words: str) -> Finding:
    (finding,) = [f for f in checked.report.findings if words in f.message]
    return finding
