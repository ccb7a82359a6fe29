"""`make traces`: declarations of a real platform through a real collector into a real back end.

Three service processes send their spans to a collector, which sends them on to Arize Phoenix, in an
environment of its own. Then one declaration is asked for as an operator asks: it must be one tree
over all three services, and `sextant ops trace` must draw it. Everything that was started is
stopped, and nothing is left but the environment.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from deploy.local.processes import free_port
from deploy.local.stack import Stack, sextant
from tests.support.collector import collecting
from tests.support.vectors import ROOT

PHOENIX = ROOT / ".venv-traces" / "bin" / "phoenix"
ROOMS = ("audit", "exchange", "declarations")
DECLARED = ROOT / "examples" / "NA-XAL" / "s2-and-2025.json"
START_S = 180.0  # it compiles its imports the first time
PATIENCE_S = 30.0


class FailedError(RuntimeError):
    """What was found is not what it must be."""


@contextmanager
def back_end(folder: Path) -> Iterator[str]:
    """Yield the address of a back end with an empty store."""
    port = free_port()
    settings = {
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    log = folder / "phoenix.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [str(PHOENIX), "serve"],
            env={**os.environ, **settings},  # noqa: TID251 -- the program needs PATH
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, f"{url}/healthz", log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise FailedError(f"the back end did not start:\n{end}")


@contextmanager
def platform(folder: Path, collector: str) -> Iterator[Stack]:
    """Yield a platform whose services send every span to the collector; callers are only linked."""
    stack = Stack(folder, tracing=False, witnessed=False)
    stack.prepare()
    for room in ROOMS:
        own = {
            "OTLP_ENDPOINT": f"{collector}/v1/traces",
            "TRACE_SERVICE_NAME": "true",
            "TRACE_PARENT": "link" if room == "exchange" else "accept",
        }
        stack.services[room].extra |= {f"SEXTANT_{room.upper()}_{k}": v for k, v in own.items()}
    try:
        stack.start()
        stack.enrol()
        yield stack
    finally:
        stack.stop()


def declare(stack: Stack) -> str:
    """Send a declaration, wait for its answers, and return the envelope's id."""
    sent = ("submit", DECLARED, "--watch", "--json", "--home", stack.home("NA-XAL"))
    (envelope,) = sextant(*sent, expect=(0, 1)).json()["envelopes"]
    return str(envelope["id"])


def drawn(envelope: str, url: str, svg: Path) -> tuple[list[dict[str, Any]], str]:
    """Return the spans of a declaration and its waterfall, once its outcome has arrived."""
    asked = ("ops", "trace", envelope, "--from", f"phoenix+{url}")
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = sextant(*asked, "--json", expect=(0, 3))
        spans = found.json().get("spans", [])
        if {span["name"] for span in spans} >= {"register", "deposit reply", "append entries"}:
            return spans, sextant(*asked, "--svg", svg).stdout
        if time.monotonic() > deadline:
            raise FailedError(f"not all spans came: {found.stdout[:2000]}")
        time.sleep(0.5)


def check(spans: list[dict[str, Any]]) -> None:
    """Hold the spans against what is promised.

    Raises:
        FailedError: when it is not one tree over all three services.
    """
    known = {span["span_id"] for span in spans}
    found = {
        "traces": len({span["trace_id"] for span in spans}),
        "roots": [span["name"] for span in spans if span["parent_id"] is None],
        "services": sorted({span["service"] for span in spans}),
        "lost": [s["name"] for s in spans if s["parent_id"] and s["parent_id"] not in known],
    }
    wanted = {"traces": 1, "roots": ["POST /v1/envelopes"], "services": sorted(ROOMS), "lost": []}
    if found != wanted:
        raise FailedError(f"expected {wanted}\nreceived {found}")


def main() -> int:
    """Run it; return the exit status."""
    picture = ROOT / "var" / "waterfall.svg"
    picture.parent.mkdir(exist_ok=True)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="sextant-traces-") as name:
            folder = Path(name)
            (folder / "back-end").mkdir()
            with back_end(folder / "back-end") as url:
                _say(f"back end up after {time.monotonic() - began:.0f} s")
                with (
                    collecting(url, signals="traces") as collector,
                    platform(folder / "platform", collector) as stack,
                ):
                    envelope = declare(stack)
                    _say(f"declared {envelope}")
                    spans, shown = drawn(envelope, url, picture)
                _say(shown)
                check(spans)
    except FailedError as error:
        _say(f"\n{error}")
        return 1
    _say(f"{len(spans)} spans, one tree over {', '.join(ROOMS)}; {time.monotonic() - began:.0f} s")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
