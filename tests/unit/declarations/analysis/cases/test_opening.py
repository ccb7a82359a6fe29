"""Which pairs become cases, how urgent they are, and which may be one."""

import datetime as dt

import pytest

from sextant_declarations.analysis.cases.opening import (
    becomes_case,
    priority,
    require_mergeable,
    together,
)
from sextant_declarations.analysis.cases.policy import DEFAULT_POLICY, CasePolicy
from sextant_declarations.analysis.cases.workflow import CaseState, Priority
from sextant_declarations.analysis.transfers.model import HypothesisKind, Pair
from sextant_shared.errors import Code, PlatformError
from tests.unit.declarations.analysis.cases.stating import TDG, different, pairs

LAST_DAY, AFTER = dt.date(2026, 4, 30), dt.date(2026, 5, 1)


def test_a_difference_waits_for_the_cut_off_of_its_year() -> None:
    pair = different()
    assert not becomes_case(pair, LAST_DAY, DEFAULT_POLICY)
    assert becomes_case(pair, AFTER, DEFAULT_POLICY)


def test_what_is_within_the_threshold_never_becomes_a_case() -> None:
    (pair,) = pairs(TDG, "2025 XAL exports to XBO 12400 kg", "2025 XBO imports from XAL 12150 kg")
    assert not becomes_case(pair, dt.date(2030, 1, 1), DEFAULT_POLICY)


def test_a_partner_that_has_not_filed_makes_no_case() -> None:
    (pair,) = pairs(TDG, "2025 XAL exports to XBO 12400 kg")
    assert not becomes_case(pair, dt.date(2030, 1, 1), DEFAULT_POLICY)


def test_trade_with_a_state_that_is_no_party_is_a_case_at_once_and_the_most_urgent() -> None:
    (pair,) = pairs(TDG, "2025 XAL exports to XDR 5 t")
    assert becomes_case(pair, dt.date(2026, 1, 1), DEFAULT_POLICY)
    assert priority([pair], 0, DEFAULT_POLICY) is Priority.HIGH


def test_a_cut_off_on_the_last_day_of_a_month_is_never_a_day_that_there_is_not() -> None:
    policy = CasePolicy(cutoff_month=2, cutoff_day=31)
    assert policy.opens(2026) == dt.date(2027, 3, 1)
    assert policy.opens(2027) == dt.date(2028, 3, 1)


@pytest.mark.parametrize(
    ("exported", "earlier", "expected"),
    [
        ("8000", 0, Priority.LOW),  # 2 points for Schedule 2, one threshold
        ("8000", 1, Priority.MEDIUM),
        ("20000", 1, Priority.HIGH),  # above ten thresholds
        ("8000", 9, Priority.MEDIUM),  # years beyond the second do not count
        ("900000", 0, Priority.HIGH),
    ],
)
def test_urgency_grows_with_size_in_thresholds_and_with_years(
    exported: str, earlier: int, expected: Priority
) -> None:
    assert priority([different(exported)], earlier, DEFAULT_POLICY) is expected


def transit() -> list[Pair]:
    return pairs(
        "7719-09-7",
        "2025 XAL exports to XBO 90 t",
        "2025 XBO files S3",
        "2025 XCY imports from XAL 90 t",
    )


def test_a_triangle_of_transit_is_proposed_as_one_case_and_names_the_third_state() -> None:
    links = together(transit())
    assert {(link.kind, link.third) for link in links} == {(HypothesisKind.TRANSIT, "XBO")}
    names = {"2025.7719-09-7.XAL.XBO", "2025.7719-09-7.XAL.XCY"}
    assert {link.pair for link in links} == {link.other for link in links} == names


def test_a_difference_that_nothing_ties_to_another_is_not_proposed() -> None:
    assert together([different()]) == []


def test_cases_are_merged_only_with_a_state_in_common_handled_alike_and_before_the_request() -> (
    None
):
    one, other = transit()
    stranger = pairs("7719-09-7", "2025 XDE exports to XFE 90 t", "2025 XFE files S3")
    opened = CaseState.OPENED
    require_mergeable((opened, [one], False), (opened, [other], False))
    for taken, kept, code in (
        ((opened, [one], False), (opened, stranger, False), Code.POLICY),
        ((opened, [one], True), (opened, [other], False), Code.POLICY),
        ((opened, [one], False), (CaseState.REQUESTED, [other], False), Code.STATE),
    ):
        with pytest.raises(PlatformError) as caught:
            require_mergeable(taken, kept)
        assert caught.value.code is code
