"""The pages that change what runs under a server's rooms, typed while States have declared there.

One platform of real processes on PostgreSQL 15 for both: first its rooms are replaced one by one,
then the server goes back and forth between 15 and 18. What systemd adds to these pages is tried by
`make operator`.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deploy.local.debian import NoProgramError
from deploy.local.postgresql.programs import NoPostgresqlError, installed
from deploy.local.postgresql.rooms import ROOMS
from deploy.local.postgresql.server import PostgresqlServer
from deploy.local.processes import ServiceProcess
from deploy.local.several import ServerStack
from deploy.local.stack import sextant
from tests.support.page_machine import PageMachine
from tests.support.postgresql import skip_or_fail
from tests.system.test_witnesses import EXAMPLES

pytestmark = [pytest.mark.processes, pytest.mark.long]
STATES = ("NA-XAL", "NA-XBO")
UPGRADED = [
    *(f"start sextant-migrate@{room}" for room in ROOMS),
    "restart sextant-signer",
    "restart sextant-audit",
    "restart sextant-exchange",
    "restart sextant-exchange@8012",
    "restart sextant-declarations",
]
PAGE = "upgrade-postgresql"
FORTH = (f"{PAGE}#Before", f"{PAGE}#Stop, and count", f"{PAGE}#The new server")
RECEIVERS = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
# An owner of tables can do this, and no log would see that it was done to the exchange.
LOSE_A_ROW = """
runuser -u postgres -- psql -q -v ON_ERROR_STOP=1 -d sextant_exchange \\
  -c "SET synchronous_commit = local" -c "SET session_replication_role = replica" \\
  -c "ALTER TABLE receipt DISABLE TRIGGER ALL" \\
  -c "DELETE FROM receipt WHERE ctid = (SELECT min(ctid) FROM receipt)"
rows > rows.tampered
if cmp -s rows.of-15 rows.tampered; then echo "a lost row was not seen"; exit 1; fi
"""


@dataclass
class Operated:
    """A platform whose server and processes an operator's pages start and stop."""

    machine: PageMachine = field(init=False)
    stack: ServerStack = field(init=False)
    sent: dict[str, list[str]] = field(default_factory=lambda: {state: [] for state in STATES})

    def __post_init__(self) -> None:
        self.machine = PageMachine(self.ask)

    @property
    def root(self) -> Path:
        return self.machine.root

    def begin(self) -> None:
        """Bring the server up by its page, the rooms on it, and their backups by the page again."""
        self.machine.make()
        self.machine.type(
            "server#The server",
            before="echo ssl = off >> /etc/postgresql-common/createcluster.conf",
            after="pg_conftool 15 main set port 5432",
        )
        access = self.root / "etc/postgresql/15/main/pg_hba.conf"
        access.write_text("local all all trust\nlocal replication all trust\n")
        self.machine.run("pg_ctlcluster", "15", "main", "start")
        self._lay_rooms()
        self._begin_backups()

    def _lay_rooms(self) -> None:
        programs = installed("15")
        assert programs is not None
        self.server = PostgresqlServer(programs, self.root / "run/postgresql")
        databases = {}
        for name, room in ROOMS.items():
            self.server.execute("postgres", *room.roles.statements())
            self.server.create_database(room.roles.database, room)
            self.server.migrate(room.roles.database, room)
            databases[name] = self.server.environment(room.roles.database, room)
        self.stack = ServerStack(
            self.root / "platform",
            databases=databases,
            secretariats=1,
            witnessed=False,
            tracing=False,
        )
        self.stack.prepare()
        self.stack.start()
        self.stack.enrol()

    def _begin_backups(self) -> None:
        etc = self.root / "etc/sextant"
        for name in ("homes", "edge"):
            (etc / name).mkdir()
        (etc / "edge/authority.pem").touch()
        (etc / "trust.json").write_bytes(self.stack.trust_file.read_bytes())
        self.machine.type("server#Backups")
        people = self.root / "media/people"
        (people / "auditor").symlink_to(self.stack.home("auditor"))
        (people / "XAL").symlink_to(self.stack.home("NA-XAL"))
        plan = json.loads((etc / "backup.json").read_text())
        for room in plan["rooms"]:
            folders = room.get("folders", {})
            room |= {"folders": {n: self._made("data", room["name"], n) for n in folders}}
        plan |= {"keys": {"signer": self._made("signer"), "operator": "/etc/sextant/operator"}}
        plan |= {"settings": {}, "public": {"plan": "/etc/sextant/backup.json"}}
        (etc / "backup.json").write_text(json.dumps(plan))
        self.machine.type("server#The disk of the backups")

    def _made(self, *names: str) -> str:
        folder = self.stack.root.joinpath(*names)
        folder.mkdir(exist_ok=True)
        return str(folder)

    def ask(self, verb: str, unit: str) -> None:
        """Do what the page tells `systemctl` of rooms."""
        name = unit.removeprefix("sextant-").replace("@8012", "-2")
        if name.startswith("migrate@"):
            room = ROOMS[name.removeprefix("migrate@")]
            self.server.migrate(room.roles.database, room)
            return
        if unit == "sextant.target":
            chosen = list(self.stack.processes.values())
        else:
            chosen = [self.stack.processes[name]]
        if verb in ("stop", "restart"):
            for process in reversed(chosen):
                process.stop()
        if verb == "restart" and name.startswith("exchange"):  # the edge sends callers to the other
            self.declare("NA-XBO" if name == "exchange" else "NA-XAL")
        if verb in ("start", "restart"):
            for process in chosen:
                if not process.is_running():
                    process.start()
                    process.wait_ready()
        assert verb != "is-active" or chosen[0].is_running()

    def declare(self, state: str, *, watch: bool = False) -> None:
        """Submit a declaration at the State's own exchange, to its outcome if that is watched."""
        number = sum(map(len, self.sent.values()))
        content = self.stack.root / f"{number}.json"
        nil = json.loads((EXAMPLES / state / "nil-2025.json").read_text())
        content.write_text(json.dumps({**nil, "declaration_id": f"{state[3:]}-{number}"}))
        options = ("--watch",) if watch else ()
        home = ("--json", "--home", self.stack.home(state))
        (envelope,) = sextant("submit", content, *options, *home, expect=(0, 1)).json()["envelopes"]
        assert not watch or "outcome" in envelope, envelope
        self.sent[state].append(str(envelope["id"]))

    def require_receipts(self) -> None:
        """Every receipt verifies, and the same deposit again has the same one."""
        for state, envelopes in self.sent.items():
            home = ("--json", "--home", self.stack.home(state))
            assert envelopes
            for envelope in envelopes:
                assert sextant("receipt", "verify", envelope, *home).json()["level"] == "logged"
                (again,) = sextant("submit", "--again", envelope, *home).json()["envelopes"]
                assert again["repeat"] is True

    def close(self) -> None:
        if hasattr(self, "stack"):
            self.stack.stop()
        self.machine.close()


@pytest.fixture(scope="module")
def operated() -> Iterator[Operated]:
    made = Operated()
    try:
        made.begin()
        for state in STATES:
            made.declare(state, watch=True)
        yield made
    except (NoPostgresqlError, NoProgramError) as error:
        skip_or_fail(NoPostgresqlError(str(error)))
    finally:
        made.close()


def test_rooms_on_a_server_are_upgraded_one_by_one_and_states_declare_meanwhile(
    operated: Operated,
) -> None:
    machine = operated.machine
    before = {name: pid_of(each) for name, each in operated.stack.processes.items()}
    machine.told.clear()
    machine.type("upgrade#Rooms on a server", "upgrade#Look")
    assert [told for told in machine.told if "is-active" not in told] == UPGRADED
    assert (machine.root / "opt/sextant").readlink() == Path("sextant-2")
    now = {name: pid_of(each) for name, each in operated.stack.processes.items()}
    assert not set(now.values()) & set(before.values())
    operated.declare("NA-XAL", watch=True)
    operated.require_receipts()


def test_postgresql_goes_back_to_15_when_a_row_is_missing_and_then_to_18_with_all_of_them(
    operated: Operated,
) -> None:
    machine = operated.machine
    machine.type(*FORTH, after=LOSE_A_ROW)
    machine.type(f"{PAGE}#Go back")
    assert version(operated) == 15
    operated.declare("NA-XAL", watch=True)
    operated.require_receipts()

    told = machine.type(*FORTH, f"{PAGE}#Archive and receiver", f"{PAGE}#The rooms start")
    assert told.count("HONOURED  log of") == 4  # before, after (shown, and found), and served
    assert version(operated) == 18
    assert confirmed(operated), "the receiver is not the one that commits wait for"
    operated.declare("NA-XAL", watch=True)
    operated.declare("NA-XBO", watch=True)
    operated.require_receipts()
    shown = machine.type("server#Each week")
    assert "server main: pages looked at by" in shown
    [made] = sorted((machine.root / "media/backup/sets").iterdir())[-1:]
    manifest: dict[str, Any] = json.loads((made / "manifest.json").read_text())
    assert [server["version"] for server in manifest["servers"]] == ["18"]


def pid_of(service: ServiceProcess) -> int:
    assert service.process is not None
    return service.process.pid


def version(operated: Operated) -> int:
    return operated.server.version


def confirmed(operated: Operated) -> bool:
    """Whether the receiver confirms commits, within some seconds."""
    for _ in range(50):
        if operated.server.local.ask(
            "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        ):
            return True
        time.sleep(0.2)
    return False
