"""A State's aggregate data from one workbook or CSV: how fast it is read and checked, in how much.

The largest form that the models allow: a thousand chemicals, each traded with sixty States. Each
format runs in a process of its own, so that the peak of memory is that of one import.
"""

import datetime as dt
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sextant_client.prepare.checking import compact
from sextant_client.prepare.documents import read_sourced, write_document
from sextant_shared import codelists
from sextant_shared.rules import check

FORMATS = ("xlsx", "csv")
CHEMICALS, PARTNERS = 1000, 60
DAY = dt.date(2025, 12, 31)


@dataclass(frozen=True)
class ImportReport:
    """CPU seconds to read and to check so many rows, with the verdict and the peak of memory."""

    form: str
    size_bytes: int
    rows: int
    read_s: float
    check_s: float
    peak_bytes: int
    verdict: str


def bulk_document(chemicals: int = CHEMICALS, partners: int = PARTNERS) -> dict[str, Any]:
    """Return aggregate data whose sums agree: half of the partners sell, the other half buy."""
    states = sorted(
        s.code for s in codelists.states().values() if s.is_valid(DAY) and s.code != "XAL"
    )[:partners]
    half = partners // 2
    heading = {
        "schema": "sextant.s2-and/1",
        "kind": "S2_AND",
        "declaration_id": "XAL-2025-S2-AND",
        "version": 1,
        "state_code": "XAL",
        "reporting_year": 2025,
        "submission_type": "ANNUAL",
        "language": "en",
        "confidentiality": "OPCW_PROTECTED",
        "na_contact": [{"name": "Declarations Desk", "function": "National Authority"}],
    }
    return {
        **heading,
        "records": [_record(n, states[:half], states[half:]) for n in range(chemicals)],
    }


def _record(number: int, sellers: list[str], buyers: list[str]) -> dict[str, Any]:
    return {
        "chemical": {
            "name": f"Methylphosphonate ester {number}",
            "structure": f"CP(=O)(OC)O{'C' * (number % 30 + 1)} #{number}",
            "schedule": "2B",
            "entry": 4,
        },
        "produced": _tonnes(100 * len(buyers)),
        "processed": {"nothing": "nil"},
        "consumed": _tonnes(25),
        "imported": _tonnes(2 * len(sellers)),
        "exported": _tonnes(3 * len(buyers)),
        "imports": [_trade(state, 2) for state in sellers],
        "exports": [_trade(state, 3) for state in buyers],
    }


def _trade(state: str, tonnes: int) -> dict[str, Any]:
    return {"state_code": state, "quantity": _tonnes(tonnes), "qualifier": "EXACT"}


def _tonnes(number: int) -> dict[str, str]:
    return {"value": str(number), "unit": "t"}


def measure_imports(chemicals: int = CHEMICALS) -> list[ImportReport]:
    """Write the bulk in each format, and measure its import."""
    with tempfile.TemporaryDirectory() as folder:
        return [_measured(Path(folder) / f"bulk.{form}", chemicals) for form in FORMATS]


def _measured(path: Path, chemicals: int) -> ImportReport:
    write_document(path, bulk_document(chemicals))
    run = [sys.executable, "-m", "bench.importing", str(path)]
    done = subprocess.run(run, capture_output=True, check=True, text=True)
    return ImportReport(**json.loads(done.stdout))


def measure_import(path: Path) -> ImportReport:
    """Read and check one file in this process."""
    started = time.process_time()
    document = read_sourced(path).whole()
    read = time.process_time()
    verdict = check(compact(document)).verdict
    checked = time.process_time()
    rows = sum(len(r["imports"]) + len(r["exports"]) for r in document["records"])
    size = path.stat().st_size
    read_s, check_s, peak = read - started, checked - read, peak_bytes()
    return ImportReport(path.suffix[1:], size, rows, read_s, check_s, peak, verdict)


def peak_bytes() -> int:
    """Return the most memory that this program held; the system's count begins with its parent."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(measure_import(Path(sys.argv[1])))))
