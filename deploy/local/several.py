"""`python -m deploy.local.several demo | run`: the platform on PostgreSQL, with two exchanges.

The exchanges share database, keys and folder of containers. Each has an address of its own, since
no edge stands before them here: the first State deposits at one, the second at another, and the
Secretariat collects from the first whatever came to any.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from deploy.local.__main__ import main
from deploy.local.processes import free_port
from deploy.local.stack import PARTIES, Stack
from tests.support.postgresql import (
    AUDIT,
    DECLARATIONS,
    EXCHANGE,
    NoPostgresqlError,
    PostgresqlServer,
    Room,
    started_server,
)

ROOMS: Mapping[str, Room] = {"audit": AUDIT, "exchange": EXCHANGE, "declarations": DECLARATIONS}


@dataclass
class ServerStack(Stack):
    """The local platform on a server: `databases` holds the settings of each room that is there."""

    databases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    exchanges: int = 2

    @property
    def exchange_names(self) -> list[str]:
        """The processes of the exchange; the first is called as where it is alone."""
        return ["exchange", *(f"exchange-{n}" for n in range(2, self.exchanges + 1))]

    def addresses(self, name: str) -> dict[str, str]:
        """Let each party's home have an exchange of its own, as far as there are as many."""
        states = [party.id for party in PARTIES[1:]]
        place = states.index(name) if name in states else 0
        exchange = self.services[self.exchange_names[place % self.exchanges]]
        return {**super().addresses(name), "exchange": exchange.url}

    @property
    def steps(self) -> int:
        """One more for each further exchange."""
        return super().steps + self.exchanges - 1

    def _define_services(self) -> None:
        super()._define_services()
        first = self.services["exchange"]
        for name in self.exchange_names[1:]:
            log_path = first.log_path.with_name(f"{name}.log")
            self.services[name] = replace(first, name=name, port=free_port(), log_path=log_path)

    def _settle(self, name: str, settings: dict[str, str]) -> None:
        super()._settle(name, {**settings, **self.databases.get(name, {})})
        if name == "exchange":
            common = self.services[name].settings
            for other in self.exchange_names[1:]:
                if other in self.services:  # the first is defined before them
                    self.services[other].settings = {**common, **self._own(other)}

    def _own(self, name: str) -> dict[str, str]:
        """Return what one process of the exchange does not share with the first."""
        service = self.services[name]
        own = {
            "PORT": str(service.port),
            "BASE_URL": service.url,
            "WORK_DIR": str(self.root / "data" / name),
        }
        if self.tracing:
            own["TRACE_FILE"] = str(self.traces / f"{name}.jsonl")
        return {f"SEXTANT_EXCHANGE_{key}": value for key, value in own.items()}


def databases_on(server: PostgresqlServer, *rooms: str) -> dict[str, dict[str, str]]:
    """Make a database for each room (all by default); return the settings that lead there."""
    made = {}
    for name in rooms or ROOMS:
        addresses = server.settings(server.database(ROOMS[name]), room=ROOMS[name])
        made[name] = {setting.upper(): url for setting, url in addresses.items()}
    return made


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
