"""`sextant template`, `copy`, `import`, `export`, and `check` of any format."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from sextant_client.home import as_json
from sextant_client.sent import SentFolder
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.models.declaration.folding import plain
from sextant_shared.models.receipts import OutcomeReceipt
from sextant_shared.models.strict import read_model
from tests.support import pdfs
from tests.support.command import sextant
from tests.support.fonts import make_font
from tests.support.receipts import outcome
from tests.support.sent import seal_into
from tests.support.workbooks import cell, column, workbook

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
SITE = EXAMPLES / "NA-XAL" / "s2-site-2025.json"


def document(path: Path = SITE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


# ---- check


def test_check_names_the_cell_of_every_finding(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", document())
    produced = f"{column(path, 'Chemicals', 'produced')}2"
    workbook(path, document(), cell("Chemicals", produced, None))
    done = sextant("check", path)
    assert done.status == 1
    assert done.stdout.startswith("INVALID")
    assert f"Chemicals!{produced}  /plants/0/chemicals/0/produced" in done.stdout
    found = sextant("check", path, "--json").json()["reports"][0]["findings"]
    assert found[0]["source"] == f"Chemicals!{produced}"


def test_check_names_the_line_of_a_json_file(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(SITE.read_text().replace('"265"', '"2,65"'))
    line = 1 + SITE.read_text()[: SITE.read_text().index('"265"')].count("\n")
    done = sextant("check", tmp_path / "x.json")
    assert f"line {line}  /plants/0/chemicals/0/produced/value" in done.stdout


def test_a_file_that_cannot_be_read_is_a_finding_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04")
    done = sextant("check", tmp_path / "bad.xlsx", SITE)
    assert done.status == 1
    assert "only a part of one" in done.stdout
    verdicts = [line.split() for line in done.stdout.splitlines() if "rule-pack" in line]
    assert [(line[0], line[-1]) for line in verdicts] == [
        ("INVALID", str(tmp_path / "bad.xlsx")),
        ("VALID", str(SITE)),
    ]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for command in (("check",), ("export", "--to", "csv"), ("import", "-o", tmp_path / "o.json")):
        done = sextant(command[0], tmp_path / "none.xlsx", *command[1:])
        assert done.status == 3
        assert "none.xlsx" in done.stderr


# ---- import and export


def test_what_is_exported_comes_back_by_import(tmp_path: Path) -> None:
    for form in ("xlsx", "csv"):
        file, back = tmp_path / f"x.{form}", tmp_path / "back.json"
        assert sextant("export", SITE, "--to", form, "-o", file).status == 0
        done = sextant("import", file, "-o", back)
        assert done.status == 0
        assert done.stdout.startswith("VALID")
        assert plain(document(back)) == plain(document())


def test_an_export_stands_beside_the_file_unless_said_otherwise(tmp_path: Path) -> None:
    copy = tmp_path / "mine.json"
    copy.write_bytes(SITE.read_bytes())
    assert sextant("export", copy, "--to", "csv").status == 0
    assert (tmp_path / "mine.csv").exists()
    assert sextant("export", copy, "--to", "csv", "-o", tmp_path / "x.xlsx").status == 2
    assert sextant("export", copy, "--to", "docx").status == 3


def test_an_import_with_findings_of_the_rules_is_written_and_says_them(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", document())
    workbook(path, document(), cell("Chemicals", f"{column(path, 'Chemicals', 'produced')}2", None))
    done = sextant("import", path, "-o", tmp_path / "x.json")
    assert done.status == 1
    assert "produced" not in document(tmp_path / "x.json")["plants"][0]["chemicals"][0]


def test_an_import_that_would_leave_something_out_writes_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", document())
    at = f"{column(path, 'Chemicals', 'produced')}2"
    workbook(path, document(), cell("Chemicals", at, "265,0"))
    done = sextant("import", path, "-o", tmp_path / "x.json")
    assert done.status == 1
    assert f"Chemicals!{at}" in done.stdout
    assert "Nothing was written" in done.stdout
    assert not (tmp_path / "x.json").exists()
    assert sextant("import", path, "-o", tmp_path / "x.xlsx").status == 2


def test_an_import_as_json_says_what_it_wrote(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", document())
    done = sextant("import", path, "-o", tmp_path / "x.json", "--json").json()
    assert (done["out"], done["verdict"]) == (str(tmp_path / "x.json"), "REGISTERED")


# ---- template


def test_a_template_begins_with_what_the_home_knows(tmp_path: Path) -> None:
    out = tmp_path / "t.xlsx"
    done = sextant("template", "s2-and", "-o", out, "--year", "2025", "--home", tmp_path)
    assert done.status == 0
    rows = {row[0].value: row[1].value for row in load_workbook(out)["Declaration"].iter_rows()}
    assert (rows["kind *"], rows["reporting_year *"]) == ("S2_AND", 2025)
    assert sextant("template", "S9", "-o", out).status == 3
    assert sextant("template", "S2_AND", "-o", tmp_path / "t.docx").status == 3


def test_a_template_has_a_name_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert sextant("template", "S2_AND", "--format", "csv", "--home", tmp_path).status == 0
    assert (tmp_path / "s2-and.csv").read_text().startswith("sheet,field,value,unit,")


# ---- copy


def test_a_copy_of_a_file_lists_what_must_be_filled_in(tmp_path: Path) -> None:
    out = tmp_path / "next.xlsx"
    done = sextant("copy", SITE, "--from", "2025", "-o", out)
    assert done.status == 0
    assert "XAL-2026-XAL-PS-0007, from XAL-2025-XAL-PS-0007" in done.stdout
    assert "/plants/0/chemicals/0/produced" in done.stdout
    earlier = load_workbook(out)["Earlier"]
    assert earlier[f"{column(out, 'Earlier', 'produced')}2"].value == 265
    marked = load_workbook(out)["Chemicals"][f"{column(out, 'Chemicals', 'produced')}2"]
    assert marked.fill.fill_type == "solid"


def test_a_copy_of_a_file_of_another_year_is_refused(tmp_path: Path) -> None:
    done = sextant("copy", SITE, "--from", "2024", "-o", tmp_path / "x.xlsx")
    assert done.status == 3
    assert "another year" in done.stderr
    assert sextant("copy", "S2_AND", "-o", tmp_path / "x.xlsx").status == 2


def test_a_copy_from_the_home_takes_the_newest_version(tmp_path: Path) -> None:
    for number, version in enumerate((1, 3, 2)):
        named = {**document(), "version": version, "name": f"version {version}"}
        seal_into(tmp_path, named, number)
    seal_into(tmp_path, {**document(), "reporting_year": 2024}, 7)
    out = tmp_path / "next.json"
    done = sextant("copy", "S2_SITE_ADPA", "--from", "2025", "-o", out, "--home", tmp_path)
    assert done.status == 0
    assert document(out)["name"] == "version 3"
    assert (document(out)["version"], document(out)["reporting_year"]) == (1, 2026)


def test_a_copy_from_the_home_has_its_amendments(tmp_path: Path) -> None:
    seal_into(tmp_path, document(), 1)
    (tmp_path / "new.json").write_bytes(as_json({**document(), "name": "Renamed", "version": 2}))
    (tmp_path / "old.json").write_bytes(as_json(document()))
    change = ("--as-amendment", "CLERICAL", "-o", tmp_path / "a.json", "--found", "2026-05-01")
    assert sextant("diff", tmp_path / "old.json", tmp_path / "new.json", *change).status == 0
    seal_into(tmp_path, document(tmp_path / "a.json"), 2)
    out = tmp_path / "next.json"
    done = sextant("copy", "S2_SITE_ADPA", "--from", "2025", "-o", out, "--home", tmp_path)
    assert done.status == 0
    assert document(out)["name"] == "Renamed"


def test_a_copy_from_the_home_asks_which_of_several(tmp_path: Path) -> None:
    out = tmp_path / "next.json"
    asked = ("copy", "S2_SITE_ADPA", "--from", "2025", "-o", out, "--home", tmp_path)
    assert "no declaration S2_SITE_ADPA of 2025" in sextant(*asked).stderr
    seal_into(tmp_path, document(), 1)
    seal_into(tmp_path, {**document(), "declaration_id": "XAL-2025-OTHER"}, 2)
    done = sextant(*asked)
    assert done.status == 3
    assert "XAL-2025-OTHER" in done.stderr
    assert sextant(*asked, "--id", "XAL-2025-OTHER").status == 0
    assert document(out)["declaration_id"] == "XAL-2026-OTHER"


# ---- XML and print


def test_xml_goes_out_and_comes_back_and_its_findings_name_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    assert sextant("export", SITE, "--to", "xml", "-o", path).status == 0
    assert sextant("check", path).stdout.startswith("VALID")
    assert sextant("import", path, "-o", tmp_path / "x.json").status == 0
    assert document(tmp_path / "x.json") == document()
    path.write_text(path.read_text().replace("<kind>", "<kindly/>\n  <kind>"))
    done = sextant("import", path, "-o", tmp_path / "y.json")
    assert done.status == 1
    assert "line 4  /kindly" in done.stdout
    assert not (tmp_path / "y.json").exists()


def test_a_print_carries_the_stored_verdict_or_what_the_rules_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = b64u(sha256(canonical_json(document())))
    verdict = read_model(OutcomeReceipt, outcome(content=digest, registration="SEC-2026-7"))
    monkeypatch.setattr(SentFolder, "replies", lambda _inbox, _id: [Stored(verdict)])
    path, home = tmp_path / "x.pdf", ["--home", str(tmp_path)]
    assert sextant("export", SITE, "--to", "pdf", "-o", path, "--receipt", "e", *home).status == 0
    assert "SEC-2026-7" in pdfs.text(path.read_bytes())
    bad = tmp_path / "bad.json"
    bad.write_text(SITE.read_text().replace("111-48-8", "111-48-9"))
    assert sextant("export", bad, "--to", "pdf", "--receipt", "e", *home).status == 4
    assert sextant("export", bad, "--to", "pdf", "--findings").status == 0
    assert "F1" in pdfs.text(bad.with_suffix(".pdf").read_bytes()).split("\n")


def test_a_print_without_a_stored_verdict_or_a_font_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(SITE.read_text().replace("Thioether unit", "\u0628\u4e2d"))
    done = sextant("export", path, "--to", "pdf")
    assert done.status == 3
    assert "/plants/0/name" in done.stderr
    assert "U+4E2D" in done.stderr
    assert "U+0628" not in done.stderr
    assert "--font" in done.stderr
    han = make_font(tmp_path / "han.ttf", characters=["\u4e2d"], family="Han")
    assert sextant("export", path, "--to", "pdf", "--font", han).status == 0
    missing = sextant("export", path, "--to", "pdf", "--receipt", "none", "--home", tmp_path)
    assert missing.status == 3
    assert "no verdict" in missing.stderr
    assert sextant("export", path, "--to", "csv", "--font", han).status == 2


@dataclass
class Stored:
    """A stored reply, as far as a print looks at it."""

    verdict: OutcomeReceipt

    def answer(self) -> OutcomeReceipt:
        return self.verdict
