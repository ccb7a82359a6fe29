"""`sextant answer`: a reason goes into the file, is remembered, and is offered next year."""

import json
from pathlib import Path
from typing import Any

import pytest

from sextant_client.home import as_json
from tests.support.command import Done, sextant
from tests.unit.shared.rules.filed import amendment, national, site

AT = "/records/0/exported"
PLACE = "/records/[2B 111-48-8]/exported"
REASON = "Samples of less than a kilogram went by post."


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "and-2025.json", national())


def write(path: Path, document: dict[str, Any]) -> Path:
    path.write_bytes(as_json(document))
    return path


def run(file: Path, *arguments: str, command: str = "answer") -> Done:
    return sextant(command, file, *arguments, "--home", file.parent / "home")


def give(file: Path, *arguments: str) -> Done:
    return run(file, "--rule", "X4", "--at", AT, "--reason", REASON, *arguments)


def answers(file: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(file.read_text()).get("answers", [])
    return listed


def next_year(file: Path, **changes: Any) -> Path:
    members = {"reporting_year": 2026, "declaration_id": "XAL-2026-S2-AND", **changes}
    return write(file.with_name("and-2026.json"), national(**members))


def test_what_is_not_found_cannot_be_answered(file: Path) -> None:
    before = file.read_bytes()
    for wrong in (("--rule", "X5"), ("--at", "/records/7/exported"), ("--way", "total")):
        done = run(file, "--rule", "X4", "--at", AT, "--reason", REASON, *wrong)
        assert done.status == 3
        assert f"expected: X4 {AT}" in done.stderr
    assert file.read_bytes() == before


def test_what_must_be_fixed_cannot_be_answered(tmp_path: Path) -> None:
    document = site()
    document["plants"][0]["chemicals"][0]["chemical"]["cas"] = "111-84-8"
    file = write(tmp_path / "site.json", document)
    at = "/plants/0/chemicals/0/chemical/cas"
    done = run(file, "--rule", "F1", "--at", at, "--reason", REASON)
    assert (done.status, answers(file)) == (3, [])


def test_a_file_that_does_not_fit_its_model_is_not_answered(tmp_path: Path) -> None:
    file = write(tmp_path / "flawed.json", {**national(), "records": 7})
    done = give(file)
    assert done.status == 3
    assert "/records" in done.stderr


def test_a_year_before_the_one_reported_on_is_refused(file: Path) -> None:
    assert give(file, "--until", "2024").status == 2
    assert run(file, "--rule", "X4").status == 2


def test_without_options_what_is_open_is_listed(file: Path) -> None:
    done = run(file)
    assert done.stdout.splitlines()[0].startswith("W X4 ")
    assert done.stdout.splitlines()[-1].startswith("1 open.")
    (question,) = run(file, "--json").json()["questions"]
    assert (question["rule"], question["way"], question["place"]) == ("X4", "range", PLACE)
    assert answers(file) == []


@pytest.mark.parametrize("at", [AT, PLACE])
def test_a_reason_is_written_into_the_file_and_settles_the_finding(file: Path, at: str) -> None:
    done = run(file, "--rule", "x4", "--at", at, "--reason", REASON)
    assert (done.status, done.stdout.splitlines()[-1]) == (0, f"0 open findings left in {file}.")
    assert answers(file) == [{"rule": "X4", "place": PLACE, "reason": REASON, "until": 2025}]
    assert run(file, "--strict", command="check").status == 0
    assert run(file).stdout == "Nothing is open.\n"


def test_a_reason_may_hold_for_longer_and_for_one_way(file: Path) -> None:
    give(file, "--until", "2027", "--way", "range")
    (one,) = answers(file)
    assert (one["until"], one["way"]) == (2027, "range")


def test_a_new_reason_takes_the_place_of_an_expired_one(file: Path) -> None:
    old = {"rule": "X4", "place": PLACE, "reason": "Unknown.", "until": 2024}
    other = {"rule": "X5", "place": "/nowhere", "reason": "Other.", "until": 2025}
    write(file, national(answers=[old, other]))
    give(file)
    assert [one["reason"] for one in answers(file)] == ["Other.", REASON]


def test_last_years_reason_is_offered_and_never_taken_silently(file: Path) -> None:
    give(file)
    following = next_year(file)
    done = run(following, "--strict", command="check")
    assert done.status == 5
    assert f"? X4     {AT}  answered for 2025: {REASON}" in done.stdout
    assert f"sextant answer {following} --again" in done.stdout
    (offer,) = run(following, "--json", command="check").json()["reports"][0]["offers"]
    assert (offer["reason"], offer["year"], offer["pointer"]) == (REASON, 2025, AT)
    assert answers(following) == []


def test_last_years_reason_is_taken_over_when_asked(file: Path) -> None:
    give(file)
    following = next_year(file)
    assert run(following, "--again").status == 0
    assert answers(following) == [{"rule": "X4", "place": PLACE, "reason": REASON, "until": 2026}]
    assert run(following, "--strict", command="check").status == 0
    assert run(following, "--again").status == 3


def test_a_reason_is_offered_for_the_same_row_wherever_it_stands(file: Path) -> None:
    give(file)
    rows = national()["records"]
    first = {**rows[0], "chemical": {**rows[0]["chemical"], "cas": "676-97-1"}, "exported": None}
    done = run(next_year(file, records=[first, *rows]), "--json")
    assert [offer["pointer"] for offer in done.json()["offers"]] == ["/records/1/exported"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"state_code": "XBO"}, id="another State"),
        pytest.param({"declaration_id": "XAL-2025-S2-AND"}, id="the same declaration"),
    ],
)
def test_a_reason_is_not_offered_elsewhere(file: Path, changes: dict[str, Any]) -> None:
    give(file)
    assert run(next_year(file, **changes), "--json").json()["offers"] == []


def test_the_newest_reason_is_offered(file: Path) -> None:
    give(file)
    following = next_year(file)
    run(following, "--rule", "X4", "--at", AT, "--reason", "By ship, counted twice.")
    third = write(
        file.with_name("and-2027.json"),
        national(reporting_year=2027, declaration_id="XAL-2027-S2-AND"),
    )
    assert [offer["year"] for offer in run(third, "--json").json()["offers"]] == [2026]


def test_findings_of_an_amended_declaration_are_answered_there(tmp_path: Path) -> None:
    filed = write(tmp_path / "and.json", national())
    change = amendment(national(), ("/note", None, "Checked."))
    file = write(tmp_path / "amendment.json", change)
    done = run(file, "--with", str(filed))
    assert done.stdout.splitlines() == [
        "Nothing is open.",
        "Findings of the amended declaration are answered in it: answer there, then amend.",
    ]
