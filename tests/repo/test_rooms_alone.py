"""Each room, installed without the others, imports what it needs and only that."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from deploy.local.pins import graph

ROOT = Path(__file__).resolve().parents[2]
SITE = next(p for p in sys.path if p.endswith("site-packages"))


@cache
def imports(package: Path) -> frozenset[tuple[str, str]]:
    """Return each file's modules of others, without those that it can do without."""
    return frozenset(
        (name.partition(".")[0], str(file.relative_to(ROOT)))
        for file in package.rglob("*.py")
        for name in _imported(ast.parse(file.read_text()))
    )


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
    elif isinstance(node, ast.Try) and "ImportError" in ast.dump(node):
        return  # an extra, or a machine that has it
    for child in ast.iter_child_nodes(node):
        yield from _imported(child)


@pytest.mark.parametrize("room", ["audit", "exchange", "declarations"])
def test_a_service_asks_for_each_package_that_it_or_what_it_builds_on_imports(room: str) -> None:
    owners = packages_distributions()
    asked = graph((f"sextant-{room}",))
    packages = (
        ROOT / "shared" / "sextant_shared",
        ROOT / "services" / room / f"sextant_{room}",
    )
    missing = sorted(
        (name, file)
        for package in packages
        for name, file in imports(package)
        if name not in {*sys.stdlib_module_names, "sextant_shared", f"sextant_{room}"}
        and not {canonicalize_name(owner) for owner in owners.get(name, [])} & asked.keys()
    )
    assert not missing


def run_alone(rooms: tuple[str, ...], code: str) -> subprocess.CompletedProcess[str]:
    """Run `code` with third-party packages and only `rooms` on the path (-S: no editable links)."""
    path = os.pathsep.join([*(str(ROOT / room) for room in rooms), SITE])
    return subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("room", ["audit", "exchange", "declarations"])
def test_a_service_needs_only_shared(room: str) -> None:
    result = run_alone(("shared", f"services/{room}"), f"import sextant_{room}.app")
    assert result.returncode == 0, result.stderr


def test_the_client_needs_only_shared_and_loads_neither_server_nor_token_library() -> None:
    code = (
        "import sys, sextant_client, sextant_client.cli\n"
        "servers = {'fastapi', 'starlette', 'sqlalchemy', 'sqlmodel', 'uvicorn', 'pkcs11'}\n"
        "loaded = servers & set(sys.modules)\n"
        "sys.exit(f'the SDK loaded {loaded}' if loaded else 0)"
    )
    result = run_alone(("shared", "client"), code)
    assert result.returncode == 0, result.stderr


def test_a_room_cannot_import_its_sibling() -> None:
    result = run_alone(("shared", "services/exchange"), "import sextant_audit")
    assert "No module named 'sextant_audit'" in result.stderr
