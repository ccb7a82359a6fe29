"""What is left between two States' figures, as the flow methods need it.

Only exact rows and bound partners count. The whole pairing, with its classes and hypotheses, is
the transfers package; here a difference is kept as far as it is needed to look for slips and for
a third State.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sextant_declarations.analysis.anomalies.facts import Facts, TradeRow
from sextant_declarations.analysis.anomalies.model import Place
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.showing import NONE, threshold

Key = tuple[int, str, str, str]  # year, chemical, exporter, importer


@dataclass(frozen=True, slots=True)
class Residual:
    """One flow as its two sides declare it; a side may be absent."""

    year: int
    chemical: str
    schedule: str
    exporter: str
    importer: str
    sent: TradeRow | None
    received: TradeRow | None

    @property
    def x(self) -> Decimal:
        """The exporter's kilograms."""
        return _kilograms(self.sent)

    @property
    def m(self) -> Decimal:
        """The importer's kilograms."""
        return _kilograms(self.received)

    @property
    def gap(self) -> Decimal:
        """Exporter's less importer's kilograms."""
        return self.x - self.m


def exact_rows(states: Iterable[Facts]) -> Mapping[tuple[str, Key], Decimal]:
    """Return every exact row, by the State that declares it."""
    found: dict[tuple[str, Key], Decimal] = {}
    for facts in states:
        for record in facts.national.values():
            for way, rows in record.rows.items():
                for row in rows:
                    pair = (facts.state, row.partner)
                    exporter, importer = pair if way == "exports" else pair[::-1]
                    if row.kg is not None:
                        key = (record.year, record.chemical, exporter, importer)
                        found.setdefault((facts.state, key), row.kg)
    return found


def traded_with(states: Iterable[Facts]) -> Mapping[tuple[str, str, int], Place]:
    """Return of which State, regime and year a partner declares trade above the threshold."""
    found: dict[tuple[str, str, int], Place] = {}
    for facts in states:
        for record in facts.national.values():
            for row in (row for rows in record.rows.values() for row in rows):
                if row.kg and row.kg > threshold(record.schedule):
                    found.setdefault((row.partner, record.regime, record.year), row.place)
    return found


def _kilograms(row: TradeRow | None) -> Decimal:
    if row is None:
        return NONE
    return (row.implied if row.kg is None else row.kg) or NONE


def above(compared: Mapping[Key, Residual], policy: Policy) -> Mapping[Key, Residual]:
    """Return the flows that differ by more than a threshold and rounding."""
    return {
        key: one
        for key, one in compared.items()
        if abs(one.gap) > threshold(one.schedule) + policy["rounding"] * (one.x + one.m)
    }


def compared_flows(states: Iterable[Facts]) -> Mapping[Key, Residual]:
    """Return every flow of which both States have declared their year, one-sided ones too."""
    sides: dict[Key, dict[str, TradeRow]] = defaultdict(dict)
    schedules: dict[str, str] = {}
    filed: set[tuple[str, int]] = set()
    known = {facts.state: facts for facts in states}
    for facts in known.values():
        # Who declared anything of a year, and no trade, declared that there was none to speak of.
        filed |= {(facts.state, year) for year in facts.reported_years}
        filed |= {(facts.state, year) for _, year in facts.filed}
        for record in facts.national.values():
            schedules[record.chemical] = record.schedule
            for way, rows in record.rows.items():
                for row in rows:
                    pair = (facts.state, row.partner) if way == "exports" else (
                        row.partner, facts.state)  # fmt: skip
                    sides[record.year, record.chemical, *pair].setdefault(way, row)
    found: dict[Key, Residual] = {}
    for key, ways in sides.items():
        year, chemical, exporter, importer = key
        schedule = schedules[chemical]
        one = Residual(
            year, chemical, schedule, exporter, importer, ways.get("exports"), ways.get("imports")
        )
        both = (exporter, importer)
        if all((state, year) in filed and known[state].is_whole(year, chemical) for state in both):
            found[key] = one
    return found
