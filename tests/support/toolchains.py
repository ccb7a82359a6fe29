"""The small readers in other languages, built once: Node.js and Go."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.vectors import IN_CI, ROOT

INTEGRATORS = ROOT / "docs" / "integrators"
BUILD_TIMEOUT_S = 240.0  # a first build fetches what the lock files name


def need(tool: str) -> str:
    """Return where a toolchain is; a missing one may skip on a developer's machine, not in CI."""
    found = shutil.which(tool)
    if found is None:
        reason = f"{tool} is not on this machine: install it to run the readers in other languages"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; what it printed is in the answer."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_TIMEOUT_S,
    )


def build_node(folder: Path) -> list[str]:
    """Install the reader for Node.js into `folder`; return its command."""
    node, npm = need("node"), need("npm")
    shutil.copytree(INTEGRATORS / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    done = run(npm, "ci", "--no-audit", "--no-fund", "--no-update-notifier", cwd=folder)
    assert done.returncode == 0, done.stderr
    return [node, str(folder / "dxe.mjs")]


def build_go(folder: Path) -> list[str]:
    """Build the reader in Go into `folder`; return its command."""
    go = need("go")
    folder.mkdir()
    target = folder / "dxe"
    done = run(go, "build", "-o", target, ".", cwd=INTEGRATORS / "go")
    assert done.returncode == 0, done.stderr
    return [str(target)]


BUILDERS: dict[str, Callable[[Path], list[str]]] = {"node": build_node, "go": build_go}


class Readers:
    """How to call the reader of a language; each is built once, into a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._built: dict[str, list[str]] = {}

    def __call__(self, language: str) -> list[str]:
        """Return the command."""
        if language not in self._built:
            self._built[language] = BUILDERS[language](self._folder / language)
        return self._built[language]
