"""What single kinds of faults do to the documents, read as somebody without the key reads them."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

Key = list[dict[str, Any]]
_CEILING_G = Decimal(10_000)  # VI.10-11


def faults(key: Key, kind: str) -> list[dict[str, Any]]:
    found = [line for line in key if line["planted"] and line["kind"] == kind]
    assert found
    return found


def documents(folder: Path, state: str, year: int, kind: str) -> Iterator[dict[str, Any]]:
    for path in sorted((folder / state / str(year)).glob(f"{kind}-*.json")):
        yield json.loads(path.read_text())


def document(folder: Path, line: dict[str, Any], kind: str = "") -> dict[str, Any]:
    names = [p["document"] for p in line["places"] if not kind or p["kind"] == kind]
    return dict(json.loads((folder / names[0]).read_text()))


def number(text: str) -> Decimal:
    return Decimal(text.split(maxsplit=1)[0])


def notices(folder: Path, state: str, year: int) -> list[dict[str, Any]]:
    return list(documents(folder, state, year, "S1_TRANSFER_NOTIF"))


@pytest.mark.parametrize(("kind", "factor"), [("UNIT_10", 10), ("UNIT_1000", 1000)])
def test_a_wrong_unit_is_a_factor_in_the_row(key: Key, kind: str, factor: int) -> None:
    for line in faults(key, kind):
        true, declared = number(line["true"]), number(line["declared"])
        ratio = max(true, declared) / min(true, declared)
        assert abs(ratio / factor - 1) < Decimal("0.1")


def test_what_appears_was_never_made_and_what_vanishes_always_was(key: Key, folder: Path) -> None:
    for kind, own in (("APPEARED", True), ("VANISHED", False)):
        for line in faults(key, kind):
            state, (year,), cas = line["declarant"], line["years"], line["chemical"]["cas"]
            regime = f"S{line['chemical']['schedule'][0]}_AND"
            made = {}
            for y in (year - 1, year, year + 1):
                for members in documents(folder, state, y, regime):
                    for record in members["records"]:
                        if record["chemical"]["cas"] == cas:
                            made[y] = "value" in record["produced"]
            assert made.get(year, False) is own
            assert not own or not (made.get(year - 1) or made.get(year + 1))


def test_a_plan_in_the_wrong_unit_is_a_thousand_times_the_truth(key: Key) -> None:
    for line in faults(key, "PLAN_UNIT_1000"):
        amounts = [p for p in line["places"] if "anticipated" in p["pointer"]]
        assert amounts
        for place in amounts:
            ratio = number(place["declared"]) / number(place["true"])
            assert abs(ratio / 1000 - 1) < Decimal("0.1")


def test_a_renamed_site_goes_on_at_the_same_place_under_another_code(
    key: Key, folder: Path
) -> None:
    for line in faults(key, "SITE_RENAMED"):
        state, first, code = line["declarant"], line["years"][0], line["site"]
        kinds = ("S2_SITE_ADPA", "S3_SITE_ADPA")
        before, after = (
            {
                d["plant_site_code"]: (d["address"], d["name"])
                for kind in kinds
                for d in documents(folder, state, year, kind)
            }
            for year in (first - 1, first)
        )
        new = document(folder, line)
        assert code in before
        assert code not in after
        assert new["plant_site_code"] not in before
        assert new["address"] == before[code][0]
        assert new["name"] != before[code][1]
        assert all(p["plant_code"].startswith(new["plant_site_code"]) for p in new["plants"])


def test_one_side_of_a_transfer_says_another_quantity_in_notice_and_list(
    key: Key, folder: Path
) -> None:
    for line in faults(key, "S1_NOTICE_QUANTITY"):
        own = document(folder, line, "S1_TRANSFER_NOTIF")
        partner = next(state for state in line["states"] if state != line["declarant"])
        (year,) = line["years"]
        same = ("chemical", "event_date", "sender", "recipient")
        others = [
            notice
            for notice in notices(folder, partner, year)
            if all(notice[name] == own[name] for name in same)
        ]
        assert all(notice["quantity"] != own["quantity"] for notice in others)
        (listed,) = documents(folder, line["declarant"], year, "S1_TRANSFER_ANNUAL")
        rows = [row for record in listed["records"] for row in record["transfers"]]
        assert (own["event_date"], own["quantity"]) in [(r["day"], r["quantity"]) for r in rows]


def test_one_side_of_a_transfer_names_a_later_day(key: Key, folder: Path) -> None:
    for line in faults(key, "S1_NOTICE_DAY"):
        assert line["true"] < line["declared"]
        own = document(folder, line)
        assert own["event_date"] == line["declared"]


def test_a_stock_above_the_ceiling_was_not_declared_as_made(key: Key, folder: Path) -> None:
    for line in faults(key, "S1_CEILING"):
        report = document(folder, line)
        stored = [Decimal(row["stored_at_year_end"].get("value", 0)) for row in report["chemicals"]]
        made = [Decimal(row["produced"].get("value", 0)) for row in report["chemicals"]]
        assert max(stored) > _CEILING_G > sum(made)


def test_a_hidden_delay_shows_against_the_plan_alone(key: Key, folder: Path) -> None:
    for line in faults(key, "DESTRUCTION_BEHIND_UNSAID"):
        (year,) = line["years"]
        (plan,) = documents(folder, line["declarant"], year, "A4_ANNUAL_PLAN")
        report = document(folder, line)
        planned = {one["code"]: one["planned_count"] for one in plan["facilities"][0]["lines"]}
        told = {one["code"]: one for one in report["facilities"][0]["lines"]}
        hidden = [one for code, one in told.items() if one["planned_count"] < planned[code]]
        assert hidden
        assert all(one["destroyed_count"] == one["planned_count"] for one in hidden)
        assert all("shortfall_reason" not in one for one in hidden)


def test_work_left_undone_at_a_facility_is_not_spoken_of(key: Key, folder: Path) -> None:
    for line in faults(key, "FACILITY_WORK_BEHIND_UNSAID"):
        (year,) = line["years"]
        (plan,) = documents(folder, line["declarant"], year, "A5_ANNUAL_PLAN")
        report = document(folder, line)["facilities"][0]
        assert len(report["structures"]) < len(plan["facilities"][0]["structures"])
        assert all("destroyed_on" in one for one in report["structures"])
        assert "shortfall_reason" not in report
