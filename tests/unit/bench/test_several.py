"""What the measurement of several exchanges says of its rounds."""

import os
import subprocess
import sys

import pytest

from bench.cpu import family_cpu_s, process_cpu_s
from bench.several import Several, Tally


def tally(took_s: float, count: int, **cpu_s: float) -> Tally:
    return Tally(took_s, [n / 1000 for n in range(1, count + 1)], {"exchange": count}, cpu_s)


def test_the_ratio_is_of_deposits_a_second() -> None:
    report = Several(15, by_exchanges={1: tally(2.0, 100), 2: tally(1.0, 80)})
    assert report.ratio == pytest.approx(1.6)


def test_the_bound_is_what_the_cores_hold_of_all_that_a_deposit_costs() -> None:
    one = tally(1.0, 100, exchange=0.2, log=0.1, generator=0.1)
    assert one.cpu_ms == pytest.approx({"exchange": 2.0, "log": 1.0, "generator": 1.0})
    assert one.bound(2) == pytest.approx(500)


def test_percentiles_are_those_of_the_latencies() -> None:
    many = tally(1.0, 1000)
    assert many.percentile_ms(0.5) == pytest.approx(500, abs=1)
    assert many.percentile_ms(0.99) == pytest.approx(990, abs=1)


def test_the_cpu_of_a_server_is_that_of_all_its_processes() -> None:
    before = family_cpu_s(os.getpid())
    busy = "import time\nwhile time.process_time() < 0.1: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    assert family_cpu_s(os.getpid()) - before >= 0.08  # counted in hundredths
    assert process_cpu_s(os.getpid()) < family_cpu_s(os.getpid())
