"""What is left between two States' figures, as the flow methods need it.

Only exact rows and bound partners count. The whole pairing, with its classes and hypotheses, is
the transfers package; here a difference is kept as far as it is needed to look for slips and for
a third State.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sextant_declarations.analysis.anomalies.common import NONE, threshold
from sextant_declarations.analysis.anomalies.facts import Facts, TradeRow
from sextant_declarations.analysis.anomalies.policy import Policy

Key = tuple[int, str, str, str]  # year, chemical, exporter, importer


@dataclass(frozen=True, slots=True)
class Residual:
    """One flow of which the two sides differ by more than the threshold; a side may be absent."""

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
        return (self.sent.kg if self.sent else None) or NONE

    @property
    def m(self) -> Decimal:
        """The importer's kilograms."""
        return (self.received.kg if self.received else None) or NONE

    @property
    def gap(self) -> Decimal:
        """Exporter's less importer's kilograms."""
        return self.x - self.m


def residuals(states: Iterable[Facts], policy: Policy) -> Mapping[Key, Residual]:
    """Return the flows that differ by more than a threshold and rounding."""
    sides: dict[Key, dict[str, TradeRow]] = defaultdict(dict)
    schedules: dict[str, str] = {}
    filed: set[tuple[str, str, int]] = set()
    for facts in states:
        filed |= {(facts.state, kind[:2], y) for kind, y in facts.filed if kind.endswith("_AND")}
        filed |= {
            (facts.state, kind.rpartition("_")[2].removeprefix("NIL:"), y)
            for kind, y in facts.filed
            if kind.startswith("NIL:")
        }
        for record in facts.national.values():
            schedules[record.chemical] = record.schedule
            for way, rows in record.rows.items():
                for row in rows:
                    pair = (facts.state, row.partner) if way == "exports" else (
                        row.partner, facts.state)  # fmt: skip
                    sides[record.year, record.chemical, *pair].setdefault(way, row)
    found: dict[Key, Residual] = {}
    for key, rows in sides.items():
        year, chemical, exporter, importer = key
        schedule = schedules[chemical]
        one = Residual(
            year, chemical, schedule, exporter, importer, rows.get("exports"), rows.get("imports")
        )
        both_filed = all((state, f"S{schedule[0]}", year) in filed for state in (exporter, importer))
        slack = threshold(schedule) + policy["rounding"] * (one.x + one.m)
        if both_filed and abs(one.gap) > slack:
            found[key] = one
    return found
