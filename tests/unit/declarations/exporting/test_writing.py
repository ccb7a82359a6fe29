"""What stands in the files of exports, whatever stands in the cells."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from sextant_declarations.analysis.flattening import Cell, rows_of
from sextant_declarations.domain.exporting.tables import Column
from sextant_declarations.storage import export_writing
from sextant_declarations.storage.export_files import ExportFolder
from sextant_declarations.storage.export_writing import check_format, sheets
from sextant_shared.errors import Code, PlatformError

COLUMNS = (Column("id"), Column("n", "integer"), Column("kg", "decimal"))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)
CELLS = st.tuples(
    TEXTS | st.none(),
    st.integers(-(2**40), 2**40) | st.none(),
    st.decimals(-(10**12), 10**12, places=6) | st.none(),
)
FEW = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def folder(tmp_path: Path) -> ExportFolder:
    return ExportFolder.opened(tmp_path / "exports")


def written(folder: ExportFolder, form: str, rows: list[tuple[Cell, ...]]) -> bytes:
    sheet = sheets(folder)("an-id", form, COLUMNS)
    sheet.write(list(rows))
    made = sheet.finish()
    sheet.drop()
    path = folder.path("an-id")
    assert (made.rows, made.size) == (len(rows), path.stat().st_size)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in folder.folder.iterdir()] == [path.name]
    return path.read_bytes()


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@A1", "\t=1", " =1", "\ufeff=1"])
def test_no_spreadsheet_computes_a_text(folder: ExportFolder, start: str) -> None:
    as_csv = written(folder, "csv", [(start, 1, Decimal(-5))]).decode()
    (row,) = list(csv.reader(io.StringIO(as_csv, newline="")))[1:]
    assert row == [f"'{start}", "1", "-5"]
    book = load_workbook(io.BytesIO(written(folder, "xlsx", [(start, 1, Decimal(-5))])))
    (cells,) = list(book["export"].iter_rows(min_row=2))
    assert [cell.data_type for cell in cells] == ["s", "n", "n"]
    assert cells[0].number_format == "@"


def test_an_identifier_keeps_its_zeros_and_a_long_figure_its_digits(folder: ExportFolder) -> None:
    exact = Decimal("123456789012345.678901")
    book = load_workbook(io.BytesIO(written(folder, "xlsx", [("007", 12, exact)])))
    (cells,) = list(book["export"].iter_rows(min_row=2, values_only=True))
    assert cells == ("007", 12, "123456789012345.678901")


@pytest.mark.parametrize("bad", ["x" * 32_768])
def test_a_text_that_no_workbook_holds_is_refused_whole(
    folder: ExportFolder, bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sheet = sheets(folder)("an-id", "xlsx", COLUMNS)
    with pytest.raises(PlatformError) as raised:
        sheet.write([(bad, None, None)])
    sheet.drop()
    assert raised.value.code is Code.TOO_LARGE
    assert "csv" in raised.value.fix
    assert list(folder.folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == [folder.folder], "and no rows lie about elsewhere"


@FEW
@given(rows=st.lists(CELLS, max_size=6))
def test_parquet_gives_back_every_cell_and_tells_nothing_from_an_empty_text(
    folder: ExportFolder, rows: list[tuple[Cell, ...]]
) -> None:
    rows = [*rows, ("", 0, Decimal(0)), (None, None, None), ("\\N", 1, Decimal("0.5"))]
    written(folder, "parquet", rows)
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT * FROM read_parquet('{folder.path('an-id')}')")
        assert list(map(str, found.types)) == ["VARCHAR", "BIGINT", "DECIMAL(38,12)"]
        assert found.fetchall() == rows


@FEW
@given(rows=st.lists(CELLS, max_size=6))
def test_a_workbook_is_read_back_whatever_stands_in_it(
    folder: ExportFolder, rows: list[tuple[Cell, ...]]
) -> None:
    book = load_workbook(io.BytesIO(written(folder, "xlsx", rows)))
    assert len(list(book["export"].iter_rows(min_row=2))) <= len(rows) + 1


def test_a_format_that_is_not_installed_is_refused_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export_writing, "find_spec", lambda _: None)
    check_format("csv")
    check_format("xlsx")
    with pytest.raises(PlatformError) as raised:
        check_format("parquet")
    assert raised.value.code is Code.UNAVAILABLE
    assert "parquet.txt" in raised.value.fix


def test_what_a_stop_left_half_done_is_removed_and_what_is_ready_stays(tmp_path: Path) -> None:
    folder = ExportFolder.opened(tmp_path / "exports")
    folder.partial("a").write_text("declared")
    folder.partial("b").with_suffix(".partial.parquet").write_text("declared")
    folder.path("c").write_text("ready")
    ExportFolder.opened(tmp_path / "exports").sweep()
    assert [one.name for one in folder.folder.iterdir()] == ["c.export"]


def test_five_kinds_of_nothing_stay_apart_in_rows() -> None:
    amounts = {
        "zero": {"value": "0", "unit": "t", "nothing": None},
        "nil": {"value": None, "unit": None, "nothing": "nil"},
        "na": {"value": None, "unit": None, "nothing": "not-applicable"},
        "unknown": {"value": None, "unit": None, "nothing": "unknown"},
        "blank": None,
    }
    (row,) = rows_of({"declaration_id": "D", "na_contact": [{"name": "A person"}], **amounts})
    assert (row["zero"], row["zero.unit"], row["zero.nothing"]) == (Decimal(0), "t", None)
    assert [row[f"{name}.nothing"] for name in ("nil", "na", "unknown")] == [
        "nil",
        "not-applicable",
        "unknown",
    ]
    assert row["blank"] is None
    assert "blank.nothing" not in row
    assert "A person" not in row.values()


def test_each_innermost_item_is_a_row_with_what_stands_around_it() -> None:
    records = [
        {"cas": "1", "imports": [{"from": "XBO"}, {"from": "XCE"}], "exports": [{"to": "XBO"}]},
        {"cas": "2", "imports": [], "exports": [], "codes": ["B01", "C02"]},
    ]
    found = list(rows_of({"declaration_id": "D", "records": records}))
    assert [(one["row"], one["records.cas"]) for one in found] == [
        ("records.imports", "1"),
        ("records.imports", "1"),
        ("records.exports", "1"),
        ("records", "2"),
    ]
    assert found[3]["records.codes"] == "B01; C02"
    assert all(one["declaration_id"] == "D" for one in found)
