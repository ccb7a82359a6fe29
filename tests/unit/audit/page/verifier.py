"""The page's verifier, run in Node.js: one process for many cases."""

import base64
import json
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

from tests.support.toolchains import need

MODULES = Path(str(files("sextant_audit").joinpath("routes", "page")))
RUNNER = Path(__file__).with_name("run.mjs")
_TIMEOUT_S = 60


def receipt_case(
    data: bytes | str,
    trust: str | None,
    *,
    pasted: bool = False,
    entry: str = "",
    envelope: bytes | None = None,
) -> dict[str, Any]:
    """Return what a visitor brings, as a case."""
    raw = data.encode() if isinstance(data, str) else data
    return {
        "run": "receipt",
        "data": base64.b64encode(raw).decode(),
        "pasted": pasted,
        "trust": trust,
        "entry": entry,
        "envelope": None if envelope is None else base64.b64encode(envelope).decode(),
    }


def run_cases(folder: Path, *cases: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the result of each case; the modules run as they are served."""
    for module in MODULES.glob("*.js"):
        (folder / module.name).write_bytes(module.read_bytes())
    (folder / "package.json").write_text('{"type": "module"}')
    done = subprocess.run(
        [need("node"), "--no-warnings", str(RUNNER), str(folder)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def failed(result: dict[str, Any]) -> dict[str, str]:
    """Return the checks that failed, with their codes."""
    return {c["id"]: c["code"] for c in result["checks"] if c["state"] == "failed"}


def states(result: dict[str, Any]) -> dict[str, str]:
    """Return the state of each check."""
    return {c["id"]: c["state"] for c in result["checks"]}
