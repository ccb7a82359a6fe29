"""The table of deadlines: what a broken one says, and that no kind is forgotten."""

import re
from pathlib import Path

import pytest

from sextant_shared.deadlines import Reckoning, rules, rules_by_kind
from sextant_shared.deadlines.table import BY_EVENT, FOLDER, read_rules
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import CATALOGUE
from tests.support.reference import DOMAIN, needs_reference

LINE = "S1_SSSF_CHANGE,,S1_SSSF,before-event,180,planned change,VI.14,T,"
# Every id of the reference's catalogue of kinds: Article VI; Articles III to V; Article X and more.
KINDS = [
    "S1_SSSF_INITIAL",
    "S1_SSSF_CHANGE",
    "S1_SSSF_ADPA",
    "S1_SSSF_ADAA",
    "S1_OTHER_INITIAL",
    "S1_OTHER_CHANGE",
    "S1_OTHER_ADPA",
    "S1_OTHER_ADAA",
    "S1_TRANSFER_NOTIF",
    "S1_TRANSFER_NOTIF_STX",
    "S1_TRANSFER_ANNUAL",
    "S2_AND",
    "S2_SITE_INITIAL",
    "S2_SITE_ADPA",
    "S2_SITE_ADAA",
    "S2_ADDITIONAL",
    "S2_PAST_CW",
    "S3_AND",
    "S3_SITE_INITIAL",
    "S3_SITE_ADPA",
    "S3_SITE_ADAA",
    "S3_ADDITIONAL",
    "S3_PAST_CW",
    "OCPF_INITIAL",
    "OCPF_ANNUAL",
    "A3_CW",
    "A3_CW_TRANSFERS",
    "A3_CW_GENERAL_PLAN",
    "A3_OCW",
    "OCW_DISCOVERY",
    "A3_ACW_TERRITORIAL",
    "A3_ACW_ABANDONING",
    "ACW_DISCOVERY",
    "A3_CWPF",
    "A3_OTHER_FACILITY",
    "A3_RCA",
    "A4_ANNUAL_PLAN",
    "A4_ANNUAL_REPORT",
    "A4_90DAY_REPORT",
    "A4_CERTIFICATE",
    "A4_FACILITY_INFO",
    "A5_CLOSURE",
    "A5_DETAILED_PLAN",
    "A5_ANNUAL_PLAN",
    "A5_ANNUAL_REPORT",
    "A5_CERTIFICATE",
    "A5_CONVERTED_ANNUAL",
    "X4_PROTECTIVE",
    "X7_ASSISTANCE",
    "NA_DESIGNATION",
    "A7_MEASURES",
    "POE",
    "DIPLO_CLEARANCE",
    "INSPECTOR_RESPONSE",
    "INSPECTOR_OBJECTION",
]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (LINE.replace("180", "-180"), "days: '-180' is no whole number"),
        (LINE.replace("180", ""), "days: '' is no whole number"),
        (LINE.replace("before-event", "before"), "reckoning: 'before' is none of"),
        (LINE.replace("planned change", ""), "event: before-event and the event ''"),
        (LINE.replace("before-event", "none"), "days: must be empty"),
        (LINE.replace("before-event,180,planned change", "none,,"), "note: must say why"),
        (LINE.replace("S1_SSSF,", "S1,"), "duty: 'S1' is none of"),
        (LINE.replace(",VI.14", ","), "law: is empty"),
        (LINE.replace(",T,", ",Q,"), "no evidence mark"),
        (LINE.replace("S1_SSSF_CHANGE,", "S1_SSSF_INITIAL,new"), "has another rule by an event"),
        (LINE.replace("before-event,180", "every-after-event,0"), "must be one or more"),
    ],
)
def test_a_broken_table_names_line_and_column(tmp_path: Path, new: str, said: str) -> None:
    text = (FOLDER / "deadlines.csv").read_text(encoding="utf-8")
    assert LINE in text
    (tmp_path / "deadlines.csv").write_text(text.replace(LINE, new), encoding="utf-8")
    with pytest.raises(PlatformError) as caught:
        read_rules(tmp_path)
    assert caught.value.code is Code.INTERNAL
    assert said in caught.value.detail


def test_every_kind_of_the_catalogue_has_a_rule_or_a_reason_for_none() -> None:
    assert set(CATALOGUE) == set(rules_by_kind())
    undated = [rule for rule in rules() if rule.reckoning is Reckoning.NONE]
    assert undated
    assert all(rule.note for rule in undated)


def test_every_kind_of_the_reference_has_a_rule() -> None:
    filings = {"NIL", "AMENDMENT", "WITHDRAWAL", "LATE_NOTICE", "CLARIFICATION_REPLY"}
    assert {*KINDS, *filings} == set(rules_by_kind())


@needs_reference
def test_the_reference_names_no_other_kind() -> None:
    text = (DOMAIN / "declarations.md").read_text(encoding="utf-8")
    section = text[text.index("## 2. Catalogue") : text.index("## 3. Thresholds")]
    first_cells = re.findall(r"^\| ([^|]+) \|", section, flags=re.MULTILINE)
    named = [word for cell in first_cells for word in re.findall(r"[A-Z][A-Z0-9_]{2,}", cell)]
    assert set(named) == set(KINDS)


def test_ahead_and_past_agree_with_the_models() -> None:
    reckonings = {
        "past": {Reckoning.AFTER_YEAR, Reckoning.INTO_NEXT_YEAR},
        "ahead": {Reckoning.BEFORE_YEAR},
        "destruction-past": {Reckoning.AFTER_PERIOD},
        "destruction-ahead": {Reckoning.BEFORE_PERIOD},
        "once": {Reckoning.AFTER_EIF},
        "event": {*BY_EVENT, Reckoning.AFTER_EIF},
    }
    for kind in CATALOGUE.values():
        dated = {r.reckoning for r in rules_by_kind()[kind.id]} - {Reckoning.NONE}
        assert not dated or dated & reckonings[kind.about.period], kind.id


def test_every_rule_has_law_mark_and_words() -> None:
    assert all(rule.law and rule.evidence and rule.in_words for rule in rules())
    assert len({rule.id for rule in rules()}) == len(rules())
