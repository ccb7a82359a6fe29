"""The ground that faults are tried on: a platform of real processes in namespaces of its own.

The exchange lies on an ext4 file system of its own, the log on a PostgreSQL server, and all send
spans to a collector. Everything is in a mount and a network namespace, so that what a fault leaves
behind is gone with the process.
"""

import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import httpx

from deploy.local.postgresql.server import PostgresqlServer, started_server
from deploy.local.processes import ServiceProcess
from deploy.local.several import ServerStack, databases_on
from deploy.local.stack import CommandFailedError, Finished
from sextant_client.home import Home
from sextant_exchange.__main__ import main as exchange_command
from tests.faults.edge import Answer, Edge
from tests.faults.machinery import MIB, CannotRunError, Collector, Disk, command
from tests.support.command import sextant
from tests.support.objects import S3Server

RESERVE_MIB, BALLAST_MIB = 16, 8
_Thing = TypeVar("_Thing")
UNEXPECTED = b"unexpected error"  # the line of a service that answered 500


def within(*arguments: str | Path) -> Finished:
    """Run `sextant` in this process: starting an interpreter forty times takes a minute.

    Raises:
        CommandFailedError: when it does not end well.
    """
    done = sextant(*arguments)
    if done.status != 0:
        raise CommandFailedError(f"sextant {arguments[0]}: {done.stderr}")
    return Finished(done.status, done.stdout, done.stderr)


@dataclass
class FaultStack(ServerStack):
    """The local platform with settings of the ground beside its own."""

    more: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    call: Callable[..., Finished] = within

    def _settle(self, name: str, settings: dict[str, str]) -> None:
        super()._settle(name, {**settings, **self.more.get(name, {})})


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

    def operate(self, *arguments: str) -> tuple[int, str]:
        """Run the exchange's own command, as its operator does; return status and output.

        It runs in this process: a start of the interpreter in each leg is minutes of all legs.
        """
        said, own = io.StringIO(), self.process("exchange").settings
        with (
            patch.dict(os.environ, own),  # noqa: TID251 -- as the operator's shell
            redirect_stdout(said),
            redirect_stderr(said),
        ):
            status = exchange_command([*arguments])
        return status, said.getvalue()

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
                    "DISK_RESERVE_BYTES": str(RESERVE_MIB * MIB),
                    "BALLAST_BYTES": str(BALLAST_MIB * MIB),
                    "CLOCK_SETTLE_S": "15",  # longer than a wrong clock lasts: it is not believed
                },
                "declarations": {**spans, "LEASE_S": "6", "RETRY_CAP_S": "2"},
            },
        )
        life.callback(stack.stop)
        stack.prepare()
        stack.start()
        stack.enrol()
        yield Grounds(stack, server, collector, root, own_disk=disk)
