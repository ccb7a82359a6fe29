"""Anomalies: what is flagged, what an innocent explanation closes, what nobody may see."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_declarations.analysis.anomalies.facts import (
    AtPlant,
    Facts,
    Figure,
    National,
    Notice,
    SiteSeen,
    Step,
    TradeRow,
)
from sextant_declarations.analysis.anomalies.model import WITHHELD, Card, Place, seen_by
from sextant_declarations.analysis.anomalies.policy import policy
from sextant_declarations.analysis.anomalies.ranking import benjamini_hochberg, shortlist
from sextant_declarations.analysis.anomalies.run import Run, analyse
from sextant_declarations.analysis.anomalies.slips import slip_of

CAS = "7719-12-2"


def at(state: str, year: int, pointer: str = "") -> Place:
    return Place(state, f"{state}-{year}", 1, pointer)


def tonnes(number: str, place: Place) -> Figure:
    kg = Decimal(number) * 1000
    return Figure(kg, kg, f"{number} t", place)


def national(
    facts: Facts, year: int, totals: dict[str, str], rows: dict[str, dict[str, str]] | None = None
) -> None:
    place = at(facts.state, year, "/records/0")
    facts.filed["S3_AND", year] = at(facts.state, year)
    facts.reported_years.add(year)
    facts.national[year, CAS] = National(
        year, "S3", CAS, "Phosphorus trichloride", "3B",
        {name: tonnes(number, place) for name, number in totals.items()},
        {
            way: tuple(
                TradeRow(partner, Decimal(number) * 1000, f"{number} t", place)
                for partner, number in (rows or {}).get(way, {}).items()
            )
            for way in ("imports", "exports")
        },
        place,
    )  # fmt: skip


def made(facts: Facts, year: int, low: str, high: str, site: str = "S1") -> None:
    place = at(facts.state, year, "/plants/0")
    figure = Figure(Decimal(low) * 1000, Decimal(high) * 1000, "S3-R3", place)
    facts.filed["S3_SITE_ADPA", year] = place
    facts.past.append(
        AtPlant(
            year, "S3", site, f"{site}-P1", CAS, "PCl3", "3B", {"produced": figure}, None, place
        )
    )


def trading(*declared: tuple[str, str, str, str, str]) -> list[Facts]:
    """Return States that declare one year: (declarant, way, partner, tonnes, year)."""
    states: dict[str, Facts] = {}
    rows: dict[tuple[str, int], dict[str, dict[str, str]]] = {}
    for declarant, way, partner, number, year in declared:
        states.setdefault(declarant, Facts(declarant))
        states.setdefault(partner, Facts(partner))
        rows.setdefault((declarant, int(year)), {}).setdefault(way, {})[partner] = number
        states[partner].filed["X4_PROTECTIVE", int(year)] = at(partner, int(year))
    for (state, when), found in rows.items():
        national(states[state], when, {}, found)
    return list(states.values())


def methods(run: Run) -> list[str]:
    return [card.method for card in run.ranked.cards]


def test_nothing_declared_gives_no_card_and_no_crash() -> None:
    assert analyse([Facts("XAL")], 2025).ranked.cards == ()


def test_a_national_total_below_its_sites_is_a_difference_to_explain() -> None:
    facts = Facts("XAL")
    made(facts, 2024, "1000", "10000")
    national(facts, 2024, {"produced": "400"})
    (card,) = analyse([facts], 2024).ranked.cards
    assert card.method == "SITE_SUM"
    assert any(one.text == "400 t" and one.place for one in card.figures)
    assert "594 t" in card.clears or "993" in card.clears


def test_a_total_that_rounding_explains_is_not_flagged() -> None:
    facts = Facts("XAL")
    made(facts, 2024, "1000", "10000")
    national(facts, 2024, {"produced": "995"})
    assert methods(analyse([facts], 2024)) == []


def test_a_state_that_declares_a_site_twice_is_not_counted_twice() -> None:
    facts = Facts("XAL")
    for _ in range(2):
        made(facts, 2024, "1000", "10000")
    national(facts, 2024, {"produced": "1200"})
    assert methods(analyse([facts], 2024)) == []


def test_a_planned_site_without_a_report_is_missed() -> None:
    facts = Facts("XAL")
    place = at("XAL", 2024)
    facts.sites.append(SiteSeen(2024, "S3_SITE_ADAA", "S1", "Works", "co", ("a",), "", place))
    figure = Figure(Decimal(200_000), Decimal(1_000_000), "S3-R2", place)
    facts.ahead.append(
        AtPlant(2024, "S3", "S1", "P1", CAS, "PCl3", "3B", {"produced": figure}, None, place)
    )
    assert methods(analyse([facts], 2024)) == ["NO_REPORT"]
    assert methods(analyse([facts], 2023)) == []  # not due yet


def test_a_list_that_a_nil_stands_for_is_not_missing() -> None:
    facts = Facts("XAL")
    for year in (2021, 2022, 2024):
        facts.filed["X4_PROTECTIVE", year] = at("XAL", year)
        facts.reported_years.add(year)
    assert methods(analyse([facts], 2024)) == ["LIST_MISSING"]
    facts.filed["NIL:X4", 2023] = at("XAL", 2023)
    assert methods(analyse([facts], 2024)) == []


def test_a_shortfall_with_a_reason_is_no_anomaly() -> None:
    facts = Facts("XAL")
    facts.filed["A4_ANNUAL_REPORT", 2024] = at("XAL", 2024)

    def step(done: str, reason: str) -> Step:
        return Step(
            "IV", 2024, "F1", "INV-1", (Decimal(10), 4), (Decimal(done), 4),
            is_done=True, reason=reason, text="", place=at("XAL", 2024),
        )  # fmt: skip

    facts.plans = [step("10", "")]
    facts.reports = [step("7", "the chamber stood still")]
    assert methods(analyse([facts], 2024)) == []
    facts.reports = [step("7", "")]
    assert methods(analyse([facts], 2024)) == ["DESTRUCTION_PROGRESS"]


@pytest.mark.parametrize(
    ("x", "m", "slip"),
    [
        ("1470", "14700", "a factor of 10"),
        ("1060000", "1060", "a factor of 1000"),
        ("916000", "196000", "two digits exchanged"),
        ("1406700", "2813400", "counted twice"),
        ("500000", "430000", ""),
    ],
)
def test_slips_are_told_by_their_shape(x: str, m: str, slip: str) -> None:
    assert slip_of(Decimal(x), Decimal(m), policy()) == slip


@given(st.integers(10_000, 10**9), st.sampled_from([10, 100, 1000]))
def test_every_power_of_ten_is_a_slip_either_way(kg: int, power: int) -> None:
    one, other = Decimal(kg), Decimal(kg) * power
    assert slip_of(one, other, policy()) == slip_of(other, one, policy()) == f"a factor of {power}"


def around(*tonnes_by_year: str, partner: str = "") -> list[Facts]:
    """Return XAL with exports to XBO from 2019 on; `<` is below the threshold, `partner` XBO's."""
    years = range(2019, 2019 + len(tonnes_by_year))
    told = [
        ("XAL", "exports", "XBO", number.replace("<", "0"), f"{year}")
        for year, number in zip(years, tonnes_by_year, strict=True)
        if number
    ]
    told += [
        ("XBO", "imports", "XAL", number, f"{year}")
        for year, number in zip(years, tonnes_by_year, strict=True)
        if number not in {"<", ""}
    ]
    if partner:
        told.append(("XBO", "imports", "XAL", partner, "2021"))
    states = trading(*told)
    for facts in states:
        for key, record in facts.national.items():
            rows = {way: tuple(map(_below, told)) for way, told in record.rows.items()}
            facts.national[key] = replace(record, rows=rows)
    return states


def _below(row: TradeRow) -> TradeRow:
    return row if row.kg else replace(row, kg=None, text="LESS_THAN_THRESHOLD")


def test_what_is_below_the_threshold_in_one_year_alone_is_shown_though_no_two_figures_differ() -> (
    None
):
    cards = analyse(around("830", "1240", "<", "826", "4140"), 2023).ranked.cards
    (card,) = [one for one in cards if one.method == "SMALL_ONCE"]
    assert (card.state, card.states, card.year) == ("XAL", ("XAL", "XBO"), 2021)
    said = [(one.name, one.owner, one.text) for one in card.figures]
    assert said[0] == ("2021", "XAL", "LESS_THAN_THRESHOLD")
    assert said[-1] == ("2021", "XBO", "not declared")
    assert {text for _, _, text in said[1:-1]} == {"830 t", "1240 t", "826 t", "4140 t"}
    seen = seen_by(card, "XAL")
    assert (seen.method, seen.sentence) != (card.method, card.sentence)
    assert "not declared" not in {one.text for one in seen.figures}


@pytest.mark.parametrize(
    "tonnes_by_year",
    [
        ("830", "1240", "<", "", ""),  # it ended
        ("", "", "<", "826", "4140"),  # it began
        ("40", "55", "<", "61", "38"),  # small flows come and go
        ("40", "1240", "<", "61", "38"),  # one large year is no habit
        ("<", "<", "<", "<", "<"),
    ],
)
def test_an_honest_row_below_the_threshold_is_not_shown(tonnes_by_year: tuple[str, ...]) -> None:
    assert "SMALL_ONCE" not in methods(analyse(around(*tonnes_by_year), 2023))


def test_a_figure_of_the_other_side_is_told_by_the_two_sides_and_not_twice() -> None:
    found = analyse(around("830", "1240", "<", "826", "4140", partner="1060"), 2023)
    assert "SMALL_ONCE" not in methods(found)


def test_a_third_state_explains_an_export_and_an_import_that_fit_nobody() -> None:
    states = trading(
        ("XAL", "exports", "XCO", "500", "2024"), ("XBO", "imports", "XAL", "499", "2024")
    )
    (card,) = [c for c in analyse(states, 2024).ranked.cards if c.method == "TRANSIT"]
    assert card.states == ("XAL", "XBO", "XCO")


def test_what_a_neighbouring_year_makes_good_is_explained_and_kept_apart() -> None:
    states = trading(
        ("XAL", "exports", "XBO", "900", "2023"), ("XBO", "imports", "XAL", "600", "2023"),
        ("XAL", "exports", "XBO", "500", "2024"), ("XBO", "imports", "XAL", "800", "2024"),
    )  # fmt: skip
    run = analyse(states, 2024)
    assert methods(run) == []
    assert {card.method for card in run.ranked.explained} == {"TIMING"}


def test_a_state_never_sees_the_other_states_figure_on_a_card() -> None:
    states = trading(
        ("XAL", "exports", "XBO", "1470", "2024"), ("XBO", "imports", "XAL", "14700", "2024")
    )
    (card,) = [c for c in analyse(states, 2024).ranked.cards if c.method == "SLIP"]
    for own, hidden in (("XAL", "14700 t"), ("XBO", "1470 t")):
        shown = seen_by(card, own)
        assert hidden not in {one.text for one in shown.figures}
        assert WITHHELD in {one.text for one in shown.figures}
        assert {place.state for place in shown.places} == {own}
        assert "factor" not in shown.sentence
        assert shown.tried == ()
    nothing = seen_by(card, "XCO")
    assert {one.text for one in nothing.figures} == {WITHHELD}
    assert nothing.places == ()


def test_two_notices_that_differ_in_quantity_make_one_card() -> None:
    states = [Facts("XAL"), Facts("XBO")]
    for facts, kg in zip(states, ("0.0018", "0.00108"), strict=True):
        facts.filed["S1_TRANSFER_NOTIF", 2024] = at(facts.state, 2024)
        facts.notices.append(
            Notice(facts.state, "XAL", "XBO", "505-60-2", 738_000, "2024-05-01", Decimal(kg),
                   kg, "hospital", at(facts.state, 2024))
        )  # fmt: skip
    assert methods(analyse(states, 2024)) == ["S1_QUANTITY"]


def test_the_same_input_gives_the_same_run_in_any_order() -> None:
    def world() -> list[Facts]:
        return trading(
            ("XAL", "exports", "XBO", "1470", "2024"), ("XBO", "imports", "XAL", "14700", "2024")
        )

    one, other = analyse(world(), 2024), analyse(world()[::-1], 2024)
    assert one.id == other.id
    assert [card.id for card in one.ranked.cards] == [card.id for card in other.ranked.cards]


def test_false_discovery_control_keeps_nothing_of_pure_chance() -> None:
    chance = [(place + 0.5) / 100 for place in range(100)]
    assert not any(benjamini_hochberg(chance, 100, 0.05))
    assert benjamini_hochberg([1e-6, 0.04], 100, 0.05) == [True, False]


@given(st.lists(st.floats(0, 1), max_size=30))
def test_false_discovery_control_keeps_the_smallest_if_any(found: list[float]) -> None:
    kept = benjamini_hochberg(found, len(found), 0.05)
    passed = [p for p, is_kept in zip(found, kept, strict=True) if is_kept]
    refused = [p for p, is_kept in zip(found, kept, strict=True) if not is_kept]
    assert not passed or not refused or max(passed) <= min(refused)


def test_a_list_longer_than_the_capacity_has_a_random_share_that_is_marked() -> None:
    def card(number: int) -> Card:
        return policy().card(
            "OPERATOR", state="XAL", year=2000 + number, subject="S1", figures=(),
            tolerance="", clears="",
        )  # fmt: skip

    cards = [card(number) for number in range(100)]
    taken = shortlist(cards, 40, "seed", policy())
    assert len(taken) == 40
    assert [one.pick for one in taken].count("RANDOM") == 2
    assert taken == shortlist(cards, 40, "seed", policy())
    assert [one.pick for one in shortlist(cards[:10], 40, "seed", policy())] == ["RANKED"] * 10


def test_every_method_and_setting_says_where_it_comes_from() -> None:
    assert all(one.mark in {"P", "T", "M", "U"} for one in policy().methods.values())
    wordings = " ".join(one.sentence for one in policy().methods.values()).casefold()
    assert not any(word in wordings for word in ("suspicious", "violat", "guilt", "cheat"))
