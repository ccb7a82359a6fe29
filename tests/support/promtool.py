"""Prometheus's own checker of rules: found on the system, or unpacked from Debian's package."""

import shutil
from functools import cache
from pathlib import Path

import pytest

from deploy.local.debian import NoProgramError, fetch
from tests.support.vectors import IN_CI, ROOT

_UNPACKED = ROOT / "var" / "promtool"


@cache
def promtool() -> Path:
    """Return the program; without it skip, in CI fail."""
    found = shutil.which("promtool")
    unpacked = _UNPACKED / "usr" / "bin" / "promtool"
    try:
        if found is None and not unpacked.exists():
            fetch(("prometheus",), _UNPACKED)
    except NoProgramError as error:
        if IN_CI:
            pytest.fail(f"promtool is needed in CI: {error}")
        pytest.skip(f"no promtool: {error}")
    return Path(found) if found else unpacked
