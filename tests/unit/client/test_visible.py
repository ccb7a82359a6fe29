"""What the exchange may see of a declaration: a coarse type, the class, the year; not the kind."""

import json
from pathlib import Path

import pytest

from sextant_client.visible import Visible, visible_of
from sextant_shared.models.declaration import KINDS
from sextant_shared.models.envelope import Classification

KINDS_FOLDER = Path(__file__).resolve().parents[3] / "examples" / "kinds"


def shown(kind: str) -> Visible:
    return visible_of(json.loads((KINDS_FOLDER / f"{kind}.json").read_text()))


def test_a_nil_declaration_looks_like_any_annual_one() -> None:
    assert shown("NIL").type == shown("S2_AND").type == shown("A4_ANNUAL_REPORT").type


def test_types_name_no_kind_and_no_regime() -> None:
    assert {shown(kind).type for kind in KINDS} == {
        "declaration.annual",
        "declaration.initial",
        "declaration.notification",
        "transfer.notice",
        "clarification.reply",
    }


@pytest.mark.parametrize(
    ("kind", "type_", "class_", "period"),
    [
        ("S2_AND", "declaration.annual", Classification.C2, "2025"),
        ("A4_ANNUAL_PLAN", "declaration.annual", Classification.C2, "2027"),
        ("A3_CW", "declaration.initial", Classification.C3, None),
        ("OCPF_INITIAL", "declaration.initial", Classification.C1, "1996"),
        ("POE", "declaration.notification", Classification.C0, None),
        ("S1_TRANSFER_NOTIF_STX", "transfer.notice", Classification.C2, None),
        ("CLARIFICATION_REPLY", "clarification.reply", Classification.C2, None),
    ],
)
def test_type_class_and_period_follow_from_the_document(
    kind: str, type_: str, class_: Classification, period: str | None
) -> None:
    visible = shown(kind)
    assert (visible.type, visible.classification, visible.period) == (type_, class_, period)


def test_a_notice_of_a_transfer_shows_the_other_side_and_no_other_kind_does() -> None:
    assert shown("S1_TRANSFER_NOTIF").others == ("XBO",)
    assert {kind for kind in KINDS if shown(kind).others} == {
        "S1_TRANSFER_NOTIF",
        "S1_TRANSFER_NOTIF_STX",
    }


@pytest.mark.parametrize("document", [{}, {"kind": 7, "reporting_year": True}, {"kind": "X"}])
def test_what_cannot_be_read_is_sent_under_protection(document: dict[str, object]) -> None:
    assert visible_of(document) == Visible("declaration.notification", Classification.C2, None)
