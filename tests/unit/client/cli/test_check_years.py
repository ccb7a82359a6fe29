"""`sextant check` of several files: what the years lack that they report on."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.local.corpus import EXAMPLES, Case, cases
from sextant_client.home import as_json
from sextant_shared import rules
from sextant_shared.errors import Severity
from sextant_shared.rules.expected import YEAR_RULES
from tests.support.command import Done, sextant

YEARLY = [case for case in cases() if case.year is not None]


def write(path: Path, document: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_json(document))
    return path


def example(name: str, year: int = 0, **members: Any) -> dict[str, Any]:
    """Return an example, or the same of another year."""
    document: dict[str, Any] = json.loads((EXAMPLES / "kinds" / f"{name}.json").read_text())
    if year:
        document |= {"reporting_year": year, "declaration_id": f"XAL-{year}-{name}"}
    return document | members


def check(tmp_path: Path, *arguments: str | Path) -> Done:
    return sextant("check", *arguments, "--home", tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which a list came for 2024, and not again for 2025."""
    write(tmp_path / "all" / "2024" / "list.json", example("OCPF_ANNUAL", 2024))
    write(tmp_path / "all" / "2025" / "national.json", example("S2_AND"))
    return tmp_path / "all"


def test_a_folder_without_declarations_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("none")
    done = check(tmp_path, tmp_path / "empty", "--json")
    assert done.status == 3
    assert done.json()["error"]["code"] == "E_NOT_FOUND"


def test_a_file_in_a_folder_that_is_no_declaration_is_told_not_passed_over(
    tmp_path: Path, folder: Path
) -> None:
    (folder / "2025" / "broken.json").write_text("{")
    done = check(tmp_path, folder)
    assert done.status == 1
    assert f"{folder / '2025' / 'broken.json'}" in done.stdout
    assert "1 file is not there: no declaration could be read" in " ".join(done.stderr.split())


def test_hidden_files_and_those_of_an_open_spreadsheet_are_nobodys(
    tmp_path: Path, folder: Path
) -> None:
    (folder / ".trash").mkdir()
    for name in (".trash/old.json", ".hidden.json", "~$list.xlsx"):
        (folder / name).write_text("{")
    names = [Path(one["file"]).name for one in check(tmp_path, folder, "--json").json()["reports"]]
    assert names == ["list.json", "national.json"]


def test_a_year_that_lacks_a_declaration_is_told_after_the_files(
    tmp_path: Path, folder: Path
) -> None:
    done = check(tmp_path, folder)
    lines = done.stdout.splitlines()
    (at,) = (n for n, line in enumerate(lines) if line.endswith("   the year 2025 of XAL"))
    assert lines[at].startswith("VALID  0 errors, 1 warning   rule-pack ")
    assert lines[at + 1].startswith("W C1     /  XAL declares no OCPF_ANNUAL for 2025")
    assert str(folder) not in "".join(lines[at:])
    (year,) = check(tmp_path, folder, "--json").json()["years"]
    assert (year["state"], year["year"], year["verdict"]) == ("XAL", 2025, "REGISTERED")
    assert [(f["rule"], f["pointer"]) for f in year["findings"]] == [("C1", "")]


def test_what_a_year_lacks_counts_under_strict(tmp_path: Path, folder: Path) -> None:
    assert check(tmp_path, folder).status == 0
    assert check(tmp_path, folder, "--strict").status == 5
    assert check(tmp_path, folder, "--strict", "--alone").status == 0
    write(folder / "2025" / "nil.json", example("NIL", 2025, scope=["OCPF"]))
    assert check(tmp_path, folder, "--strict").status == 0


def test_what_a_year_must_have_ends_with_findings(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = tuple(replace(rule, severity=Severity.MUST_FIX) for rule in YEAR_RULES)
    monkeypatch.setattr(rules, "YEAR_RULES", strict)
    done = check(tmp_path, folder)
    assert done.status == 1
    told = [line for line in done.stdout.splitlines() if line.endswith("the year 2025 of XAL")]
    assert told[0].startswith("INVALID  1 error, 0 warnings")


def test_alone_and_a_single_file_judge_no_year(tmp_path: Path, folder: Path) -> None:
    national = folder / "2025" / "national.json"
    for arguments in ((folder, "--alone"), (national,)):
        done = check(tmp_path, *arguments, "--json")
        assert done.json()["years"] == []
    done = check(tmp_path, national, "--with", folder / "2024", "--json")
    assert [(year["state"], year["year"]) for year in done.json()["years"]] == [("XAL", 2025)]


def test_without_the_year_before_nothing_is_told_but_that(tmp_path: Path) -> None:
    done = check(tmp_path, EXAMPLES / "NA-XAL")
    assert "the year" not in done.stdout
    said = " ".join(done.stderr.split())
    assert "What the year 2025 of XAL lacks cannot be said: nothing of 2024 is known here" in said


def test_years_follow_the_language(tmp_path: Path, folder: Path) -> None:
    done = check(tmp_path, folder, "--lang", "fr")
    assert "XAL declares no" not in done.stdout
    assert "the year 2025 of XAL" in done.stdout


def test_only_the_states_and_years_of_the_files_are_judged(tmp_path: Path, folder: Path) -> None:
    other = tmp_path / "other"
    for year in (2023, 2024):
        write(other / f"{year}.json", example("S2_AND", year, state_code="XBO"))
    done = check(tmp_path, folder / "2025", "--with", folder, "--with", other, "--json")
    assert [(year["state"], year["year"]) for year in done.json()["years"]] == [("XAL", 2025)]


@pytest.mark.parametrize("case", YEARLY, ids=lambda case: f"{case.rule}: {case.why}")
def test_the_command_tells_of_a_year_what_the_corpus_expects(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    (folder / "0.json").write_bytes(case.data)
    for number, document in enumerate(case.filed, 1):
        write(folder / f"{number}.json", dict(document))
    judged = check(tmp_path, folder, "--json").json()["years"]
    told = [
        (f["rule"], f["way"], f["severity"], f["pointer"])
        for year in judged
        if year["year"] == case.year
        for f in year["findings"]
    ]
    documents = (json.loads(case.data), *case.filed)
    is_judged = (case.year or 0) - 1 in {one.get("reporting_year") for one in documents}
    assert told == (list(case.expect) if is_judged else [])


def test_folders_and_their_files_are_checked_once(tmp_path: Path, folder: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    done = check(tmp_path, copy, copy / "2025" / "national.json", "--json")
    assert len(done.json()["reports"]) == 2
