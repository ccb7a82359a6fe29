"""A State's year of trade in one file: read row by row, in bounded memory, with its progress."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.importing import bulk_document
from sextant_client.prepare.checking import check_file, compact
from sextant_client.prepare.documents import read_sourced, write_document

CHEMICALS = 100  # a tenth of the largest form; `make bench` measures the whole
BASE_BYTES, ROW_BYTES = 180 << 20, 3000


@pytest.fixture(scope="module")
def bulk() -> dict[str, Any]:
    return bulk_document(CHEMICALS)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_six_thousand_rows_come_back_and_are_checked(
    form: str, bulk: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / f"x.{form}"
    write_document(path, bulk)
    told: list[tuple[str, int, int]] = []

    def meter(what: str) -> Callable[[int, int], None]:
        return lambda done, total: told.append((what, done, total))

    checked = check_file(path, meter)
    assert checked.report.findings == ()
    assert json.loads(checked.content)["records"] == bulk["records"]
    phases = {what for what, _, _ in told}
    assert any(what.startswith("read") for what in phases)
    assert "check row" in phases
    for what in phases:
        steps = [(done, total) for name, done, total in told if name == what]
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1] >= 1000


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_the_last_of_many_rows_is_named_by_its_cell(
    form: str, bulk: dict[str, Any], tmp_path: Path
) -> None:
    document = json.loads(compact(bulk))
    document["records"][-1]["exports"][-1]["quantity"]["unit"] = "lb"
    path = tmp_path / f"x.{form}"
    write_document(path, document)
    (finding,) = check_file(path).report.findings
    row = 1 + sum(len(record["exports"]) for record in document["records"])
    place = f"Exports!D{row}" if form == "xlsx" else f"line {len(path.read_text().splitlines())}, "
    assert finding.source.startswith(place)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_memory_is_bounded_by_the_rows(form: str, bulk: dict[str, Any], tmp_path: Path) -> None:
    """In a process of its own: the peak is what the system saw."""
    path = tmp_path / f"x.{form}"
    write_document(path, bulk)
    run = [sys.executable, "-m", "bench.importing", str(path)]
    report = json.loads(subprocess.run(run, capture_output=True, check=True).stdout)
    assert report["verdict"] == "REGISTERED"
    assert report["peak_bytes"] < BASE_BYTES + ROW_BYTES * report["rows"]


def test_a_small_file_reports_no_progress(bulk: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write_document(path, {**bulk, "records": bulk["records"][:2]})
    told: list[int] = []
    read_sourced(path, lambda _what: lambda done, _total: told.append(done))
    assert told == []
