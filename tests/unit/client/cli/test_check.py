"""`sextant check`: the verdict first, each finding with its place, beside what the State filed."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sextant_client.cli.language import language_of
from sextant_client.home import Home, as_json
from sextant_client.prepare.filings import DECLARATION_CTY
from sextant_client.sent import SentFolder
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.protocol.envelope import SealRequest
from sextant_shared.rules import rule_pack_id
from tests.support.command import Done, sextant
from tests.support.parties import PartyKeys
from tests.unit.shared.rules.filed import amendment, data, national, site

CAS = "/plants/0/chemicals/0/chemical/cas"
BAD = amendment(site(), (CAS, "111-48-8", "111-84-8"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def write(path: Path, document: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_json(document))
    return path


def check(home: Path, *arguments: str | Path) -> Done:
    return sextant("check", *arguments, "--home", home)


def rules(done: Done) -> list[list[str]]:
    return [[f["rule"] for f in report["findings"]] for report in done.json()["reports"]]


def send(home: Path, document: dict[str, Any], number: int, *, cty: str = DECLARATION_CTY) -> None:
    """Seal a declaration into the home, as `submit` does."""
    keys = PartyKeys("NA-XAL")
    content = write(home.parent / "content.json", document)
    SentFolder(Home(home).sent).seal(
        content,
        SealRequest(
            id=f"0193a3c0-0000-7000-8000-{number:012x}",
            sender="NA-XAL",
            signers=keys.sig,
            recipients=[("SEC", SealingKey.from_jwk(PartyKeys("SEC").seal.jwk))],
            type="declaration.annual",
            cty=cty,
            classification="C1",
            created="2026-01-31T12:00:00Z",
        ),
    )


def test_a_named_filing_that_is_none_is_refused_with_its_findings(
    tmp_path: Path, home: Path
) -> None:
    good = write(tmp_path / "site.json", site())
    flawed = write(tmp_path / "flawed.json", {**national(), "records": 7})
    done = check(home, good, "--with", flawed, "--json")
    assert done.status == 3
    assert done.json()["error"]["findings"][0]["pointer"] == "/records"
    assert check(home, good, "--with", tmp_path / "nowhere.json").status == 3


def test_alone_and_with_exclude_each_other(tmp_path: Path, home: Path) -> None:
    good = write(tmp_path / "site.json", site())
    assert check(home, good, "--with", good, "--alone").status == 2


def test_a_language_that_is_none_is_wrong_usage(tmp_path: Path, home: Path) -> None:
    good = write(tmp_path / "site.json", site())
    assert check(home, good, "--lang", "tlh").status == 2


def test_the_first_line_is_the_verdict_with_counts_and_rules(tmp_path: Path, home: Path) -> None:
    answer = {
        "rule": "X4",
        "place": "/records/[2B 111-48-8]/exported",
        "reason": "Samples.",
        "until": 2025,
    }
    pack = rule_pack_id()
    text = f"rule-pack {pack.version} (sha256:{pack.digest[:8]}…)"
    for document, verdict in (
        (national(), "VALID  0 errors, 1 warning"),
        (national(answers=[answer]), "VALID  0 errors, 0 warnings, 1 question answered"),
        (national(answers=[{**answer, "until": 2024}]), "VALID  0 errors, 1 warning, 1 remark"),
        (national(state_code="ABB"), "INVALID  1 error, 1 warning"),
    ):
        path = write(tmp_path / "one.json", document)
        assert check(home, path).stdout.splitlines()[0] == f"{verdict}   {text}   {path}"


def test_a_finding_names_its_line_and_where_to_read_more(tmp_path: Path, home: Path) -> None:
    path = write(tmp_path / "national.json", national())
    found = check(home, path).stdout.splitlines()[1:]
    line = 1 + path.read_text().splitlines().index('   "exported": {')
    assert found[0].startswith(f"W X4     line {line}  /records/0/exported  ")
    assert found[-1].split() == [
        "law:",
        "VII.1,",
        "VIII.1",
        "more:",
        "sextant",
        "explain",
        "X4-range",
    ]


def test_labels_follow_the_language_and_codes_keep_their_order(tmp_path: Path, home: Path) -> None:
    path = write(tmp_path / "national.json", national())
    found = check(home, path, "--lang", "ar").stdout.splitlines()[1:]
    assert found[0].startswith("W X4     line ")
    assert found[0].endswith("\u2069")
    assert [line.strip().lstrip("\u2068").partition(":")[0] for line in found[1:]] == [
        "المنتظر",
        "المستلم",
        "ما العمل",
        "النص",
    ]
    assert found[-1].endswith("المزيد: \u2068sextant explain X4-range\u2069\u2069")


def test_what_is_answered_does_not_count_under_strict(tmp_path: Path, home: Path) -> None:
    path = write(tmp_path / "national.json", national())
    assert check(home, path, "--strict").status == 5
    place = "/records/[2B 111-48-8]/exported"
    answer = {"rule": "X4", "place": place, "reason": "Samples.", "until": 2025}
    write(path, national(answers=[answer]))
    done = check(home, path, "--strict")
    assert done.status == 0
    assert "answer: Samples." in done.stdout
    assert done.stdout.splitlines()[1].startswith("A X4 ")


def test_files_are_compared_with_each_other_unless_alone(tmp_path: Path, home: Path) -> None:
    good, bad = write(tmp_path / "site.json", site()), write(tmp_path / "bad.json", BAD)
    assert rules(check(home, bad, good, "--json")) == [["F1"], []]
    assert rules(check(home, bad, good, "--json", "--alone")) == [["A2"], []]
    done = check(home, bad, good)
    assert f"[{site()['declaration_id']} version 2]  {CAS}" in done.stdout
    assert done.status == 1


def test_files_and_folders_can_be_named_beside(tmp_path: Path, home: Path) -> None:
    bad = write(tmp_path / "bad.json", BAD)
    folder = write(tmp_path / "filed" / "2025" / "site.json", site()).parent.parent
    (folder / "notes.json").write_text("[]")
    (folder / "notes.txt").write_text("nothing")
    for named in (folder, folder / "2025" / "site.json"):
        done = check(home, bad, "--with", named, "--json")
        assert rules(done) == [["F1"]]
        assert [c["declaration_id"] for c in done.json()["compared"]] == [
            "XAL-A1",
            site()["declaration_id"],
        ]


def test_what_was_sent_from_the_home_is_compared_too(tmp_path: Path, home: Path) -> None:
    bad = write(tmp_path / "bad.json", BAD)
    assert rules(check(home, bad, "--json")) == [["A2"]]
    send(home, site(), 1)
    send(home, {"letter": "no declaration"}, 2, cty="text/plain")
    send(home, {"kind": "S2_AND"}, 3)
    assert rules(check(home, bad, "--json")) == [["F1"]]
    assert rules(check(home, bad, "--json", "--alone")) == [["A2"]]


def test_a_file_stands_for_what_was_sent_under_its_number(tmp_path: Path, home: Path) -> None:
    send(home, site(name="As it was sent"), 1)
    good = write(tmp_path / "site.json", site())
    change = amendment(site(), ("/name", site()["name"], "Renamed"))
    amended = write(tmp_path / "amendment.json", change)
    assert rules(check(home, amended, good, "--json")) == [[], []]
    assert rules(check(home, amended, "--json")) == [["A2"]]


def test_an_amendment_is_checked_again_after_it_was_sent(tmp_path: Path, home: Path) -> None:
    change = amendment(site(), ("/name", site()["name"], "Renamed"))
    send(home, site(), 1)
    send(home, change, 2)
    assert rules(check(home, write(tmp_path / "again.json", change), "--json")) == [[]]


def test_standard_input_is_checked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data(national()))))
    done = check(home, "-", "--json")
    assert rules(done) == [["X4"]]
    assert done.json()["reports"][0]["file"] == "-"


def test_english_is_spoken_where_nobody_looks(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "national.json", national())
    english = check(home, path).stdout
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert check(home, path).stdout == english
    assert "not written in" not in check(home, path).stderr


def test_a_terminal_is_spoken_to_in_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert language_of(None, "fr_FR.UTF-8") == "fr"
    assert language_of(None, "zh") == "zh"
    assert language_of(None, "de_DE.UTF-8") == language_of(None, "C") == "en"
    assert language_of(None, None) == "en"
    assert language_of("ES", "fr_FR") == "es"


def test_the_report_is_one_document(tmp_path: Path, home: Path) -> None:
    path = write(tmp_path / "national.json", national())
    (report,) = json.loads(check(home, path, "--json").stdout)["reports"]
    assert report["rules"]["digest"] == rule_pack_id().digest
    assert report["findings"][0]["source"].startswith("line ")
