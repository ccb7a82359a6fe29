"""The judgement of a run, on made-up runs: what must be called a failure first."""

from dataclasses import replace

import pytest

from deploy.local.scenario.plan import Plan
from deploy.local.scenario.profiles import PROFILES
from deploy.local.scenario.report import (
    OPENED,
    OUTCOME,
    Outage,
    Report,
    Seen,
    Sent,
    percentile,
)

PLAN = Plan(PROFILES["half-killed"], parties=2, minutes=0.2, seed=1)
IDS = ("a", "b", "c", "d")
ONCE = dict.fromkeys(IDS, 1)
GOOD = Seen(
    sent=[Sent(id_, "NA-XAL", float(n), n + 0.25) for n, id_ in enumerate(IDS)],
    at_exchange=frozenset(IDS),
    copies=ONCE,
    registered=ONCE,
    logged=ONCE,
    answers={(id_, type_): 1 for id_ in (*IDS, "of another run") for type_ in (OPENED, OUTCOME)},
    log_size=40,
    outages=[Outage(("exchange", "audit"), 2.0, 5.5)],
    drained_s=1.0,
)


def judged(**changes: object) -> Report:
    return Report(PLAN, replace(GOOD, **changes))  # type: ignore[arg-type]  # names of Seen


@pytest.mark.parametrize(
    "changes",
    [
        {"at_exchange": frozenset("abc")},
        {"logged": {"a": 1, "b": 1, "c": 1}},
        {"registered": {"a": 1, "b": 1, "c": 1}},
    ],
    ids=["not at the exchange", "not in the log", "neither registered nor queued"],
)
def test_an_acknowledged_envelope_that_is_missing_anywhere_is_lost(
    changes: dict[str, object],
) -> None:
    report = judged(**changes)
    assert report.lost == ["d"]
    assert not report.holds
    assert report.verdict() == "FAILED: 1 lost."


@pytest.mark.parametrize(
    "changes",
    [
        {"copies": {**ONCE, "b": 2}},
        {"registered": {**ONCE, "b": 2}},
        {"logged": {**ONCE, "b": 2}},
        {"answers": {**GOOD.answers, ("b", OUTCOME): 2}},
        {"other_receipt": frozenset("b")},
    ],
    ids=["two deliveries", "two in the register", "two entries", "two outcomes", "two receipts"],
)
def test_two_of_what_must_be_one_are_a_duplicate(changes: dict[str, object]) -> None:
    report = judged(**changes)
    assert report.duplicates == ["b"]
    assert not report.holds
    assert "1 doubled" in report.verdict()


def test_a_log_that_does_not_verify_fails_the_run() -> None:
    report = judged(log_flaw="E_INTEGRITY: another root")
    assert report.verdict() == "FAILED: the log does not verify."
    assert ("log", "E_INTEGRITY: another root") in report.rows()


def test_an_envelope_without_a_receipt_fails_the_run_but_is_not_lost() -> None:
    sent = [*GOOD.sent[:3], replace(GOOD.sent[3], accepted_s=None, refused="E_POLICY: no")]
    report = judged(sent=sent, at_exchange=frozenset("abc"))
    assert report.lost == []
    assert report.verdict() == "FAILED: 1 without a receipt."
    assert report.members()["unaccepted"] == [
        {"id": "d", "party": "NA-XAL", "refused": "E_POLICY: no"}
    ]


def test_a_run_that_sent_nothing_proves_nothing() -> None:
    assert judged(sent=[]).verdict() == "FAILED: nothing was sent."
    assert judged(sent=[]).members()["p99_s"] is None


def test_what_still_waits_in_the_queue_is_not_lost() -> None:
    report = judged(registered={"a": 1, "b": 1, "c": 1}, queued=frozenset("d"))
    assert report.holds


def test_what_others_sent_is_not_counted() -> None:
    report = judged(registered={**ONCE, "z": 2}, copies={**ONCE, "z": 2})
    assert report.holds


def test_a_good_run_holds_and_says_so_in_numbers() -> None:
    told = judged().members()
    assert told["holds"]
    assert (told["accepted"], told["opened"], told["outcome"], told["killed"]) == (4, 4, 4, 2)
    assert told["p50_s"] == told["p99_s"] == 0.25


def test_a_wait_counts_from_when_the_envelope_was_due() -> None:
    late = replace(GOOD.sent[3], accepted_s=63.0)
    assert judged(sent=[*GOOD.sent[:3], late]).members()["p99_s"] == 60.0


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([3.0], 0.99, 3.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([float(n) for n in range(1, 102)], 0.99, 100.0),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: list[float], share: float, expected: float | None
) -> None:
    assert percentile(values, share) == expected


def test_the_picture_has_a_mark_below_the_second_of_each_death() -> None:
    bars, marks, scale = judged().picture()
    assert bars == "████"
    assert marks == "  x  ^"
    assert "one column is 1 s, the highest 1 receipts a second" in scale
