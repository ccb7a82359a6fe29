"""How much more memory a call, or another process, needs at its peak."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any


def peak_growth(call: Callable[[], Any]) -> int:
    """Return by how many bytes the process grew at most while `call` ran."""
    before = begin_peak()
    call()
    return peak() - before


def begin_peak(pid: int | str = "self") -> int:
    """Begin a process's peak anew; return what it holds now, in bytes."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _status(pid, "VmRSS")


def peak(pid: int | str = "self") -> int:
    """Return the most that a process held since its peak was begun anew, in bytes."""
    return _status(pid, "VmHWM")


def _status(pid: int | str, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024
