"""The other ground: all rooms on one PostgreSQL server, two exchanges and two Secretariats, and S3.

An edge stands before the exchanges; States and Secretariat know no other address. The server keeps
what it commits as one with real data does, and no statement may take longer than three seconds, so
that a leg can be longer than that.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from deploy.local.postgresql.server import PostgresqlServer, started_server
from deploy.local.processes import ServiceProcess
from deploy.local.several import databases_on
from tests.faults.edge import Edge
from tests.faults.grounds import FaultStack, Grounds
from tests.faults.machinery import Collector, command
from tests.support.edges import find_nginx
from tests.support.objects import started_store

STATEMENT_S = 3.0
HOST, PORT = "127.0.0.1", 5432  # of the server; nothing else is in this namespace
_STORE = {"S3_CONNECT_S": "1", "S3_REQUEST_S": "3", "S3_RETRIES": "1"}  # senders wait meanwhile


@dataclass
class EdgedStack(FaultStack):
    """The platform with an edge before its exchanges."""

    edge: Edge = field(kw_only=True)

    @cached_property
    def _edge_process(self) -> ServiceProcess:
        ports = [self.services[name].port for name in self.exchange_names]
        return self.edge.process(ports, self.root / "logs" / "edge.log")

    @property
    def processes(self) -> dict[str, ServiceProcess]:
        """The edge runs before those who ask through it."""
        return {"edge": self._edge_process, **super().processes}

    def addresses(self, name: str) -> dict[str, str]:
        """Let everybody come through the edge."""
        return {**super().addresses(name), "exchange": self.edge.url}

    def _own(self, room: str, name: str, place: int) -> dict[str, str]:
        through = {
            "exchange": {"SEXTANT_EXCHANGE_BASE_URL": self.edge.url},
            "declarations": {"SEXTANT_DECLARATIONS_EXCHANGE_URL": self.edge.url},
        }
        return {**super()._own(room, name, place), **through[room]}


def _by_tcp(settings: Mapping[str, str], server: PostgresqlServer) -> dict[str, str]:
    """Return the settings with an address that packets go to: those to a socket are none."""
    return {
        name: url.replace("@/", f"@{HOST}/").removesuffix(f"?host={server.folder}")
        for name, url in settings.items()
    }


@contextmanager
def laid_out() -> Iterator[Grounds]:
    """Set the ground up; when it is left everything is stopped and removed.

    Raises:
        NoProgramError, NoPostgresqlError: with what is not here.
    """
    with ExitStack() as life:
        root = Path(life.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        command("ip", "link", "set", "lo", "up")
        store = life.enter_context(started_store())
        server = life.enter_context(started_server())
        databases = databases_on(server)
        server.stop("fast")
        server.durable = True  # from now on; tables are made sooner without
        server.listens = HOST
        server.start()
        collector = Collector()
        collector.start()
        life.callback(collector.stop)
        edge = Edge.placed(find_nginx(), root / "edge")
        common = {"OTLP_ENDPOINT": collector.url, "DATABASE_STATEMENT_S": str(STATEMENT_S)}
        objects = {name.upper(): str(value) for name, value in store.settings("faults").items()}
        stack = EdgedStack(
            root / "platform",
            databases={room: _by_tcp(some, server) for room, some in databases.items()},
            edge=edge,
            more={
                "audit": common,
                "exchange": {**common, **objects, **_STORE, "BASE_URL": edge.url},
                "declarations": {**common, "LEASE_S": "6", "RETRY_CAP_S": "2"},
            },
        )
        life.callback(stack.stop)
        stack.prepare()
        stack.start()
        stack.enrol()
        yield Grounds(stack, server, collector, root, own_store=store, own_edge=edge)
