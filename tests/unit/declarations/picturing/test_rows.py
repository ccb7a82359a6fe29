"""From what is held to the plain rows of pictures; and the form in which a picture is given."""

import datetime as dt
from decimal import Decimal

import pytest

from sextant_declarations.analysis.anomalies.facts import Facts, Figure, National, Stock
from sextant_declarations.analysis.anomalies.model import Place
from sextant_declarations.analysis.pictures.clock import Side
from sextant_declarations.analysis.pictures.dossier import Lane
from sextant_declarations.analysis.transfers.policy import Term
from sextant_declarations.domain.picturing.balances import BalanceWanted, weighed
from sextant_declarations.domain.picturing.clocks import Clarification, threads
from sextant_declarations.domain.picturing.dossiers import SiteFiling, events_of
from sextant_declarations.domain.picturing.transfers import compared, flows
from sextant_declarations.routes.rendering import CSV, HTML, PNG, SVG, accepted
from sextant_shared.errors import Code, PlatformError
from tests.unit.declarations.analysis.transfers.stating import comparing, facts, said

AT = Place("XAL", "D", 1)
DAY = 86_400.0
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


def test_the_side_that_did_not_file_declared_nothing() -> None:
    cas = "111-48-8"
    told = facts(said(cas, ["2024 XAL exports to XBO 12500 kg", "2024 XCE files S2"]))
    terms = {state: Term() for state in ("XAL", "XBO", "XCE")}
    drawn = flows(compared(told, cas, 2024, comparing(terms=terms)))
    assert drawn.unit == "t"
    (pair,) = drawn.pairs
    assert (pair.exporter, pair.importer) == ("XAL", "XBO")
    assert (pair.exported, pair.imported) == (Decimal("12.5"), None)
    both = facts(
        said(cas, ["2024 XAL exports to XBO 12500 kg", "2024 XBO imports from XAL 1000 t"])
    )
    (pair,) = flows(compared(both, cas, 2024, comparing(terms=terms))).pairs
    assert (pair.imported, pair.differs) == (Decimal(1000), True)
    assert compared(told, cas, 2023, comparing(terms=terms)) == []


def test_a_message_hands_the_turn_over_and_a_settled_thread_ends() -> None:
    known = {"party": "NA-XAL", "reference": "CR-1", "due": 40 * DAY}
    open_ = Clarification(asked=[0.0, DAY], answered=[20 * DAY], settled=None, **known)  # type: ignore[arg-type]
    (thread,) = threads([open_])
    assert [turn.side for turn in thread.turns] == [Side.STATE, Side.SECRETARIAT]
    assert (thread.due, thread.ended) == (dt.date(1970, 2, 10), None)
    settled = Clarification(asked=[0.0], answered=[20 * DAY], settled=25 * DAY, **known)  # type: ignore[arg-type]
    assert threads([settled])[0].ended == dt.date(1970, 1, 26)
    again = Clarification(asked=[0.0, 30 * DAY], answered=[20 * DAY], settled=25 * DAY, **known)  # type: ignore[arg-type]
    assert threads([again])[0].ended is None, "it was asked again since"


def test_a_yearly_filing_is_true_at_the_end_of_its_year_and_known_when_it_came() -> None:
    came = dt.date(2025, 3, 28)
    yearly = SiteFiling(
        kind="S2_SITE_ADPA", year=2024, version=1, received=came, rules=("W1", "X4")
    )
    once = SiteFiling(kind="S2_SITE_INITIAL", year=2025, version=1, received=came, rules=())
    first, found, second = events_of([yearly, once])
    assert (first.on, first.known) == (dt.date(2024, 12, 31), came)
    assert found.lane is Lane.FINDING
    assert "W1, X4" in found.what
    assert second.on == came


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
