"""`sextant new` and `sextant diff`: what they refuse, what they write, what they know."""

import json
from pathlib import Path
from typing import get_args

from sextant_client.home import Config, Home
from sextant_shared.models.declaration import KINDS
from sextant_shared.models.declaration.heading import Period
from tests.support.command import sextant
from tests.support.logs import log_keys
from tests.support.platform_files import registrars_document

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
REASON = "CLERICAL"


def test_a_kind_that_is_none_is_refused_with_where_to_look(tmp_path: Path) -> None:
    done = sextant("new", "S9_AND", "-o", tmp_path / "x.json", "--home", tmp_path)
    assert done.status == 3
    assert "sextant new --list" in done.stderr
    assert not (tmp_path / "x.json").exists()


def test_new_without_kind_or_file_is_wrong_usage(tmp_path: Path) -> None:
    assert sextant("new", "--home", tmp_path).status == 2
    assert sextant("new", "S2_AND", "--home", tmp_path).status == 2


def test_a_format_that_is_not_written_is_refused(tmp_path: Path) -> None:
    done = sextant("new", "S2_AND", "-o", tmp_path / "x.docx", "--home", tmp_path)
    assert done.status == 3
    assert "x.docx" in done.stderr


def test_the_list_names_every_kind_with_title_law_and_period() -> None:
    done = sextant("new", "--list", "--json").json()
    assert [kind["kind"] for kind in done["kinds"]] == list(KINDS)
    assert {kind["period"] for kind in done["kinds"]} == set(get_args(Period))
    lines = sextant("new", "--list").stdout.splitlines()
    assert len(lines) == len(KINDS)
    assert any("Schedule 2 plant site: past activities  [VII.4(b)]" in line for line in lines)


def test_the_home_knows_the_state_and_a_declaration_gives_the_contact(tmp_path: Path) -> None:
    config = Config(v=1, party="NA-XBO", client_id="x", exchange="x", audit="x")
    Home(tmp_path).write_config(config)
    out = tmp_path / "new.json"
    example = EXAMPLES / "NA-XAL" / "s2-site-2025.json"
    common = ("S2_SITE_ADPA", "-o", out, "--year", "2026", "--home", tmp_path)
    assert sextant("new", *common).status == 0
    first = json.loads(out.read_text())
    assert (first["state_code"], first["reporting_year"]) == ("XBO", 2026)
    assert first["na_contact"][0]["name"] is None
    assert sextant("new", *common, "--like", example).status == 0
    second, liked = json.loads(out.read_text()), json.loads(example.read_text())
    for name in ("state_code", "language", "confidentiality", "na_contact"):
        assert second[name] == liked[name]
    assert second["plants"] == first["plants"]


def test_init_remembers_what_new_declarations_begin_with(tmp_path: Path) -> None:
    trust = tmp_path / "pinned.json"
    keys = log_keys()
    log = {"origin": keys.origin, "vkeys": list(keys.vkeys)}
    pinned = {"v": 1, "registrars": registrars_document(), "log": log, "checkpoint": None}
    trust.write_text(json.dumps(pinned))
    done = sextant(
        "init", "--party", "NA-XAL", "--exchange", "x", "--audit", "x", "--trust", trust,
        "--like", EXAMPLES / "NA-XAL" / "s2-site-2025.json", "--home", tmp_path,
    )  # fmt: skip
    assert done.status == 0, done.stderr
    out = tmp_path / "nil.json"
    assert sextant("new", "nil", "-o", out, "--year", "2025", "--home", tmp_path).status == 0
    document = json.loads(out.read_text())
    assert document["na_contact"][0]["name"] == "Declarations Desk"
    assert document["declaration_id"] == "XAL-2025-NIL"
    assert str(out) in sextant("check", out).stdout


def two_versions(folder: Path) -> tuple[Path, Path]:
    old = EXAMPLES / "NA-XAL" / "s2-site-2025.json"
    document = json.loads(old.read_text())
    document["plants"][0]["chemicals"][0]["produced"] = {"value": "270", "unit": "t"}
    document["note"] = "Corrected."
    new = folder / "new.json"
    new.write_text(json.dumps(document))
    return old, new


def test_diff_refuses_what_is_no_document(tmp_path: Path) -> None:
    old, new = two_versions(tmp_path)
    assert "cannot read" in sextant("diff", old, tmp_path / "none.json").stderr
    new.write_text("{{")
    done = sextant("diff", old, new)
    assert (done.status, done.stderr[:11]) == (3, "E_MALFORMED")


def test_diff_shows_old_and_new_and_inside_of_what(tmp_path: Path) -> None:
    lines = sextant("diff", *two_versions(tmp_path)).stdout.splitlines()
    at = "/plants/0/chemicals/0/produced  (XAL-PS-0007-A, 2B 111-48-8)"
    assert lines[:3] == [f"changed  {at}", "           - 265 t", "           + 270 t"]
    assert lines[3:] == ["added    /note", "           + Corrected."]
    (first, second) = sextant("diff", *two_versions(tmp_path), "--json").json()["differences"]
    assert first["new"] == {"value": "270", "unit": "t"}
    assert (second["pointer"], second["old"]) == ("/note", None)


def test_diff_writes_an_amendment_that_the_rules_accept(tmp_path: Path) -> None:
    versions, out = two_versions(tmp_path), tmp_path / "amendment.json"
    assert sextant("diff", *versions, "--as-amendment", "CORRECTION").status == 2
    options = ("--as-amendment", "not a code", "-o", out)
    assert "E_MALFORMED" in sextant("diff", *versions, *options).stderr
    done = sextant("diff", *versions, "--as-amendment", REASON, "-o", out, "--found", "2026-05-04")
    assert done.status == 0
    assert sextant("check", out).status == 0
    document = json.loads(out.read_text())
    assert document["amends"] == {"declaration_id": "XAL-2025-XAL-PS-0007", "version": 1}
    assert document["event_date"] == "2026-05-04"
