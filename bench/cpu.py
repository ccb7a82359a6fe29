"""CPU time of a process from `/proc`, and of this process around a piece of work."""

import os
import time
from collections.abc import Callable
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def process_cpu_s(pid: int) -> float:
    """Return the CPU seconds (user and system) that process `pid` has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def family_cpu_s(pid: int) -> float:
    """Return the CPU seconds of process `pid` and of its children, those that ended included."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / _TICKS_PER_SECOND
    return process_cpu_s(pid) + ended + sum(process_cpu_s(int(child)) for child in children)


def cpu_per_call_us(work: Callable[[], object], *, seconds: float = 0.5) -> float:
    """Return the mean CPU microseconds of one call, over about `seconds` of calls."""
    work()
    calls = 0
    start = time.process_time()
    while (spent := time.process_time() - start) < seconds:
        work()
        calls += 1
    return spent / calls * 1e6


def best_cpu_us(work: Callable[[], object], *, times: int) -> float:
    """Return the least CPU microseconds that one of so many calls took."""
    work()
    spent = []
    for _ in range(times):
        start = time.process_time_ns()
        work()
        spent.append(time.process_time_ns() - start)
    return min(spent) / 1000


def resident_bytes(pid: int) -> int:
    """Return the bytes of a process that are in memory."""
    line = next(
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS:")
    )
    return int(line.split()[1]) * 1024
