"""The runbooks in docs/operations: each block of commands, as it stands, on a running platform.

Pages whose steps need an empty machine or root are run by `make boot` (install, files-lost,
upgrade), `make operator` (server, machine-keys, upgrade, server-lost) and `test_server_pages.py`
(upgrade on a server, upgrade-postgresql).
"""

import re
import subprocess
from pathlib import Path

import pytest

from deploy.local.names import write_names
from deploy.local.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.long]

PAGES = Path(__file__).resolve().parents[2] / "docs" / "operations"
TOLD = {
    "add-a-state": ("NA-XCH version 1 is in force", "ok   registry       NA-XCH version 1"),
    "rotate-keys": (
        "version 5 of NA-XCH",
        "Nothing is due to be destroyed",
        "no longer names deputy by",
    ),
    "lost-key": (
        "suspended",
        "affirmed by NA-XCH",
        "its sender says: repudiated",
        "version 7",
        "version 8",
    ),
    "overload": ("every delivery is accounted for", "Nothing was erased"),
    "split-view": ("CONSISTENT", "0 of 0 refused head(s) prove a split view"),
}
ELSEWHERE = {"README", "upgrade", "upgrade-postgresql", "machine-keys", "files-lost"}
ELSEWHERE |= {"server", "server-lost"}
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_PATIENCE_S = 600  # thirty commands, on a machine that others use too


def run(page: str, stack: Stack, folder: Path) -> str:
    """Run all blocks of a page in one shell, as an operator would; return what was shown."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    script = f". {write_names(stack)}\n" + "\n".join(_BLOCK.findall(text))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    assert done.returncode == 0, f"{page}: {done.stdout}{done.stderr}"
    return done.stdout


def test_every_runbook_is_run_somewhere() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {*TOLD, *ELSEWHERE}


def test_the_runbooks_run_as_they_stand(stack: Stack, tmp_path: Path) -> None:
    """One after another: a State comes, changes its keys, loses some; then the log is looked at."""
    (tmp_path / "examples").symlink_to(PAGES.parents[1] / "examples")
    for page, told in TOLD.items():
        shown = run(page, stack, tmp_path)
        for words in told:
            assert words in shown, page
