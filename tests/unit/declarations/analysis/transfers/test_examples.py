"""The worked examples of the domain's page on transfers, by number, from a golden file."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.analysis.transfers.model import Klass, PairKey
from sextant_declarations.analysis.transfers.notices import (
    Notice,
    NoticeFinding,
    notice_of,
    pair_notices,
)
from sextant_declarations.analysis.transfers.policy import DEFAULT_POLICY, CountryProfile
from sextant_shared.models.declaration import read_declaration
from tests.unit.declarations.analysis.transfers.stating import chemical, comparing, matched, said

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text())


@pytest.mark.parametrize("example", GOLDEN["examples"], ids=lambda example: example["n"])
def test_an_example_has_the_result_that_the_domain_gives_it(example: dict[str, Any]) -> None:
    members = GOLDEN["profiles"].get(example["n"], [])
    how = comparing(CountryProfile.model_validate(one) for one in members)
    pairs = matched(said(example["cas"], example["rows"]), how)
    of_2025 = {key for key in pairs if key.year == 2025}
    assert of_2025 == {_key(example, name) for name in example["pairs"]}
    for name, expected in example["pairs"].items():
        pair = pairs[_key(example, name)]
        assert pair.klass == expected["class"]
        if "gap" in expected:
            assert pair.gap == Decimal(expected["gap"])
        if "span" in expected:
            assert pair.span == Decimal(expected["span"])
        closing = [one for one in pair.hypotheses if one.closes]
        assert [one.kind for one in closing] == expected.get("closed_by", [])
        if "related" in expected:
            assert [key.id for key in closing[0].related] == expected["related"]
        if "third" in expected:
            assert closing[0].third == expected["third"]


def test_every_example_of_the_page_is_there() -> None:
    assert [one["n"] for one in GOLDEN["examples"]] == [str(n) for n in range(1, 15)]


def _key(example: dict[str, Any], name: str) -> PairKey:
    exporter, importer = name.split(">")
    return PairKey(2025, example["cas"], exporter, importer)


RICIN, SAXITOXIN = "9009-86-3", "35523-89-8"


def notice(
    state: str, cas: str, quantity: tuple[str, str], day: str, received: str, kind: str = ""
) -> Notice:
    """Return a notice of a transfer from XAL to XBO."""
    party = {
        "name": "Laboratory",
        "address": {"street": "1 Quay", "city": "Port", "country": "XAL"},
    }
    declaration = read_declaration(
        {
            "schema": f"sextant.s1-transfer-notif{kind}/1",
            "kind": f"S1_TRANSFER_NOTIF{kind.replace('-', '_').upper()}",
            "declaration_id": f"{state}-{cas}-{day}",
            "version": 1,
            "state_code": state,
            "event_date": day,
            "submission_type": "NOTIFICATION",
            "language": "en",
            "confidentiality": "OPCW_PROTECTED",
            "na_contact": [{"name": "Declarations Desk", "function": "National Authority"}],
            "sending_state": "XAL",
            "receiving_state": "XBO",
            "chemical": chemical(cas),
            "quantity": dict(zip(("value", "unit"), quantity, strict=True)),
            "sender": party,
            "recipient": party,
            "purpose": "S1_DIAGNOSTIC",
        }
    )
    found = notice_of(declaration, dt.date.fromisoformat(received), DEFAULT_POLICY)
    assert found is not None
    return found


def test_of_two_ricin_notices_the_one_that_came_25_days_ahead_is_late() -> None:
    sent = notice("XAL", RICIN, ("2", "g"), "2025-05-20", "2025-04-18")
    received = notice("XBO", RICIN, ("2", "g"), "2025-05-20", "2025-04-25")
    (pair,) = pair_notices([received, sent], DEFAULT_POLICY)
    assert pair.findings == (NoticeFinding.RECEIVER_LATE,)
    assert sent.last_day == dt.date(2025, 4, 20)


def test_both_yearly_lists_of_schedule_1_must_show_the_same_grams() -> None:
    def listed(state: str, member: str, partner: str, grams: str) -> Any:
        return read_declaration(
            {
                "schema": "sextant.s1-transfer-annual/1",
                "kind": "S1_TRANSFER_ANNUAL",
                "declaration_id": f"{state}-2025-S1",
                "version": 1,
                "state_code": state,
                "reporting_year": 2025,
                "submission_type": "ANNUAL",
                "language": "en",
                "confidentiality": "OPCW_PROTECTED",
                "na_contact": [{"name": "Declarations Desk", "function": "National Authority"}],
                "records": [
                    {
                        "chemical": chemical(RICIN),
                        member: [
                            {"state_code": partner, "quantity": {"value": grams, "unit": "g"}}
                        ],
                    }
                ],
            }
        )

    sent, same, less = (
        listed("XAL", "transferred", "XBO", "2"),
        listed("XBO", "acquired", "XAL", "2"),
        listed("XBO", "acquired", "XAL", "1.9"),
    )
    assert [pair.klass for pair in matched([sent, same]).values()] == [Klass.MATCH]
    assert [pair.klass for pair in matched([sent, less]).values()] == [Klass.QUANTITY_MISMATCH]


@pytest.mark.parametrize(
    ("milligrams", "last"), [("4.8", dt.date(2025, 6, 3)), ("6", dt.date(2025, 5, 4))]
)
def test_saxitoxin_up_to_five_milligrams_may_be_noticed_on_the_day(
    milligrams: str, last: dt.date
) -> None:
    given = notice("XAL", SAXITOXIN, (milligrams, "mg"), "2025-06-03", "2025-06-03", "-stx")
    assert given.last_day == last
    assert given.is_late is (milligrams == "6")


def test_a_notice_of_one_state_alone_names_the_silent_one() -> None:
    sent = notice("XAL", RICIN, ("2", "g"), "2025-05-20", "2025-04-01")
    far = notice("XBO", RICIN, ("2", "g"), "2025-09-20", "2025-04-01")
    first, second = pair_notices([far, sent], DEFAULT_POLICY)
    assert first.findings == (NoticeFinding.RECEIVER_SILENT,)
    assert second.findings == (NoticeFinding.SENDER_SILENT,)


def test_notices_of_one_transfer_that_differ_say_in_what() -> None:
    sent = notice("XAL", RICIN, ("2", "g"), "2025-05-20", "2025-04-01")
    other = notice("XBO", RICIN, ("2.5", "g"), "2025-05-22", "2025-04-01")
    (pair,) = pair_notices([sent, other], DEFAULT_POLICY)
    assert pair.findings == (NoticeFinding.QUANTITY, NoticeFinding.DAY)
