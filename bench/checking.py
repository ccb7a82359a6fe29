"""What one check by the rules costs, kind by kind, on the example of each.

Each is checked alone, as `sextant check FILE` does, and beside all the others as what the State has
filed, as the Secretariat does. Small documents: what it costs by row stands in `importing`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.cpu import best_cpu_us
from sextant_shared.rules import check
from sextant_shared.rules.filings import Filings
from sextant_shared.rules.policy import DEFAULT_POLICY

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "kinds"
TIMES = 25
COLUMNS = 3


@dataclass(frozen=True)
class CheckReport:
    """CPU microseconds of one check of the example of a kind: the least of several."""

    kind: str
    size_bytes: int
    alone_us: float
    beside_us: float


def measure_checks(times: int = TIMES) -> list[CheckReport]:
    """Check every example alone and beside the others; the slowest comes first."""
    data = {path.stem: path.read_bytes() for path in sorted(EXAMPLES.glob("*.json"))}
    filings = Filings.from_documents([json.loads(one) for one in data.values()])
    reports = [_measured(kind, one, filings, times) for kind, one in data.items()]
    return sorted(reports, key=lambda report: -report.beside_us)


def _measured(kind: str, data: bytes, filings: Filings, times: int) -> CheckReport:
    return CheckReport(
        kind=kind,
        size_bytes=len(data),
        alone_us=best_cpu_us(lambda: check(data), times=times),
        beside_us=best_cpu_us(lambda: check(data, DEFAULT_POLICY, filings), times=times),
    )


def table_of(reports: Sequence[CheckReport]) -> list[str]:
    """Return all kinds in columns, read downwards, with the median of both ways below."""
    head = f"{'kind':<21}{'alone':>7}{'beside':>7}"
    cells = [f"{one.kind:<21}{one.alone_us:>7,.0f}{one.beside_us:>7,.0f}" for one in reports]
    height = -(-len(cells) // COLUMNS)
    rows = ["   ".join(cells[start::height]) for start in range(height)]
    alone = median(one.alone_us for one in reports)
    beside = median(one.beside_us for one in reports)
    size = median(one.size_bytes for one in reports)
    last = f"median {alone:,.0f} alone, {beside:,.0f} beside, of {size:,.0f} bytes"
    return ["   ".join([head] * COLUMNS), *rows, last]
