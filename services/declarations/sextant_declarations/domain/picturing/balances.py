"""The mass balance of one chemical in one year: of a Schedule 1 facility, a plant site or a State.

Only Schedule 1 facilities declare stocks. For all others opening and closing stock are unknown, and
a flow that is not declared makes the stocks beside it unknown: it is never taken for zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sextant_declarations.analysis.anomalies.facts import AtPlant, Facts, Figure, National, Stock
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.taking import take_facts
from sextant_declarations.analysis.pictures.waterfall import Balance, Step
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.selecting import Choice, Selecting
from sextant_shared.errors import Code, PlatformError

_GRAMS, _TONNES = ("g", Decimal(1000)), ("t", Decimal("0.001"))
_NATIONAL = (
    ("produced", 1),
    ("imported", 1),
    ("consumed", -1),
    ("processed", -1),
    ("exported", -1),
)
_AT_PLANT = (("produced", 1), ("processed", -1), ("consumed", -1))
Amount = tuple[str, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceWanted:
    """Whose balance: a State's, or that of one of its sites or facilities."""

    state: str
    chemical: str
    year: int
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A balance, of what, and its unit."""

    balance: Balance
    of: str
    unit: str


@dataclass(frozen=True)
class BalancesByReading:
    """Takes balances from the declarations in force of a year and of the one before."""

    selecting: Selecting
    policy: Policy

    async def __call__(self, wanted: BalanceWanted, reader: Reader) -> Weighed:
        """Return the balance, once the access to what it stands on is stored.

        Raises:
            PlatformError: `E_NOT_FOUND` when nothing is declared; as `Selecting.read`.
        """
        years = (wanted.year - 1, wanted.year)
        choice = Choice(years=years, state=wanted.state, site=wanted.site)
        declared = await self.selecting.read(choice, reader, Gives.PICTURE)
        return weighed(take_facts(wanted.state, declared), wanted, self.policy["rounding"])


def weighed(facts: Facts, wanted: BalanceWanted, rounding: Decimal) -> Weighed:
    """Return the balance that facts give.

    Raises:
        PlatformError: `E_NOT_FOUND`.
    """
    stocks = {
        one.year: one
        for one in facts.stocks
        if (one.chemical, one.facility) == (wanted.chemical, wanted.site)
    }
    if wanted.year in stocks:
        now, before = stocks[wanted.year], stocks.get(wanted.year - 1)
        amounts = (("produced", _kg(now.produced)), ("received", now.received), _used(now))
        return _weighed(now.name, wanted, amounts, (before, now), rounding, _GRAMS)
    if wanted.site is not None:
        plants = [
            one
            for one in facts.past
            if (one.year, one.site, one.chemical) == (wanted.year, wanted.site, wanted.chemical)
        ]
        if plants:
            return _of_plants(plants, wanted, rounding)
    elif (record := facts.national.get((wanted.year, wanted.chemical))) is not None:
        return _weighed(record.name, wanted, _national(record), (None, None), rounding, _TONNES)
    raise PlatformError(
        Code.NOT_FOUND,
        "nothing is declared of this chemical for this place and year",
        received=f"{wanted.state} {wanted.site or ''} {wanted.chemical} {wanted.year}"[:120],
        fix="Name the chemical by its CAS number, as the declaration does.",
    )


def _of_plants(plants: list[AtPlant], wanted: BalanceWanted, rounding: Decimal) -> Weighed:
    amounts = [
        (name, _sum(sign, (one.amounts[name] for one in plants if name in one.amounts)))
        for name, sign in _AT_PLANT
        if any(name in one.amounts for one in plants)
    ]
    return _weighed(plants[0].name, wanted, amounts, (None, None), rounding, _TONNES)


def _national(record: National) -> list[Amount]:
    return [
        (name, _sum(sign, [record.totals[name]]))
        for name, sign in _NATIONAL
        if name in record.totals
    ]


def _weighed(
    name: str,
    wanted: BalanceWanted,
    amounts: Iterable[Amount],
    stocks: tuple[Stock | None, Stock | None],
    rounding: Decimal,
    unit: tuple[str, Decimal],
) -> Weighed:
    word, times = unit
    listed = list(amounts)
    steps = tuple(Step(one, kg * times) for one, kg in listed if kg is not None)
    known = all(kg is not None for _, kg in listed)
    opening, closing = (_kg(one.end) if one else None for one in stocks)
    held = [kg for kg in (opening, closing) if kg is not None]
    spread = rounding * sum((abs(kg) for kg in [*held, *_given(listed)]), Decimal(0))
    balance = Balance(
        opening=None if opening is None or not known else opening * times,
        steps=steps,
        closing=None if closing is None else closing * times,
        uncertainty=spread * times,
    )
    place = wanted.site or wanted.state
    return Weighed(balance, f"{name} ({wanted.chemical}), {place}, {wanted.year}", word)


def _given(amounts: Iterable[Amount]) -> list[Decimal]:
    return [kg for _, kg in amounts if kg is not None]


def _used(stock: Stock) -> Amount:
    return "used or sent", None if stock.used is None else -stock.used


def _kg(figure: Figure | None) -> Decimal | None:
    return None if figure is None else figure.low


def _sum(sign: int, figures: Iterable[Figure]) -> Decimal:
    return sign * sum((one.low for one in figures), Decimal(0))
