"""The ground that faults are tried on: a platform of real processes in namespaces of its own.

The exchange lies on an ext4 file system of its own, the log on a PostgreSQL server, and all send
spans to a collector. Everything is in a mount and a network namespace, so that what a fault leaves
behind is gone with the process.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import httpx

from deploy.local.postgresql.server import PostgresqlServer, started_server
from deploy.local.processes import ServiceProcess, free_port
from deploy.local.several import ServerStack, databases_on
from sextant_client.home import Home
from tests.faults.edge import Answer, Edge
from tests.support.objects import S3Server

DISK_MIB, RESERVE_MIB, BALLAST_MIB = 256, 16, 8
_MIB = 1 << 20
_Thing = TypeVar("_Thing")
UNEXPECTED = b"unexpected error"  # the line of a service that answered 500


class CannotRunError(RuntimeError):
    """This machine does not let a leg run; the message says why."""


def command(*arguments: str | Path) -> str:
    """Run a program of the machine.

    Raises:
        CannotRunError: with what it said.
    """
    try:
        done = subprocess.run(
            [str(argument) for argument in arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotRunError(f"{arguments[0]}: {error}") from error
    if done.returncode != 0:
        raise CannotRunError(f"{' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


class Collector:
    """Takes spans over OTLP/HTTP and counts the calls; it can go away and come back."""

    def __init__(self) -> None:
        self.port = free_port()
        self.calls = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where spans are sent."""
        return f"http://127.0.0.1:{self.port}/v1/traces"

    def start(self) -> None:
        """Listen."""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                collector.calls += 1
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        serve = self._server.serve_forever
        threading.Thread(target=serve, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@dataclass
class FaultStack(ServerStack):
    """The local platform with settings of the ground beside its own."""

    more: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def _settle(self, name: str, settings: dict[str, str]) -> None:
        super()._settle(name, {**settings, **self.more.get(name, {})})


@dataclass
class Disk:
    """An ext4 file system in a file, mounted where the exchange keeps its data."""

    image: Path
    mount: Path

    @classmethod
    def make(cls, image: Path, mount: Path) -> "Disk":
        """Make and mount it; an error of the disk makes it read-only, as on most machines."""
        mount.mkdir(parents=True)
        with image.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, DISK_MIB * _MIB)
        command("mkfs.ext4", "-q", "-F", "-m", "0", image)
        disk = cls(image, mount)
        disk.attach()
        return disk

    def attach(self) -> None:
        """Mount it."""
        command("mount", "-o", "loop,errors=remount-ro", self.image, self.mount)

    def detach(self) -> None:
        """Unmount it."""
        command("umount", self.mount)

    def break_down(self) -> None:
        """Have the kernel find an error on it: from now on it is read-only."""
        source = command("findmnt", "-n", "-o", "SOURCE", self.mount).strip()
        trigger = Path("/sys/fs/ext4") / Path(source).name / "trigger_fs_error"
        try:
            trigger.write_text("1")
        except OSError as error:
            raise CannotRunError(f"{trigger}: {error.strerror}") from error

    def mend(self) -> None:
        """Check and mount it again; nobody may have a file open there."""
        self.detach()
        subprocess.run(["e2fsck", "-fy", str(self.image)], capture_output=True, check=False)
        self.attach()


@dataclass
class Grounds:
    """Everything that a fault may touch."""

    stack: FaultStack
    server: PostgresqlServer
    collector: Collector
    scratch: Path
    own_disk: Disk | None = None
    own_store: S3Server | None = None
    own_edge: Edge | None = None

    @property
    def disk(self) -> Disk:
        """The disk of the exchange's files."""
        return _there(self.own_disk, "disk of its own")

    @property
    def store(self) -> S3Server:
        """The store of large containers."""
        return _there(self.own_store, "object store")

    @property
    def edge(self) -> Edge:
        """What stands before the exchanges."""
        return _there(self.own_edge, "edge")

    def answers(self, since: float) -> list[Answer]:
        """Return what callers of the exchange were told since then, as far as written."""
        return self.own_edge.answers(since) if self.own_edge else []

    def process(self, name: str) -> ServiceProcess:
        """Return a process of the platform."""
        return self.stack.processes[name]

    def pid(self, name: str) -> int:
        """Return the process id of one that runs."""
        process = self.process(name).process
        if process is None:
            raise CannotRunError(f"{name} does not run")
        return process.pid

    def run(self, name: str, *arguments: str) -> tuple[int, str]:
        """Run a service's own command, as its operator; return status and output."""
        service = self.process(name)
        done = subprocess.run(
            [sys.executable, "-m", service.module, *arguments],
            env={**os.environ, **service.settings},  # noqa: TID251 -- as an operator's shell
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    def unexpected(self) -> int:
        """Return how many answers were 500 until now, by the services' own logs."""
        return sum(
            process.log_path.read_bytes().count(UNEXPECTED)
            for process in self.stack.services.values()
        )

    def unready(self) -> dict[str, str]:
        """Return which services are not ready, and why."""
        found = {}
        for name, service in self.stack.services.items():
            try:
                answer = httpx.get(f"{service.url}/readyz", timeout=2, trust_env=False)
                if answer.status_code != httpx.codes.OK:
                    found[name] = json.dumps(answer.json().get("checks") or answer.json())
            except httpx.HTTPError as error:
                found[name] = type(error).__name__
        return found

    def witnesses_lag(self) -> int:
        """Return by how many entries the witness furthest behind lags."""
        url = f"{self.stack.services['audit'].url}/v1/witnesses"
        answer = httpx.get(url, timeout=5, trust_env=False).json()
        return max(int(witness["lag"]) for witness in answer["witnesses"])

    def officer(self) -> Home:
        """Return the home of an officer."""
        return Home(self.stack.home("officer"))


def _there(thing: _Thing | None, name: str) -> _Thing:
    if thing is None:
        raise CannotRunError(f"this ground has no {name}")
    return thing


@contextmanager
def laid_out() -> Iterator[Grounds]:
    """Set the ground up; when it is left everything is stopped, unmounted and removed.

    Raises:
        CannotRunError: where the machine lacks what the whole needs.
    """
    with ExitStack() as life:
        root = Path(life.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        command("ip", "link", "set", "lo", "up")
        disk = Disk.make(root / "exchange.img", root / "platform" / "data" / "exchange")
        life.callback(disk.detach)
        server = life.enter_context(started_server())
        collector = Collector()
        collector.start()
        life.callback(collector.stop)
        spans = {"OTLP_ENDPOINT": collector.url}
        stack = FaultStack(
            root / "platform",
            databases=databases_on(server, "audit"),
            exchanges=1,
            more={
                "audit": spans,
                "exchange": {
                    **spans,
                    "DISK_RESERVE_BYTES": str(RESERVE_MIB * _MIB),
                    "BALLAST_BYTES": str(BALLAST_MIB * _MIB),
                    "CLOCK_SETTLE_S": "15",  # longer than a wrong clock lasts: it is not believed
                },
                "declarations": {**spans, "LEASE_S": "4", "RETRY_CAP_S": "2"},
            },
        )
        life.callback(stack.stop)
        stack.prepare()
        stack.start()
        stack.enrol()
        yield Grounds(stack, server, collector, root, own_disk=disk)
