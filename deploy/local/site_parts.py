"""What a drill of a lost site is made of: a steady load, its plan of backups, its table."""

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.postgresql.server import USER
from deploy.local.server import NAME, DrillServer
from deploy.local.stack import Stack
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_client.sent import SentEnvelope
from sextant_shared.errors import PlatformError

SENDERS = ("NA-XAL", "NA-XBO")
CUSTODIANS = ("custodian-1", "custodian-2", "custodian-3")
KEYS = {"exchange-issuer": "exchange-issuer", "exchange": "exchange", "secretariat": "secretariat"}
PAUSE_S = 0.05


@dataclass
class Load:
    """Deposits of one State after another, paced; what was acknowledged, and when."""

    stack: Stack
    acknowledged: dict[str, float] = field(default_factory=dict)
    open: SentEnvelope | None = None
    failed: threading.Event = field(default_factory=threading.Event)

    def run(self, count: int) -> None:
        """Deposit until `count` were acknowledged, or until nobody answers."""
        clients = [Client(Home(self.stack.home(name))) for name in SENDERS]
        files = [Path("examples/NA-XAL/nil-2025.json"), Path("examples/NA-XBO/nil-2025.json")]
        try:
            for number in range(count):
                client = clients[number % len(clients)]
                content = files[number % len(clients)]
                self.open = client.seal(
                    content,
                    type_="declaration.annual",
                    cty="application/vnd.sextant.declaration+json",
                    classification="C1",
                )
                client.deposit(self.open)
                self.acknowledged[self.open.id] = time.monotonic()
                time.sleep(PAUSE_S)
        except (PlatformError, OSError):
            self.failed.set()
        finally:
            for client in clients:
                client.__exit__()


@dataclass
class Outcome:
    """What a drill measured."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    holds: bool = True

    def add(self, what: str, value: str) -> None:
        """Add a row to the table."""
        self.rows.append((what, value))


def plan_of(stack: Stack, site: Path, server: DrillServer | None) -> Path:
    """Write the plan by which a primary is backed up."""
    data, homes = stack.root / "data", stack.root / "homes"
    files = {
        "audit": "log.sqlite3",
        "exchange": "exchange.db",
        "declarations": "declarations.sqlite3",
    }
    folders = {"exchange": ("blobs",), "declarations": ("vault",)}
    rooms: list[dict[str, Any]] = []
    for name, file in files.items():
        place = {"database": str(data / name / file)} if server is None else {"server": NAME}
        beside = {each: str(data / name / each) for each in folders.get(name, ())}
        rooms.append({"name": name, **place, "folders": beside})
    servers = {}
    if server is not None:
        rooms[0]["ledger"] = server.ledger
        servers = {NAME: {"pgbackrest": str(server.config), "user": USER}}
    plan = {
        "v": 1,
        "rooms": rooms,
        "servers": servers,
        "keys": {
            "signer": str(stack.root / "signer"),
            "sec": str(homes / "SEC" / "keys"),
            **{label: str(homes / home / "keys") for label, home in KEYS.items()},
            **{f"details-{room}": str(data / room / "sidecar") for room in stack.services},
        },
        "public": {"pins": str(stack.root / "pins")},
        "trust": str(stack.trust_file),
        "custodians": [str(site / f"{name}.card.json") for name in CUSTODIANS],
    }
    path = site / "plan.json"
    path.write_text(json.dumps(plan, indent=1))
    return path
