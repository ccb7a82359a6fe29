from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from sextant_declarations.analysis.pictures import clock, dossier
from sextant_declarations.analysis.pictures.drawing import Picture, shade, short
from sextant_declarations.analysis.pictures.heatmap import Square, timeliness
from sextant_declarations.analysis.pictures.matrix import Pair, transfer_matrix
from sextant_declarations.analysis.pictures.queue_age import Waiting, percentile, queue_age
from sextant_declarations.analysis.pictures.scatter import transfer_scatter
from sextant_declarations.analysis.pictures.waterfall import Balance, Step, mass_balance

TODAY = date(2025, 3, 1)
VERMILLION = "#d55e00"


def parts(picture: Picture) -> list[Element]:
    return list(ElementTree.fromstring(picture.svg).iter())


def words(picture: Picture) -> list[str]:
    return [part.text or "" for part in parts(picture) if part.tag.endswith("}text")]


def fills(picture: Picture) -> Counter[str]:
    return Counter(part.get("fill", "") for part in parts(picture))


EMPTY: list[Callable[[], Picture]] = [
    lambda: timeliness([], ("late",)),
    lambda: transfer_matrix([], of="x", unit="t"),
    lambda: transfer_scatter([], of="x", unit="t"),
    lambda: mass_balance(Balance(None, (), None), of="x", unit="t"),
    lambda: queue_age([], of="x", today=TODAY),
    lambda: clock.clarification_clock([], today=TODAY),
    lambda: dossier.dossier([], [], site="x", known_on=TODAY),
]


@pytest.mark.parametrize("draw", EMPTY)
def test_a_picture_of_nothing_is_a_whole_picture_with_a_text_alternative(
    draw: Callable[[], Picture],
) -> None:
    root = ElementTree.fromstring(draw().svg)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    assert [child.get("id") for child in list(root)[:2]] == ["title", "desc"]
    assert all(child.text for child in list(root)[:2])


def test_a_side_that_declared_nothing_is_hatched_and_a_zero_is_not() -> None:
    silent = Pair("XAL", "XBO", Decimal(3), None, differs=False)
    zero = Pair("XAL", "XBO", Decimal(3), Decimal(0), differs=False)
    hatched = [
        fills(transfer_matrix([one], of="x", unit="t"))["url(#hatch)"] for one in (silent, zero)
    ]
    assert hatched[0] == hatched[1] + 1
    assert transfer_matrix([silent], of="x", unit="t").table.rows[0][3] is None
    assert transfer_matrix([zero], of="x", unit="t").table.rows[0][3] == 0


def test_a_difference_to_explain_has_a_heavy_border_only_where_the_rows_say_so() -> None:
    def borders(*, differs: bool) -> int:
        pair = Pair("XAL", "XBO", Decimal(1), Decimal(9), differs=differs)
        drawn = parts(transfer_matrix([pair], of="x", unit="t"))
        return sum(
            one.get("stroke") == VERMILLION and one.get("stroke-width") == "3" for one in drawn
        )

    assert borders(differs=True) == borders(differs=False) + 1


def test_a_year_without_anything_due_is_dotted_and_one_without_delay_is_not() -> None:
    squares = [Square("XAL", 2020, 4, {"late": 1}), Square("XAL", 2022, 3, {})]
    drawn = timeliness([*squares, Square("XAL", 2021, 0, {})], ("late", "missing"))
    assert fills(drawn)["url(#dots)"] == 2, "one cell, and one in the key"
    assert {"1/4", "0/3"} <= set(words(drawn))
    assert drawn.table.rows == (("XAL", 2020, 4, 1, 0), ("XAL", 2022, 3, 0, 0))


def test_flows_without_an_opening_stock_are_not_called_an_expected_stock() -> None:
    drawn = mass_balance(Balance(None, (Step("a", Decimal(1)),), None), of="x", unit="t")
    assert "expected closing" not in [row[0] for row in drawn.table.rows]
    assert ("sum of the flows", Decimal(1)) in drawn.table.rows


def test_a_long_title_is_set_smaller_before_it_is_cut() -> None:
    name = "O-Pinacolyl methylphosphonofluoridate (96-64-0), XAL-S1-01, 2025"
    drawn = mass_balance(Balance(None, (), None), of=name, unit="g")
    assert any(name in word for word in words(drawn))
    longer = mass_balance(Balance(None, (), None), of=name * 3, unit="g")
    assert any(word.endswith("…") for word in words(longer))


def test_a_slip_of_unit_lies_on_its_guide() -> None:
    pair = Pair("XAL", "XBO", Decimal("0.25"), Decimal(250), differs=True)
    other = Pair("XBO", "XAL", Decimal(9000), Decimal(9000), differs=False)
    drawn = parts(transfer_scatter([pair, other], of="x", unit="t"))
    mark = next(one for one in drawn if one.get("fill") == VERMILLION)
    top, right, *_ = [tuple(map(float, p.split(","))) for p in mark.get("points", "").split()]
    x, y = top[0], right[1]
    guides = [one for one in drawn if one.get("stroke-dasharray") == "2 4"]
    x1, y1, x2, y2 = (float(guides[0].get(name, "")) for name in ("x1", "y1", "x2", "y2"))
    assert abs((y - y1) * (x2 - x1) - (x - x1) * (y2 - y1)) < 0.05 * (x2 - x1)


def test_a_zero_is_counted_above_the_scatter_and_stands_in_the_table() -> None:
    pair = Pair("XAL", "XBO", Decimal(0), Decimal(250), differs=True)
    picture = transfer_scatter([pair], of="x", unit="t")
    assert any("0 pairs; 1 with a zero" in word for word in words(picture))
    assert picture.table.rows == (("XAL", "XBO", Decimal(0), Decimal(250), "yes"),)


def test_the_residual_is_declared_minus_expected_stock() -> None:
    steps = (Step("produced", Decimal("340.5")), Step("consumed", Decimal(-280)))
    balance = Balance(Decimal(100), steps, Decimal(120), Decimal(10))
    rows = {row[0]: row[1] for row in mass_balance(balance, of="x", unit="t").table.rows}
    assert rows["residual"] == Decimal("-40.5")
    assert rows["expected closing"] == Decimal("160.5")


def test_an_unknown_stock_leaves_no_residual_and_is_no_zero() -> None:
    picture = mass_balance(Balance(None, (Step("a", Decimal(1)),), Decimal(1)), of="x", unit="t")
    rows = {row[0]: row[1] for row in picture.table.rows}
    assert "residual" not in rows
    assert rows["opening stock"] is None
    assert any("residual not known" in word for word in words(picture))


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60))
def test_a_percentile_is_an_age_that_is_there(ages: list[int]) -> None:
    ages.sort()
    for hundredths in (50, 85, 95):
        at = percentile(ages, hundredths)
        assert at in ages
        assert sum(age <= at for age in ages) * 100 >= hundredths * len(ages)
    items = [Waiting(f"i{n}", TODAY - timedelta(days=age)) for n, age in enumerate(ages)]
    assert len(queue_age(items, of="x", today=TODAY).table.rows) == len(ages)


def test_the_clock_says_whose_turn_it_is_and_how_long_it_is_over() -> None:
    turns = (
        clock.Turn(clock.Side.STATE, date(2025, 1, 1)),
        clock.Turn(clock.Side.SECRETARIAT, date(2025, 2, 1)),
    )
    late = clock.Thread("T-1", turns, due=date(2025, 2, 20))
    ended = clock.Thread("T-2", turns, due=date(2025, 2, 20), ended=date(2025, 2, 10))
    picture = clock.clarification_clock([late, ended], today=TODAY)
    assert "9 d over" in words(picture)
    assert "ended" in words(picture)
    assert [row[2] for row in picture.table.rows] == ["Secretariat", None]
    assert [row[5] for row in picture.table.rows] == [9, 0]


def test_a_dossier_as_known_on_a_day_leaves_out_what_became_known_later() -> None:
    early = dossier.Event(dossier.Lane.FINDING, date(2020, 1, 1), "early", date(2020, 2, 1))
    later = dossier.Event(dossier.Lane.FINDING, date(2020, 1, 1), "later", date(2024, 2, 1))
    names = [dossier.Name("Old", date(2019, 1, 1)), dossier.Name("New", date(2023, 1, 1))]
    picture = dossier.dossier([later, early], names, site="x", known_on=date(2021, 1, 1))
    said = picture.svg + picture.table.csv()
    assert "early" in said
    assert "Old" in said
    assert "later,2024" not in said
    assert "New" not in said


def test_shades_only_get_darker_so_that_they_hold_on_grey_paper() -> None:
    def lightness(colour: str) -> float:
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    steps = [lightness(shade(n / 10)) for n in range(11)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] - steps[-1] > 120


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "0"),
        ("1234567", "1.23M"),
        ("-35.5", "\u221235.5"),
        ("0.012345", "0.0123"),
        ("50", "50"),
        ("20000", "20k"),
    ],
)
def test_labels_are_short_and_have_no_exponent(amount: str, said: str) -> None:
    assert short(Decimal(amount)) == said
