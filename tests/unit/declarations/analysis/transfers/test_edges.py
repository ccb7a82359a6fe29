"""Bad and odd data: each gives a class or a note that an officer can act on, never a crash."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from sextant_declarations.analysis.transfers.facts import facts_of, half_step
from sextant_declarations.analysis.transfers.model import FiledStatus, Klass, Note, PairKey
from sextant_declarations.analysis.transfers.policy import (
    DEFAULT_POLICY,
    CountryProfile,
    MatchingPolicy,
    Term,
    read_profiles,
)
from sextant_shared.errors import PlatformError
from sextant_shared.models.declaration import read_declaration
from sextant_shared.models.declaration.amount import Amount
from tests.unit.declarations.analysis.transfers.stating import (
    chemical,
    comparing,
    head,
    matched,
    national,
    nil,
    only,
    said,
)

TDG, TEA, AMITON = "111-48-8", "102-71-6", "78-53-5"
NEW = "2387496-12-8"  # stands in Schedule 1 since 7 June 2020


def test_a_partner_that_is_the_declarant_is_an_error_and_not_compared() -> None:
    pair = only(TDG, "2025 XAL exports to XAL 5 t")
    assert (pair.klass, pair.gap) == (Klass.SELF_OR_INVALID, None)
    assert Note.PARTNER_IS_DECLARANT in pair.notes


def test_a_code_that_no_state_has_is_an_error_and_not_compared() -> None:
    pair = only(TDG, "2025 XAL exports to KKK 5 t")
    assert pair.klass is Klass.SELF_OR_INVALID
    assert pair.notes == (Note.UNKNOWN_STATE,)


@pytest.mark.parametrize("way", ["exports to", "imports from"])
def test_schedule_1_and_2_with_a_state_not_party_is_for_people_alone(way: str) -> None:
    assert only(TDG, f"2025 XAL {way} XNP 5 t").klass.is_restricted


def test_a_partner_that_has_not_filed_is_waited_for_and_no_mismatch() -> None:
    pair = only(TEA, "2025 XAL exports to XBO 900 t")
    assert (pair.klass, pair.import_.filed) == (Klass.PENDING, FiledStatus.NOT_FILED)
    assert pair.hypotheses == ()


def test_a_state_that_declares_nil_says_at_most_the_threshold() -> None:
    declared = said(TEA, ["2025 XAL exports to XBO 900 t"])
    pair = matched([*declared, nil("XBO", 2025, "AND_S3")])[PairKey(2025, TEA, "XAL", "XBO")]
    assert (pair.klass, pair.import_.filed) == (Klass.EXPORT_ONLY, FiledStatus.NIL)
    assert pair.import_.interval is not None
    assert pair.import_.interval.high == 30_000


def test_a_nil_of_schedule_2_says_nothing_of_schedule_3() -> None:
    declared = said(TEA, ["2025 XAL exports to XBO 900 t"])
    (pair,) = matched([*declared, nil("XBO", 2025, "AND_S2")]).values()
    assert pair.klass is Klass.PENDING


def test_a_state_with_nil_declarations_alone_has_no_pairs_of_its_own() -> None:
    assert matched([nil("XBO", 2025, "S1", "AND_S2", "AND_S3")]) == {}


def test_a_national_total_leaves_no_room_where_all_partners_are_named() -> None:
    sum_up = CountryProfile(code="XBO", trade_thresholds="sum", evidence="P")
    by_company = CountryProfile(code="XBO", trade_thresholds="company", evidence="P")
    record = {
        "chemical": chemical(TEA),
        "imported": {"value": "50", "unit": "t"},
        "imports": [
            {"state_code": "XCY", "quantity": {"value": "50", "unit": "t"}, "qualifier": "EXACT"}
        ],
    }
    declared = [*said(TEA, ["2025 XAL exports to XBO 31 t"]), national("XBO", 2025, [record])]
    key = PairKey(2025, TEA, "XAL", "XBO")
    assert matched(declared, comparing([sum_up]))[key].klass is Klass.EXPORT_ONLY
    assert matched(declared, comparing([by_company]))[key].klass is Klass.POSSIBLE
    assert matched(declared)[key].klass is Klass.POSSIBLE


def test_a_row_without_a_figure_is_neither_zero_nor_a_difference() -> None:
    pair = only(TEA, "2025 XAL exports to XBO unknown", "2025 XBO imports from XAL 900 t")
    assert (pair.klass, pair.gap, pair.notes) == (Klass.POSSIBLE, None, (Note.NO_FIGURE,))


def test_a_row_of_nil_is_a_figure_of_zero() -> None:
    pair = only(TEA, "2025 XAL exports to XBO nil", "2025 XBO imports from XAL 900 t")
    assert pair.klass is Klass.QUANTITY_MISMATCH
    assert pair.export.kg == 0


def test_what_is_declared_twice_counts_once_and_is_noted() -> None:
    (sent,) = said(TEA, ["2025 XAL exports to XBO 900 t"])
    again = sent.model_copy(update={"declaration_id": "XAL-AGAIN"})
    (came,) = said(TEA, ["2025 XBO imports from XAL 900 t"])
    (pair,) = matched([sent, again, came]).values()
    assert (pair.klass, pair.export.kg) == (Klass.MATCH, Decimal(900_000))
    assert pair.notes == (Note.DECLARED_TWICE,)
    assert len(pair.export.documents) == 2


def test_declarations_that_contradict_each_other_give_no_figure_and_hold_both() -> None:
    (sent,) = said(TEA, ["2025 XAL exports to XBO 900 t"])
    (less,) = said(TEA, ["2025 XAL exports to XBO 100 t"])
    other = less.model_copy(update={"declaration_id": "XAL-OTHER"})
    (came,) = said(TEA, ["2025 XBO imports from XAL 500 t"])
    (pair,) = matched([sent, other, came]).values()
    assert (pair.klass, pair.export.kg, pair.notes) == (Klass.POSSIBLE, None, (Note.CONTRADICTORY,))
    assert pair.export.interval is not None
    assert pair.export.interval.low < 100_000
    assert pair.export.interval.high > 900_000


def test_several_rows_of_one_declaration_are_added_up_and_noted() -> None:
    sentences = ["2025 XAL exports to XBO 400 t", "2025 XAL exports to XBO 500 t"]
    pair = only(TEA, *sentences, "2025 XBO imports from XAL 900 t")
    assert (pair.klass, pair.notes) == (Klass.MATCH, (Note.SEVERAL_ROWS,))


def test_a_state_is_compared_from_the_year_on_in_which_it_joins() -> None:
    how = comparing(terms={"XBO": Term(since=dt.date(2024, 7, 1))})
    sentences = [f"{year} XAL exports to XBO 5 t" for year in (2023, 2024, 2025)]
    pairs = matched(said(TDG, sentences), how)
    found = {key.year: (pair.klass, pair.notes) for key, pair in pairs.items()}
    assert found == {
        2023: (Klass.NSP_S2, ()),
        2024: (Klass.PENDING, (Note.JOINED_IN_YEAR,)),
        2025: (Klass.PENDING, ()),
    }


def test_a_state_that_leaves_is_no_partner_afterwards() -> None:
    how = comparing(terms={"XBO": Term(until=dt.date(2024, 7, 1))})
    sentences = [f"{year} XAL exports to XBO 5 t" for year in (2024, 2025)]
    pairs = matched(said(TDG, sentences), how)
    found = {key.year: (pair.klass, pair.notes) for key, pair in pairs.items()}
    assert found == {2024: (Klass.PENDING, (Note.LEFT_IN_YEAR,)), 2025: (Klass.NSP_S2, ())}


def annual(state: str, year: int, direction: str, partner: str, moved: dict[str, str]) -> Any:
    """Return a yearly list of Schedule 1 transfers, by day, and its sums by State."""
    total = str(sum(Decimal(grams) for grams in moved.values()))
    member = "transferred" if direction == "SENT" else "acquired"
    record = {
        "chemical": chemical(NEW),
        member: [{"state_code": partner, "quantity": {"value": total, "unit": "g"}}],
        "transfers": [
            {
                "direction": direction,
                "state_code": partner,
                "day": day,
                "quantity": {"value": grams, "unit": "g"},
                "recipient": "Laboratory",
                "purpose": "S1_RESEARCH",
            }
            for day, grams in moved.items()
        ],
    }
    heading = {"schema": "sextant.s1-transfer-annual/1", "kind": "S1_TRANSFER_ANNUAL"}
    return read_declaration(
        {**heading, **head(state, year, f"{state}-{year}-S1"), "records": [record]}
    )


def test_a_chemical_scheduled_within_the_year_is_compared_from_its_day_on() -> None:
    sent = annual("XAL", 2020, "SENT", "XBO", {"2020-02-01": "3", "2020-09-01": "2"})
    came = annual("XBO", 2020, "RECEIVED", "XAL", {"2020-09-01": "2"})
    (pair,) = matched([sent, came]).values()
    assert (pair.klass, pair.export.kg) == (Klass.MATCH, Decimal("0.002"))
    assert pair.notes == (Note.SCHEDULED_IN_YEAR,)


def test_what_moved_before_a_chemical_was_scheduled_is_told_and_not_compared() -> None:
    (pair,) = matched([annual("XAL", 2019, "SENT", "XBO", {"2019-02-01": "3"})]).values()
    assert (pair.klass, pair.notes) == (Klass.NOT_COMPARED, (Note.NOT_SCHEDULED,))


def test_a_salt_is_compared_with_its_base_only_where_the_policy_says_so() -> None:
    def declared(state: str, member: str, partner: str, named: dict[str, Any]) -> Any:
        quantity = {"value": "500", "unit": "kg"}
        row = {"state_code": partner, "quantity": quantity, "qualifier": "EXACT"}
        return national(state, 2025, [{"chemical": named, member: [row]}])

    salt = {"name": "a salt of amiton", "cas": None, "structure": "C[NH+](C)C", "schedule": "2A"}
    both = [
        declared("XAL", "exports", "XBO", chemical(AMITON)),
        declared("XBO", "imports", "XAL", {**salt, "entry": 1, "salt_of": AMITON}),
    ]
    apart = matched(both)
    assert {pair.klass for pair in apart.values()} == {Klass.EXPORT_ONLY, Klass.IMPORT_ONLY}
    assert all("x" in pair.id or pair.key.chemical == AMITON for pair in apart.values())
    (one,) = matched(both, comparing(policy=MatchingPolicy(salts_with_base=True))).values()
    assert one.klass is Klass.MATCH


def test_the_wrong_chemical_is_found_on_the_other_side() -> None:
    declared = [
        *said(TDG, ["2025 XAL exports to XBO 9 t"]),
        *said("76-93-7", ["2025 XBO imports from XAL 9 t"]),
    ]
    kinds = {h.kind for pair in matched(declared).values() for h in pair.hypotheses if h.closes}
    assert kinds == {"WRONG_CHEMICAL"}


@pytest.mark.parametrize(
    ("sent", "received", "kind"),
    [("124 t", "1240 t", "TYPO"), ("124 t", "142 t", "TYPO"), ("450 t", "900 t", "DOUBLE_COUNT")],
)
def test_slips_of_one_side_are_named(sent: str, received: str, kind: str) -> None:
    cas = TDG if kind == "TYPO" else TEA
    pair = only(cas, f"2025 XAL exports to XBO {sent}", f"2025 XBO imports from XAL {received}")
    assert [h.kind for h in pair.hypotheses if h.closes] == [kind]


def test_a_mixture_weighed_whole_is_told_by_its_note_or_by_other_years() -> None:
    noted = only(
        TEA,
        "2025 XAL exports to XBO 400 t, as a mixture of 40 %",
        "2025 XBO imports from XAL 160 t",
    )
    assert [h.kind for h in noted.hypotheses if h.closes] == ["CONCENTRATION"]
    sentences = [
        sentence
        for year, tonnes in ((2023, 200), (2024, 300), (2025, 400))
        for sentence in (
            f"{year} XAL exports to XBO {tonnes} t",
            f"{year} XBO imports from XAL {tonnes * 4 // 10} t",
        )
    ]
    pair = matched(said(TEA, sentences))[PairKey(2025, TEA, "XAL", "XBO")]
    (found,) = [h for h in pair.hypotheses if h.kind == "CONCENTRATION"]
    assert found.closes
    assert len(found.related) == 2


def test_goods_that_a_free_zone_sends_on_are_told_to_both_partners() -> None:
    zone = CountryProfile(code="XBO", free_zone=True, evidence="P")
    declared = said(
        TEA,
        ["2025 XAL exports to XBO 400 t", "2025 XBO files S3", "2025 XCY imports from XBO 400 t"],
    )
    pairs = matched(declared, comparing([zone]))
    for pair in pairs.values():
        assert "RE_EXPORT_FREE_ZONE" in {h.kind for h in pair.hypotheses if h.closes}


@pytest.mark.parametrize(
    ("value", "unit", "step"),
    [
        ("12400", "kg", "50"),
        ("12150", "kg", "5"),
        ("500", "t", "500"),
        ("1.5", "kg", "0.005"),
        ("0", "t", "0"),
        ("34.099", "t", "0.5"),
        ("0.0034", "t", "0.005"),
    ],
)
def test_a_figure_is_as_exact_as_its_last_digit_of_at_least_three(
    value: str, unit: str, step: str
) -> None:
    assert half_step(Amount.model_validate({"value": value, "unit": unit}), 3) == Decimal(step)


def test_other_kinds_say_nothing_of_transfers() -> None:
    assert facts_of(nil("XAL", 2025, "OCPF"), DEFAULT_POLICY) is None


def test_profiles_that_do_not_fit_are_refused_with_their_place() -> None:
    with pytest.raises(PlatformError, match=r"profiles|code"):
        read_profiles(b'{"profiles": [{"code": "xx"}]}')


def test_profiles_are_read_as_the_made_up_world_writes_them() -> None:
    limits = b'{"2A": 1, "2B": 30, "3": 80}'
    data = b'{"profiles": [{"code": "XAL", "counts_mixtures_above_percent": ' + limits + b"}]}"
    assert read_profiles(data)["XAL"].limit("3A") == 80
