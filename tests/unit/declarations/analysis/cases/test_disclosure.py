"""Who is shown what of a case: a State never learns the other's figure unless the policy says so.

The property looks at bytes: every spelling of the other's figure, and of all that follows from
both, is searched for in everything that a State can be given.
"""

import datetime as dt
import io
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from sextant_declarations.analysis.cases.disclosure import (
    ShownCase,
    Viewer,
    shown,
    shown_all,
)
from sextant_declarations.analysis.cases.guarding import tells, withheld
from sextant_declarations.analysis.cases.listing import csv_of, xlsx_of
from sextant_declarations.analysis.cases.model import Sense
from sextant_declarations.analysis.cases.policy import DEFAULT_POLICY, CasePolicy, FigureRule
from sextant_declarations.analysis.cases.wording import question
from sextant_declarations.analysis.cases.workflow import CaseState, Priority
from sextant_declarations.analysis.classification import MARKINGS
from sextant_declarations.analysis.transfers.model import FiledStatus
from tests.unit.declarations.analysis.cases.stating import TDG, case, different, pairs

OPEN = CasePolicy(figures=(FigureRule(markings=["UNCLASSIFIED", "OPCW_RESTRICTED"], show=True),))
PLAIN = dict.fromkeys((0x2068, 0x2069))  # what sets an insertion apart
LANGUAGES = ("en", "fr", "es", "ru", "zh", "ar")


def spellings(kg: Decimal) -> set[str]:
    """Return how a figure may be written: kilograms, tonnes, grams, grouped, with an exponent."""
    found = set()
    for value in (kg, kg / 1000, kg * 1000):
        plain = f"{value.normalize():f}"
        whole, _, part = plain.partition(".")
        grouped = f"{int(whole):,}"
        found |= {
            plain,
            plain.replace(".", ","),
            f"{value:.3E}",
            str(value),
            str(value.normalize()),
        }
        for mark in (",", ".", " ", "'", "\u202f", "\u00a0"):
            found.add(grouped.replace(",", mark) + (f".{part}" if part else ""))
    return {one for one in found if len(one.strip("0.,")) > 2}


def given_to(view: ShownCase, state: str) -> str:
    """Return all that a State can be given of a view, as one text."""
    asked = [
        question(pair, state, language)
        for pair in view.pairs
        if pair.sense is not Sense.NONE
        for language in LANGUAGES
    ]
    table = csv_of([view], state).decode()
    book = load_workbook(io.BytesIO(xlsx_of([view], state))).active
    assert book is not None
    cells = [str(cell.value) for row in book.iter_rows() for cell in row]
    return "\n".join([view.model_dump_json(), repr(view), view.tag, table, *cells, *asked])


@given(
    exported=st.integers(100_003, 9_999_999).filter(lambda n: n % 10),
    imported=st.integers(100_003, 9_999_999).filter(lambda n: n % 10),
    viewer=st.sampled_from(["XAL", "XCY"]),
    priority=st.sampled_from(Priority),
    state=st.sampled_from(CaseState),
)
@settings(max_examples=25, deadline=None)
def test_nothing_that_a_state_is_given_holds_the_figure_of_the_other_or_what_follows_from_it(
    exported: int, imported: int, viewer: str, priority: Priority, state: CaseState
) -> None:
    pair = different(str(exported), str(imported))
    own, other = (imported, exported) if viewer == "XCY" else (exported, imported)
    about = case(pair, priority=priority, state=state, cause="UNIT")
    view = shown(about, Viewer(viewer), DEFAULT_POLICY)
    assert view is not None
    text = given_to(view, viewer)
    secrets = {Decimal(other), abs(Decimal(own - other)), *(x for x in (pair.gap, pair.span) if x)}
    allowed = spellings(Decimal(own)) | {"1000", "2025"}
    for secret in secrets:
        for word in spellings(secret) - allowed:
            assert word not in text.replace(str(own), "OWN"), word
    assert "UNIT" not in view.model_dump_json()


@given(
    own=st.integers(200_000, 400_000),
    others=st.lists(st.integers(1_000, 100_000), min_size=2, max_size=2, unique=True),
)
@settings(max_examples=25, deadline=None)
def test_two_worlds_that_differ_in_the_others_figure_alone_look_the_same(
    own: int, others: list[int]
) -> None:
    views = []
    for other in others:
        about = case(different(str(own), str(other)), priority=Priority.LOW)
        (view,) = shown_all([about], Viewer("XAL"), DEFAULT_POLICY)
        views.append(given_to(view, "XAL"))
    assert views[0] == views[1]


@given(
    rules=st.lists(
        st.builds(
            FigureRule,
            owner=st.sampled_from([None, "XAL", "XCY"]),
            schedule=st.sampled_from([None, "2", "3"]),
            markings=st.lists(st.sampled_from(MARKINGS), min_size=1, max_size=2),
            show=st.booleans(),
        ),
        max_size=3,
    ),
    marking=st.sampled_from(MARKINGS),
    viewer=st.sampled_from(["XAL", "XCY"]),
)
@settings(max_examples=25, deadline=None)
def test_under_any_policy_the_figure_is_there_if_and_only_if_the_policy_allows_it(
    rules: list[FigureRule], marking: str, viewer: str
) -> None:
    own, other = ("918273", "546371") if viewer == "XAL" else ("546371", "918273")
    policy = CasePolicy(figures=tuple(rules))
    view = shown(case(different("918273", "546371"), marking=marking), Viewer(viewer), policy)
    assert view is not None
    owner = "XCY" if viewer == "XAL" else "XAL"
    first = next((rule for rule in rules if rule.fits(owner, "2B", marking)), None)
    text = given_to(view, viewer)
    assert own in text
    assert (other in text) is (first is not None and first.show)
    assert "371902" not in text  # the difference


def test_the_other_state_without_a_row_looks_like_one_with_a_smaller_figure() -> None:
    (silent,) = pairs(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY files S2")
    texts = [
        given_to(view, "XAL")
        for pair in (silent, different("8000", "10"))
        if (view := shown(case(pair), Viewer("XAL"), DEFAULT_POLICY))
    ]
    assert len(texts) == 2
    assert texts[0] == texts[1]


def test_a_state_without_a_row_is_not_said_to_have_declared_zero() -> None:
    (silent,) = pairs(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY files S2")
    full = shown(case(silent), Viewer(None, figures=True), DEFAULT_POLICY)
    assert full is not None
    side = full.pairs[0].import_
    assert (side.kg, side.has_row, side.filed) == (None, False, FiledStatus.FILED)
    view = shown(case(silent), Viewer("XCY"), DEFAULT_POLICY)
    assert view is not None
    assert ",no row,not shown,more," in csv_of([view], "XCY").decode()
    assert "you declare no Thiodiglycol" in question(view.pairs[0], "XCY", "en").translate(PLAIN)


def test_by_default_a_state_sees_its_own_figure_the_direction_and_that_one_is_not_shown() -> None:
    view = shown(case(different()), Viewer("XCY"), DEFAULT_POLICY)
    assert view is not None
    (pair,) = view.pairs
    assert (pair.import_.kg, pair.sense) == (Decimal(6900), Sense.MORE_EXPORTED)
    assert (pair.export.is_shown, pair.export.kg, pair.export.filed) == (False, None, None)
    assert (view.priority, pair.class_, pair.gap_kg, pair.explanations) == (None,) * 4


def test_a_rule_of_the_policy_shows_the_figure_of_rows_that_are_marked_as_it_asks() -> None:
    for marking, expected in (("OPCW_RESTRICTED", Decimal(8000)), ("OPCW_PROTECTED", None)):
        view = shown(case(different(), marking=marking), Viewer("XCY"), OPEN)
        assert view is not None
        assert view.pairs[0].export.kg == expected


def test_the_first_rule_that_fits_decides_and_one_for_a_state_holds_for_it_alone() -> None:
    mine = FigureRule(owner="XAL", markings=["OPCW_RESTRICTED"], show=False)
    policy = CasePolicy(figures=(mine, *OPEN.figures))
    seen = {
        state: shown(case(different()), Viewer(state), policy).pairs[0]  # type: ignore[union-attr]
        for state in ("XAL", "XCY")
    }
    assert (seen["XAL"].import_.is_shown, seen["XCY"].export.is_shown) == (True, False)


def test_one_declaration_of_a_row_that_is_not_known_to_be_open_keeps_the_figure_closed() -> None:
    about = case(different())
    bare = replace(about, pairs=(replace(about.pairs[0], markings={}),))
    view = shown(bare, Viewer("XCY"), OPEN)
    assert view is not None
    assert not view.pairs[0].export.is_shown


def test_a_state_of_a_merged_case_sees_its_own_pair_and_not_the_third_state() -> None:
    about = case(
        *pairs(
            "7719-09-7",
            "2025 XAL exports to XBO 90 t",
            "2025 XBO files S3",
            "2025 XCY imports from XAL 90 t",
        )
    )
    seen = {state: shown(about, Viewer(state), DEFAULT_POLICY) for state in ("XAL", "XBO", "XCY")}
    assert {state: view.states for state, view in seen.items() if view} == {
        "XAL": ["XAL", "XBO", "XCY"],
        "XBO": ["XAL", "XBO"],
        "XCY": ["XAL", "XCY"],
    }
    assert seen["XBO"] is not None
    assert "XCY" not in given_to(seen["XBO"], "XBO")


def test_no_state_is_shown_a_case_of_others_or_a_restricted_one_nor_is_it_counted() -> None:
    (outside,) = pairs(TDG, "2025 XAL exports to XDR 5 t")
    cases = [case(different()), case(outside, number="TD-2025-000002")]
    assert shown(cases[0], Viewer("XBO"), OPEN) is None
    assert shown(cases[1], Viewer("XAL"), OPEN) is None
    assert [view.number for view in shown_all(cases, Viewer("XAL"), OPEN)] == ["TD-2025-000001"]


def test_cases_are_in_order_of_their_numbers_whatever_their_figures() -> None:
    cases = [
        case(different("900000"), number="TD-2025-000002", priority=Priority.HIGH),
        case(different(), number="TD-2025-000001", priority=Priority.LOW),
    ]
    found = [view.number for view in shown_all(cases, Viewer("XCY"), DEFAULT_POLICY)]
    assert found == ["TD-2025-000001", "TD-2025-000002"]


def test_the_secretariat_sees_no_figure_before_an_access_and_all_of_them_after_it() -> None:
    about = case(different("8000", "6900"), cause="UNIT")
    before = shown(about, Viewer(None), DEFAULT_POLICY)
    assert before is not None
    assert "6900" not in before.model_dump_json()
    assert "1090" not in before.model_dump_json()
    assert (before.pairs[0].class_, before.priority, before.cause) == (
        "QUANTITY_MISMATCH",
        "MEDIUM",
        "UNIT",
    )
    after = shown(about, Viewer(None, figures=True), DEFAULT_POLICY)
    assert after is not None
    assert after.pairs[0].gap_kg == Decimal(1090)
    assert json.loads(after.model_dump_json())["pairs"][0]["export"]["kg"] == "8000"


def test_a_request_says_who_declares_more_in_neutral_words() -> None:
    view = shown(case(different()), Viewer("XCY"), DEFAULT_POLICY)
    assert view is not None
    text = question(view.pairs[0], "XCY", "en")
    plain = text.translate(PLAIN)
    assert "you declare 6900 kg" in plain
    assert "XAL declares more of the same flow" in plain
    assert "accuse nobody" in plain
    assert "8000" not in plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence(language: str) -> None:
    (silent,) = pairs(TDG, "2025 XAL exports to XCY 8000 kg", "2025 XCY files S2")
    for pair in (silent, different()):
        for state in ("XAL", "XCY"):
            view = shown(case(pair), Viewer(state), OPEN)
            assert view is not None
            assert "WRONG_COUNTRY_TRANSIT" in question(view.pairs[0], state, language)


def test_due_days_are_those_of_the_table() -> None:
    view = shown(case(different()), Viewer("XAL"), DEFAULT_POLICY)
    assert view is not None
    assert view.due == dt.date(2026, 5, 31)


@pytest.mark.parametrize("text", ["about 8000 kg", "8 000 kg", "8,000", "8'000 kg", "8000000 g"])
def test_an_officers_words_with_the_figure_of_the_other_are_found(text: str) -> None:
    about = case(different())
    view = shown(about, Viewer("XCY"), DEFAULT_POLICY)
    assert view is not None
    assert tells(text, withheld(about, view))


@pytest.mark.parametrize(
    "text", ["your 6900 kg", "in 2025", "as of 2026-05-31", "no figure at all"]
)
def test_an_officers_words_without_it_are_not(text: str) -> None:
    about = case(different())
    view = shown(about, Viewer("XCY"), DEFAULT_POLICY)
    assert view is not None
    assert not tells(text, withheld(about, view))


def test_a_figure_that_is_shown_may_be_spoken_of() -> None:
    about = case(different())
    view = shown(about, Viewer("XCY"), OPEN)
    assert view is not None
    assert not tells("8000 kg", withheld(about, view))


def test_a_number_that_a_state_chose_is_no_formula_in_a_table() -> None:
    view = shown(case(different()), Viewer("XCY"), DEFAULT_POLICY)
    assert view is not None
    pair = view.pairs[0]
    own = pair.import_.model_copy(update={"declarations": ["=1+1 v1"]})
    odd = view.model_copy(update={"pairs": [pair.model_copy(update={"import_": own})]})
    assert "'=1+1 v1" in csv_of([odd], "XCY").decode()
    book = load_workbook(io.BytesIO(xlsx_of([odd], "XCY"))).active
    assert book is not None
    assert {cell.data_type for row in book.iter_rows() for cell in row} <= {"s", "inlineStr", "n"}
    assert "=1+1 v1" in [cell.value for row in book.iter_rows() for cell in row]
