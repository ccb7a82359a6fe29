"""From what is held to the plain rows of pictures; and the form in which a picture is given."""

from decimal import Decimal

import pytest

from sextant_declarations.analysis.anomalies.facts import Facts, Figure, National, Stock
from sextant_declarations.analysis.anomalies.model import Place
from sextant_declarations.domain.picturing.balances import BalanceWanted, weighed
from sextant_declarations.domain.picturing.transfers import flows
from sextant_declarations.domain.transfers import PairBody, PairLine, SideView, StoredPair
from sextant_declarations.routes.rendering import CSV, HTML, PNG, SVG, accepted
from sextant_shared.errors import Code, PlatformError

AT = Place("XAL", "D", 1)
ROUNDING = Decimal("0.005")


def figure(kg: str) -> Figure:
    return Figure(Decimal(kg), Decimal(kg), kg, AT)


def stock(year: int, end: str | None, used: Decimal | None = Decimal(2)) -> Stock:
    held = figure(end) if end else None
    return Stock(
        year, "F-1", "SSSF", "f", "CAS", "Name", figure("5"), Decimal(1), used, None, held, AT
    )


WANTED = BalanceWanted(state="XAL", chemical="CAS", year=2024, site="F-1")


def test_what_a_facility_held_the_year_before_opens_its_balance() -> None:
    held = Facts("XAL", stocks=[stock(2023, "3"), stock(2024, "6.9")])
    found = weighed(held, WANTED, ROUNDING)
    assert found.unit == "g"
    assert found.balance.opening == 3000
    assert found.balance.residual == Decimal("-100.0")
    assert found.balance.uncertainty == Decimal("89.5")


@pytest.mark.parametrize(
    "stocks",
    [
        [stock(2024, "7")],
        [stock(2023, None), stock(2024, "7")],
        [stock(2023, "3"), stock(2024, None)],
        [stock(2023, "3"), stock(2024, "7", used=None)],
    ],
)
def test_a_stock_or_a_flow_that_is_not_known_leaves_no_residual(stocks: list[Stock]) -> None:
    balance = weighed(Facts("XAL", stocks=stocks), WANTED, ROUNDING).balance
    assert balance.residual is None
    assert all(step.amount for step in balance.steps)


def test_a_state_has_flows_and_no_stocks_and_what_it_does_not_declare_is_no_step() -> None:
    totals = {"produced": figure("5000"), "exported": figure("2000")}
    record = National(2024, "S2", "CAS", "Name", "2B", totals, {}, AT)
    held = Facts("XAL", national={(2024, "CAS"): record})
    found = weighed(held, BalanceWanted(state="XAL", chemical="CAS", year=2024), ROUNDING)
    assert [(s.name, s.amount) for s in found.balance.steps] == [
        ("produced", Decimal("5.000")),
        ("exported", Decimal("-2.000")),
    ]
    with pytest.raises(PlatformError) as raised:
        weighed(held, WANTED, ROUNDING)
    assert raised.value.code is Code.NOT_FOUND


def side(state: str, kg: str | None, *, rows: int = 1) -> SideView:
    place = {"state": state, "declaration_id": "D", "version": 1, "pointer": "/records/0"}
    row = {"kg": kg, "qualifier": "EXACT", "half_step": "0", "mixture_note": None}
    return SideView.model_validate(
        {
            "state": state,
            "direction": "EXPORT",
            "filed": "FILED",
            **dict.fromkeys(("low", "high", "basis_note")),
            "kg": kg,
            "has_total": False,
            "rows": [{**row, "certificate": None, "place": place}] * rows,
            "versions": [],
        }
    )


def stored(klass: str, exported: SideView, imported: SideView, schedule: str = "2B") -> StoredPair:
    line = PairLine.model_validate(
        {
            **dict.fromkeys(("gap", "span", "more")),
            "id": "2024.c.XAL.XBO",
            "year": 2024,
            "chemical": "c",
            "schedule": schedule,
            "exporter": "XAL",
            "importer": "XBO",
            "class": klass,
            "in_force": True,
            "since": "",
        }
    )
    body = PairBody.model_validate(
        {
            "threshold": "1",
            "notes": [],
            "export": exported,
            "import": imported,
            "explanations": [],
            "versions": [],
        }
    )
    return StoredPair(line, body, ())


def test_a_side_without_a_row_declared_nothing_and_a_zero_of_a_row_is_one() -> None:
    silent = stored("EXPORT_ONLY", side("XAL", "12500"), side("XBO", "0", rows=0))
    zero = stored("QUANTITY_MISMATCH", side("XAL", "12500"), side("XBO", "0"))
    unknown = stored("POSSIBLE", side("XAL", None), side("XBO", "1000"))
    drawn = flows([silent, zero, unknown])
    assert drawn.unit == "t"
    assert [(one.exported, one.imported) for one in drawn.pairs] == [
        (Decimal("12.5"), None),
        (Decimal("12.5"), Decimal(0)),
        (None, Decimal(1)),
    ]
    assert [one.differs for one in drawn.pairs] == [True, True, False]
    grams = flows([stored("MATCH", side("XAL", "0.25"), side("XBO", "0.25"), "1A")])
    assert (grams.unit, grams.pairs[0].exported) == ("g", Decimal(250))


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("", SVG),
        ("*/*", SVG),
        ("image/*", SVG),
        ("image/png", PNG),
        ("text/csv, image/png;q=0.5", CSV),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("image/svg+xml;q=0, image/*", PNG),
        ("IMAGE/PNG ; q=0.1, text/csv;q=nonsense", PNG),
    ],
)
def test_the_form_that_is_accepted_best_is_given(header: str, form: str) -> None:
    assert accepted(header) == form
