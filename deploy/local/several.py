"""`python -m deploy.local.several demo | run`: the platform on PostgreSQL, two processes of a room.

Two exchanges share database, keys and folder of containers; two processes of declarations share
database, keys and folders too. Each has an address of its own, since no edge stands before them
here: the first State deposits at one exchange, the second at another, each process of declarations
collects from an exchange of its own whatever came to any, and officers ask the first.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from deploy.local.__main__ import main
from deploy.local.postgresql.programs import NoPostgresqlError
from deploy.local.postgresql.rooms import ROOMS
from deploy.local.postgresql.server import PostgresqlServer, started_server
from deploy.local.processes import ServiceProcess, free_port
from deploy.local.stack import PARTIES, Stack


@dataclass
class ServerStack(Stack):
    """The local platform on a server: `databases` holds the settings of each room that is there.

    A room whose database is a file has one process, however many are asked for.
    """

    databases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    exchanges: int = 2
    secretariats: int = 2

    @property
    def exchange_names(self) -> list[str]:
        """The processes of the exchange; the first is called as where it is alone."""
        return self._names("exchange", self.exchanges)

    @property
    def declarations_names(self) -> list[str]:
        """The processes of declarations."""
        return self._names("declarations", self.secretariats)

    def addresses(self, name: str) -> dict[str, str]:
        """Let each party's home have an exchange of its own, as far as there are as many."""
        states = [party.id for party in PARTIES[1:]]
        place = states.index(name) if name in states else 0
        return {**super().addresses(name), "exchange": self._exchange_at(place).url}

    @property
    def steps(self) -> int:
        """One more for each further process."""
        further = len(self.exchange_names) + len(self.declarations_names) - 2
        return super().steps + further

    def _names(self, room: str, count: int) -> list[str]:
        count = count if room in self.databases else 1
        return [room, *(f"{room}-{n}" for n in range(2, count + 1))]

    def _exchange_at(self, place: int) -> ServiceProcess:
        names = self.exchange_names
        return self.services[names[place % len(names)]]

    def _define_services(self) -> None:
        super()._define_services()
        for names in (self.exchange_names, self.declarations_names):
            first = self.services[names[0]]
            for name in names[1:]:
                log_path = first.log_path.with_name(f"{name}.log")
                self.services[name] = replace(first, name=name, port=free_port(), log_path=log_path)

    def _settle(self, name: str, settings: dict[str, str]) -> None:
        super()._settle(name, {**settings, **self.databases.get(name, {})})
        common = self.services[name].settings
        others = {"exchange": self.exchange_names, "declarations": self.declarations_names}
        for place, other in enumerate(others.get(name, [])):
            if place and other in self.services:  # the first is defined before them
                self.services[other].settings = {**common, **self._own(name, other, place)}

    def _own(self, room: str, name: str, place: int) -> dict[str, str]:
        """Return what one process of a room does not share with the first."""
        service = self.services[name]
        own = {"PORT": str(service.port), "BASE_URL": service.url}
        if room == "exchange":
            own["WORK_DIR"] = str(self.root / "data" / name)
        else:
            own["EXCHANGE_URL"] = self._exchange_at(place).url
        if self.tracing:
            own["TRACE_FILE"] = str(self.traces / f"{name}.jsonl")
        return {f"SEXTANT_{room.upper()}_{key}": value for key, value in own.items()}


def databases_on(server: PostgresqlServer, *rooms: str) -> dict[str, dict[str, str]]:
    """Make a database for each room (all by default); return the settings that lead there."""
    chosen = rooms or tuple(ROOMS)
    return {name: server.environment(server.database(ROOMS[name]), ROOMS[name]) for name in chosen}


def _main() -> int:
    """Tell the story of `deploy.local` on a server that lives as long."""
    try:
        with started_server(durable=True) as server:
            sys.stdout.write(f"PostgreSQL {server.version}: a database for each room\n")
            return main(partial(ServerStack, databases=databases_on(server)))
    except NoPostgresqlError as error:
        sys.stderr.write(f"PostgreSQL is not here: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(_main())
