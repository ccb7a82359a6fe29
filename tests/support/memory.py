"""How much more memory one call needs, at its peak."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any


def peak_growth(call: Callable[[], Any]) -> int:
    """Return by how many bytes the process grew at most while `call` ran."""
    Path("/proc/self/clear_refs").write_text("5")  # begin the peak anew
    before = _status("VmRSS")
    call()
    return _status("VmHWM") - before


def _status(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024
