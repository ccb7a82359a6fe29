"""What is taken from memory or practice is switched in the policy, never in a rule."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.rules import check
from sextant_shared.rules.policy import DEFAULT_POLICY, RulePolicy

KINDS = Path(__file__).resolve().parents[4] / "examples" / "kinds"
TONNE = {"value": "1", "unit": "t"}


def example(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((KINDS / f"{kind}.json").read_text())
    return loaded


def found(document: dict[str, Any], **switched: Any) -> list[tuple[str, str, str]]:
    policy = DEFAULT_POLICY.model_copy(update=switched)
    report = check(json.dumps(document).encode(), policy)
    return [(f.rule, f.way, f.pointer) for f in report.findings]


def test_activities_are_added_up_only_where_that_is_settled() -> None:
    document = example("S2_SITE_ADPA")
    row = document["plants"][0]["chemicals"][0]
    for amounts in (row, *row["earlier"]):
        for name in ("produced", "processed", "consumed"):
            amounts[name] = {"value": "0.9", "unit": "t"}
    assert found(document) == [("T1", "sum", "/plants/0")]
    assert found(document, activities_summed=True) == []


def test_small_national_records_are_told_only_under_thresholds() -> None:
    document = example("S2_AND")
    record = document["records"][3]
    record["processed"] = record["imported"] = record["imports"][0]["quantity"] = TONNE
    assert found(document) == [("T2", "record", "/records/3")]
    assert found(document, national_thresholds=False) == []


def test_certificates_are_asked_for_only_where_the_regime_wants_them() -> None:
    document = example("S3_AND")
    del document["records"][0]["exports"][1]["end_use_certificate"]
    place = "/records/0/exports/1/end_use_certificate"
    assert found(document) == [("T10", "certificate", place)]
    assert found(document, non_party_export_needs_certificate=False) == []


def test_the_day_that_closed_schedule_2_is_a_figure_of_the_policy() -> None:
    document = example("S2_AND")
    document["records"][0]["imports"][0]["state_code"] = "XDR"
    place = "/records/0/imports/0/state_code"
    last = dt.date(2025, 12, 31)
    assert found(document, schedule_2_closed_from=last) == [("T10", "schedule-2", place)]
    assert found(document, schedule_2_closed_from=last + dt.timedelta(days=1)) == []


def test_units_are_those_of_the_policy() -> None:
    document = example("S1_TRANSFER_NOTIF")
    document["quantity"] = {"value": "0.012", "unit": "kg"}
    assert found(document) == [("F9", "schedule-1", "/quantity/unit")]
    assert found(document, units_schedule_1=("g", "mg", "kg")) == []
    assert found(example("S3_AND"), units_schedules_2_3=("t",)) == []


@pytest.mark.parametrize(("digits", "rules"), [(6, []), (5, ["F4"])])
def test_digits_are_those_of_the_policy(digits: int, rules: list[str]) -> None:
    document = example("S3_AND")
    document["records"][1]["produced"] = {"value": "640.125", "unit": "t"}
    assert [rule for rule, *_ in found(document, max_significant_digits=digits)] == rules


@pytest.mark.parametrize(("day", "rules"), [("1997-04-29", []), ("1997-04-28", ["F5"])])
def test_the_first_day_of_the_convention_is_a_day_of_it(day: str, rules: list[str]) -> None:
    document = {**example("A3_RCA"), "event_date": day}
    assert [rule for rule, *_ in found(document)] == rules
    assert found(document, convention_from=dt.date(1997, 1, 1)) == []


def test_every_figure_says_where_it_comes_from() -> None:
    for name, field in RulePolicy.model_fields.items():
        assert field.description, name
        assert field.description.startswith("["), name
