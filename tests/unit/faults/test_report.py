"""Which legs run, how they are judged, and which of them a machine may leave out."""

import json
from pathlib import Path

import pytest

from tests.faults.__main__ import IMPOSSIBLE, LEGS, chosen, main
from tests.faults.beside import side_by_side
from tests.faults.machinery import CannotRunError
from tests.faults.networks import rules
from tests.faults.report import Outcome, Verdict, is_good, judged, members, read_members


def outcome(verdict: Verdict) -> Outcome:
    return Outcome("leg", "does", "saw", verdict)


def test_any_flaw_fails_a_leg_and_is_told() -> None:
    assert judged(["", ""]) == (Verdict.HELD, "")
    assert judged(["", "1 lost", "answered 500"]) == (Verdict.FAILED, "1 lost; answered 500")


@pytest.mark.parametrize(
    ("verdicts", "here", "in_ci"),
    [
        ((Verdict.HELD, Verdict.IMPOSSIBLE), True, True),
        ((Verdict.HELD, Verdict.CANNOT), True, False),
        ((Verdict.HELD, Verdict.FAILED), False, False),
        ((Verdict.CANNOT,), False, False),
        ((Verdict.IMPOSSIBLE,), False, False),
    ],
)
def test_what_cannot_run_is_a_failure_in_ci_unless_it_is_listed(
    verdicts: tuple[Verdict, ...], *, here: bool, in_ci: bool
) -> None:
    outcomes = [outcome(verdict) for verdict in verdicts]
    assert is_good(outcomes, in_ci=False) is here
    assert is_good(outcomes, in_ci=True) is in_ci


def test_a_name_that_is_no_leg_is_refused_with_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(CannotRunError, match="no leg is called disk-fool; there are kill, "):
        chosen(["kill", "disk-fool"])
    assert main(["disk-fool"]) == 2
    assert "disk-full" in capsys.readouterr().err


def test_legs_run_in_the_order_that_is_asked_for_and_none_has_the_name_of_another() -> None:
    assert [leg.name for leg in chosen(["witness", "kill"])] == ["witness", "kill"]
    names = [leg.name for leg in chosen([])]
    assert len({*names, *IMPOSSIBLE}) == len(LEGS) + len(IMPOSSIBLE)
    assert all(IMPOSSIBLE.values())


def test_packets_of_a_service_are_met_on_their_way_there_and_back() -> None:
    assert rules([8001, 8002], "drop", both_ways=True) == [
        "tcp dport { 8001, 8002 } drop",
        "tcp sport { 8001, 8002 } drop",
    ]
    assert rules([8001], "reject", both_ways=False) == ["tcp dport { 8001 } reject"]


def test_outcomes_are_kept_as_they_were() -> None:
    assert members([outcome(Verdict.HELD)])[0]["verdict"] == "held"


def test_outcomes_come_back_from_a_file_as_they_were() -> None:
    outcomes = [Outcome("kill", "does", "saw", Verdict.HELD, 12.5, {"load": 9.0})]
    assert read_members(json.loads(json.dumps(members(outcomes)))) == outcomes


def test_legs_of_a_ground_that_fell_have_not_held(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.faults.beside.ROOT", tmp_path)
    monkeypatch.setattr("tests.faults.beside._NAMESPACES", ("echo", "fallen:"))
    outcomes = side_by_side(chosen(["store", "kill"]))
    assert [(one.name, one.verdict) for one in outcomes] == [
        ("kill", Verdict.FAILED),
        ("store", Verdict.FAILED),
    ]
    told = capsys.readouterr().out
    assert "files   | fallen:" in told
    assert "servers | fallen:" in told
