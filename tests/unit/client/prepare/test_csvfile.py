"""Bad CSV files: each is told with its line and column, never a traceback, never a guess."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from sextant_client.prepare import csvfile
from sextant_client.prepare.checking import Checked, check_file
from sextant_client.prepare.csvfile import write_csv
from sextant_client.prepare.documents import read_sourced
from sextant_shared.errors import Code, Finding, PlatformError
from sextant_shared.models.declaration.folding import plain

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
NATIONAL: dict[str, Any] = json.loads((EXAMPLES / "NA-XAL/s2-and-2025.json").read_bytes())
Rows = list[list[str]]


@pytest.fixture
def national(tmp_path: Path) -> Path:
    write_csv(tmp_path / "x.csv", NATIONAL)
    return tmp_path / "x.csv"


def test_a_years_trade_is_one_row_for_each_chemical_direction_and_state(national: Path) -> None:
    rows = read(national)
    names = rows[0]
    exports = [dict(zip(names, row, strict=True)) for row in rows if row[0] == "Exports"]
    first = {name: text for name, text in exports[0].items() if text}
    assert first == {
        "sheet": "Exports",
        "in Records": "2B 111-48-8",
        "state_code": "XBO",
        "quantity": "86.5",
        "quantity unit": "t",
        "qualifier": "EXACT",
    }


def test_a_file_written_by_hand_needs_only_the_columns_it_uses(tmp_path: Path) -> None:
    document = json.loads(json.dumps(NATIONAL))
    rows = [
        ["Exports", "", "", "2B 111-48-8", "", "", "XBO", "1", "t", "EXACT", ""],
        ["Records", "", "", "", "Thiodiglycol", "111-48-8", "", "", "", "", "2B"],
        *(["Declaration", name, str(value), *[""] * 8] for name, value in heading(document)),
        ["NaContact", "", "", "", *[""] * 7],
    ]
    columns = "sheet,field,value,in Records,chemical.name,chemical.cas,state_code,quantity,"
    columns += "quantity unit,qualifier,chemical.schedule"
    path = write(tmp_path / "x.csv", [columns.split(","), *rows])
    found = read_sourced(path)
    assert found.findings == ()
    (record,) = found.document["records"]
    assert record["exports"][0]["quantity"] == {"value": "1", "unit": "t"}
    assert found.source_of("/records/0/exports/0/quantity") == "line 2, column 8"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("begin", [b"", b"\xef\xbb\xbf"])
def test_the_separator_is_the_one_after_the_first_word(
    separator: str, begin: bytes, national: Path
) -> None:
    write(national, read(national), separator=separator)
    national.write_bytes(begin + national.read_bytes())
    read_back = read_sourced(national)
    assert read_back.findings == ()
    assert plain(read_back.document) == plain(NATIONAL)


@pytest.mark.parametrize(
    ("encoding", "says"), [("latin-1", "UTF-8"), ("utf-16", "UTF-8"), ("cp1252", "UTF-8")]
)
def test_another_encoding_is_refused_with_its_line(
    encoding: str, says: str, national: Path
) -> None:
    text = national.read_text().replace("Thiodiglycol", "Thiodiglycöl")
    national.write_bytes(text.encode(encoding))
    found = only(check_file(national))
    assert says in found.message + found.fix
    line = 1 if encoding == "utf-16" else 1 + text[: text.index("ö")].count("\n")
    assert found.source == f"line {line}"


def test_nul_bytes_and_unclosed_quotes_are_refused_with_their_line(national: Path) -> None:
    data = national.read_bytes()
    national.write_bytes(data.replace(b"Thiodiglycol", b"Thio\0diglycol"))
    assert "NUL" in only(check_file(national)).message
    national.write_bytes(data.replace(b"Thiodiglycol", b'"Thiodiglycol'))
    found = only(check_file(national))
    assert "no CSV" in found.message
    assert found.source == f"line {1 + data[: data.index(b'Thiodiglycol')].count(10)}"


def test_line_breaks_inside_a_text_do_not_shift_the_lines(tmp_path: Path) -> None:
    document = {**NATIONAL, "note": "one\ntwo\r\nthree"}
    write_csv(tmp_path / "x.csv", document)
    found = read_sourced(tmp_path / "x.csv")
    assert plain(found.document) == plain(document)
    line = int(found.source_of("/records/0").removeprefix("line "))
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[line - 1].startswith("Records,")


def test_a_decimal_comma_is_refused_at_its_line_and_column(national: Path) -> None:
    rows = read(national)
    at = rows[0].index("produced")
    line = next(n for n, row in enumerate(rows) if row[0] == "Records")
    rows[line][at] = "412,5"
    found = told(check_file(write(national, rows, separator=";")), "one way only")
    assert found.source == f"line {line + 1}, column {at + 1}"
    assert found.pointer == "/records/0/produced"
    assert "412.5" in found.fix


def test_unknown_and_doubled_columns_are_refused_with_the_nearest(national: Path) -> None:
    rows = read(national)
    at = rows[0].index("quantity")
    rows[0][at] = "quantty"
    found = told(check_file(write(national, rows)), "quantty is none")
    assert (found.source, found.expected) == (f"line 1, column {at + 1}", "quantity")
    rows[0][at] = "qualifier"
    assert told(check_file(write(national, rows)), "stands twice").source.startswith("line 1,")


def test_a_cell_under_no_column_or_anothers_is_refused(national: Path) -> None:
    rows = read(national)
    line = next(n for n, row in enumerate(rows) if row[0] == "Exports")
    at = rows[0].index("produced")
    rows[line][at] = "5"
    rows[line].append("6")
    checked = check_file(write(national, rows))
    assert told(checked, "no produced").source == f"line {line + 1}, column {at + 1}"
    assert told(checked, "under no column").source == f"line {line + 1}, column {len(rows[line])}"


def test_an_unknown_sheet_is_refused_with_the_nearest(national: Path) -> None:
    rows = read(national)
    line = next(n for n, row in enumerate(rows) if row[0] == "Exports")
    rows[line][0] = "Export"
    found = told(check_file(write(national, rows)), "Export is none")
    assert (found.source, found.expected) == (f"line {line + 1}, column 1", "Exports")


@pytest.mark.parametrize("text", ["", "kind;S2_AND\n", "PK\x03\x04", "sheet|field\n", "\n\n\n"])
def test_a_file_of_another_form_is_refused_with_where_to_begin(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text)
    assert "sextant template" in only(check_file(tmp_path / "x.csv")).fix


def test_a_file_without_kind_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", [["sheet", "field", "value"], ["Declaration", "version", "1"]])
    assert "kind" in only(check_file(path)).message


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    national: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csvfile, "MAX_CSV_BYTES", 100)
    checked = check_file(national)
    assert checked.report.verdict == "REJECTED"
    assert only(checked).expected == "at most 100 bytes"


@pytest.mark.parametrize("text", ["=1+1", "+1 ", "-x", "@SUM(A1)", "\tx", "'=1", "''@"])
def test_a_text_that_a_spreadsheet_would_run_stands_behind_an_apostrophe(
    text: str, tmp_path: Path
) -> None:
    write_csv(tmp_path / "x.csv", {**NATIONAL, "note": text})
    (note,) = [row[2] for row in read(tmp_path / "x.csv") if row[1] == "note"]
    assert note == f"'{text}"
    assert read_sourced(tmp_path / "x.csv").whole()["note"] == text


@pytest.mark.parametrize("text", ["-45.6789", "'", "'a", "a=1"])
def test_numbers_and_harmless_texts_stay_as_they_are(text: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "x.csv", {**NATIONAL, "note": text})
    assert text in [row[2] for row in read(tmp_path / "x.csv")]
    assert read_sourced(tmp_path / "x.csv").whole()["note"] == text


def test_a_nul_character_has_no_cell(tmp_path: Path) -> None:
    with pytest.raises(PlatformError) as caught:
        write_csv(tmp_path / "x.csv", {**NATIONAL, "note": "a\0b"})
    assert caught.value.code is Code.MALFORMED
    assert caught.value.received == "/note"


def test_findings_end_where_nobody_reads_on(national: Path) -> None:
    rows = read(national)
    at = rows[0].index("quantity")
    bad = next(row for row in rows if row[0] == "Exports")
    bad[at] = "1,5"
    checked = check_file(write(national, [*rows, *[bad] * 3000]))
    unread = [f for f in checked.report.findings if "one way only" in f.message]
    assert len(unread) == 1000
    assert told(checked, "more places").message == "2001 more places"


def heading(document: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in document.items() if not isinstance(value, list)]


def read(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def write(path: Path, rows: Rows, *, separator: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return path


def only(checked: Checked) -> Finding:
    (finding,) = checked.report.findings
    return finding


def told(checked: Checked, words: str) -> Finding:
    (finding,) = [f for f in checked.report.findings if words in f.message]
    return finding
