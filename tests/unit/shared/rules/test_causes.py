"""A rule that compares is silent where the figure itself is known to be wrong."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from deploy.local.corpus import spoiled
from sextant_shared.rules import check
from sextant_shared.rules.filings import Filings
from sextant_shared.rules.policy import DEFAULT_POLICY

Change = Mapping[str, Any]
NEGATIVE = {"value": "-5", "unit": "t"}
GRAMS = {"value": "-5", "unit": "g"}
ROW = "/plants/1/chemicals/1"


def spoil(example: str, *changes: tuple[str, Any]) -> dict[str, Any]:
    made = [{"at": at, "to": to} for at, to in changes]
    return spoiled({"example": f"kinds/{example}.json", "set": made})


def old(example: str, year: int, *changes: tuple[str, Any]) -> dict[str, Any]:
    number = ("/declaration_id", f"XAL-{year}-OLD")
    return spoil(example, ("/reporting_year", year), number, *changes)


TOTAL = "/records/1/produced"
SILENCED: list[tuple[str, str, dict[str, Any], list[dict[str, Any]], str]] = [
    ("X1", "F4", spoil("S2_AND", (TOTAL, NEGATIVE)), [spoil("S2_SITE_ADPA")], TOTAL),
    (
        "X2",
        "F4",
        spoil("S2_AND", ("/records/1/exported", NEGATIVE)),
        [spoil("S2_SITE_ADPA")],
        "/records/1/exported",
    ),
    ("X3", "F4", spoil("S3_AND", (TOTAL, NEGATIVE)), [spoil("S3_SITE_ADPA")], TOTAL),
    (
        "X4",
        "F4",
        spoil("S2_AND", ("/records/1/exported", NEGATIVE)),
        [],
        "/records/1/exported",
    ),
    (
        "X6",
        "F4",
        spoil("S1_SSSF_ADPA", ("/chemicals/0/stored_at_year_end", GRAMS)),
        [
            old(
                "S1_SSSF_ADPA",
                2024,
                ("/chemicals/0/stored_at_year_end", {"nothing": "nil"}),
                ("/chemicals/1/stored_at_year_end", {"nothing": "nil"}),
            )
        ],
        "/chemicals/0/stored_at_year_end",
    ),
    (
        "X8",
        "F4",
        spoil("S1_TRANSFER_ANNUAL", ("/records/0/acquired/0/quantity", GRAMS)),
        [],
        "/records/0/acquired/0/quantity",
    ),
    (
        "X10",
        "F4",
        spoil("S2_SITE_ADPA", (f"{ROW}/consumed", NEGATIVE)),
        [old("S2_SITE_ADAA", 2025), spoil("S3_SITE_ADPA")],
        f"{ROW}/consumed",
    ),
    (
        "C7",
        "F3",
        spoil("S1_TRANSFER_ANNUAL", ("/records/0/transfers/0/state_code", "QAA")),
        [spoil("S1_TRANSFER_NOTIF_STX")],
        "/records/0/transfers/0/state_code",
    ),
    (
        "X12",
        "F3",
        spoil("S2_SITE_ADPA", ("/plants/0/chemicals/0/purposes/1/states/1", "QAA")),
        [spoil("S2_AND"), spoil("S3_SITE_ADPA")],
        "/plants/0/chemicals/0/purposes/1/states/1",
    ),
]


@pytest.mark.parametrize(
    ("rule", "cause", "document", "filed", "at"), SILENCED, ids=[case[0] for case in SILENCED]
)
def test_a_consequence_is_not_told_beside_its_cause(
    rule: str,
    cause: str,
    document: dict[str, Any],
    filed: Sequence[dict[str, Any]],
    at: str,
) -> None:
    report = check(json.dumps(document).encode(), DEFAULT_POLICY, Filings.from_documents(filed))
    told = {f.rule for f in report.findings if f.pointer == at or f.pointer.startswith(f"{at}/")}
    assert cause in told
    assert rule not in {f.rule for f in report.findings}


@pytest.mark.parametrize(
    ("cause", "example", "total", "last", "sites"),
    [
        ("X1", "S2_AND", "58000", "58", "S2_SITE_ADPA"),
        ("X3", "S3_AND", "640000", "640", "S3_SITE_ADPA"),
    ],
)
def test_a_wrong_unit_is_told_once(
    cause: str, example: str, total: str, last: str, sites: str
) -> None:
    wrong = spoil(example, (TOTAL, {"value": total, "unit": "t"}))
    before = old(example, 2024, (TOTAL, {"value": last, "unit": "t"}))
    data = json.dumps(wrong).encode()
    alone = check(data, DEFAULT_POLICY, Filings.from_documents([before])).findings
    assert [(f.rule, f.way) for f in alone if f.pointer == TOTAL] == [("X13", "unit")]
    both = check(data, DEFAULT_POLICY, Filings.from_documents([before, spoil(sites)])).findings
    assert [(f.rule, f.way) for f in both if f.pointer == TOTAL] == [(cause, "unit")]


@pytest.mark.parametrize(
    ("cause", "row", "filed"),
    [("X4", "22", []), ("X2", "22000", [spoil("S2_SITE_ADPA")])],
    ids=["against its rows", "against its sites"],
)
def test_a_wrong_unit_of_trade_is_told_once(
    cause: str, row: str, filed: list[dict[str, Any]]
) -> None:
    total, quantity = "/records/1/exported", "/records/1/exports/0/quantity"
    wrong = spoil(
        "S2_AND",
        (total, {"value": "22000", "unit": "t"}),
        (quantity, {"value": row, "unit": "t"}),
    )
    before = old("S2_AND", 2024)
    filings = Filings.from_documents([before, *filed])
    found = check(json.dumps(wrong).encode(), DEFAULT_POLICY, filings).findings
    assert [f.rule for f in found if f.pointer == total] == [cause]
