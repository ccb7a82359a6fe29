"""Each room, installed without the others, imports what it needs and only that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = next(p for p in sys.path if p.endswith("site-packages"))


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
