"""Programs that watch, as Debian has them: found on the system, or unpacked from their package."""

import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from deploy.local.debian import NoProgramError, fetch, run
from tests.support.vectors import IN_CI, ROOT


def promtool() -> Path:
    """Return Prometheus's own checker of rules; a whole Prometheus lies beside it."""
    return _found("promtool", "prometheus")


def amtool() -> Path:
    """Return Alertmanager's own checker."""
    return _found("amtool", "prometheus-alertmanager")


def node_exporter() -> Path:
    """Return what tells Prometheus of a machine."""
    return _found("prometheus-node-exporter", "prometheus-node-exporter")


def alertmanager_file(folder: Path, address: str) -> Path:
    """Return Alertmanager's file as the page makes it, with its receivers at an address."""
    page = (ROOT / "docs" / "operations" / "server.md").read_text()
    (change,) = re.findall(r'^sed -i ".+" /etc/prometheus/alertmanager\.yml$', page, re.MULTILINE)
    changed = folder / "alertmanager.yml"
    shutil.copy(ROOT / "deploy" / "monitoring" / changed.name, changed)
    named = {"pager": address, "heartbeat": f"{address}/heartbeat"}
    run(["sh", "-euc", change.replace("/etc/prometheus", str(folder))], environment=named)
    return changed


@cache
def _found(name: str, package: str) -> Path:
    """Return the program; without it skip, in CI fail."""
    found = shutil.which(name)
    folder = ROOT / "var" / name
    unpacked = folder / "usr" / "bin" / name
    try:
        if found is None and not unpacked.exists():
            fetch((package,), folder)
    except NoProgramError as error:
        if IN_CI:
            pytest.fail(f"{name} is needed in CI: {error}")
        pytest.skip(f"no {name}: {error}")
    return Path(found) if found else unpacked
