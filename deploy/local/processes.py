"""Starts, watches and stops service processes on loopback.

A process is ready when it says so at its `ready_path`; one that dies while starting is reported
with the tail of its log, so that nobody has to look for it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

START_TIMEOUT_S = 60.0  # a cold start compiles imports; two seconds is usual
STOP_TIMEOUT_S = 15.0  # longer than a service's own drain
LOG_TAIL_LINES = 25


class ServiceFailedError(RuntimeError):
    """A service process died or did not become ready; the message carries the tail of its log."""


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class ServiceProcess:
    """One service: `python -m <module> serve` with its own environment and log file.

    `command` runs something else instead; `ready_path` is what answers 200 once it is ready, or
    `socket_path` what takes connections.
    """

    name: str
    module: str
    port: int
    settings: Mapping[str, str]
    log_path: Path
    extra: dict[str, str] = field(default_factory=dict)
    command: Sequence[str] = ()
    ready_path: str = "/readyz"
    socket_path: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Base address on loopback."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process; return at once."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("SEXTANT_")}
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command) or [sys.executable, "-m", self.module, "serve"],
                env={**inherited, **self.settings, **self.extra},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the launcher alone, which stops in order
            )

    def wait_ready(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Return when it says that it is ready.

        Raises:
            ServiceFailedError: when the process died or the time is over.
        """
        deadline = time.monotonic() + timeout_s
        with httpx.Client(timeout=2.0, trust_env=False) as client:
            while time.monotonic() < deadline:
                if not self.is_running():
                    raise ServiceFailedError(self._report("stopped while starting"))
                if self._is_ready(client):
                    return
                time.sleep(0.05)
        raise ServiceFailedError(self._report(f"not ready within {timeout_s:.0f} s"))

    def _is_ready(self, client: httpx.Client) -> bool:
        try:
            if self.socket_path is None:
                answer = client.get(f"{self.url}{self.ready_path}")
                return answer.status_code == httpx.codes.OK
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.socket_path))
        except (httpx.TransportError, OSError):
            return False  # not listening yet
        return True

    def is_running(self) -> bool:
        """Return whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask the process to stop (SIGTERM), wait, and insist (SIGKILL) when it does not."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def kill(self) -> None:
        """Stop the process as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def wait_dead(self, timeout_s: float = START_TIMEOUT_S) -> int:
        """Wait until the process ended by itself; return its exit status (-9 after SIGKILL)."""
        if self.process is None:
            raise ServiceFailedError(f"{self.name} was not started")
        status = self.process.wait(timeout_s)
        self.process = None
        return status

    def _report(self, what: str) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return f"{self.name} {what}; the end of {self.log_path}:\n" + "\n".join(lines)
