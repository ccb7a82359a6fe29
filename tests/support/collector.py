"""A real OTLP collector for tests: pinned in `requirements/collector.txt`, unpacked into `var/`.

Where it cannot be fetched, tests that need it skip on a developer's machine and fail in CI.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deploy.local.debian import NoProgramError, run
from deploy.local.processes import free_port
from tests.support.vectors import IN_CI, ROOT

UNPACKED = ROOT / "var" / "collector"
PINS = ROOT / "requirements" / "collector.txt"
_PATIENCE_S = 20.0


def find_collector() -> Path:
    """Return the program, unpacking it when it is not there yet; whole, or not at all.

    Raises:
        NoProgramError: with what stands in the way.
    """
    program = UNPACKED / "rotel" / "rotel-agent"
    if not program.exists():
        partial = UNPACKED.with_name(f"collector.{os.getpid()}")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(PINS)]
        try:
            run([*pip, *options, "--target", str(partial)])
            with suppress(OSError):  # another worker of this test run was faster
                partial.rename(UNPACKED)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return program


@contextmanager
def collecting(forward_to: str, *, signals: str = "traces,metrics,logs") -> Iterator[str]:
    """Yield the address of a collector that sends everything on to another, over OTLP/HTTP.

    Raises:
        NoProgramError: when it is not here, or does not start.
    """
    port = free_port()
    command = [str(find_collector()), "start"]
    command += ["--otlp-grpc-endpoint", f"127.0.0.1:{free_port()}"]
    command += ["--otlp-http-endpoint", f"127.0.0.1:{port}"]
    command += ["--exporter", "otlp", "--otlp-exporter-protocol", "http"]
    command += ["--otlp-exporter-endpoint", forward_to]
    for signal in {"traces", "metrics", "logs"} - set(signals.split(",")):
        command.append(f"--otlp-receiver-{signal}-disabled")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def skip_or_fail(error: NoProgramError) -> None:
    """End a test that cannot run: a developer's machine may lack the program, CI may not."""
    if IN_CI:
        pytest.fail(f"a collector is needed in CI: {error}")
    pytest.skip(f"no collector: {error}")


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NoProgramError(f"the collector ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise NoProgramError("the collector did not listen in time")
