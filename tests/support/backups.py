"""Homes, cards and plans for backups of a platform that runs in the test."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_client.recovery.models import Card
from sextant_shared.crypto.keys import Alg
from sextant_shared.protocol.keyfiles import PrivateKey, write_key_file
from tests.support.command import Done, sextant
from tests.support.parties import S1, opener, pair, signer
from tests.support.platform import Platform

CUSTODIANS = ("ONE", "TWO", "THREE")
OPERATOR = "OPERATOR"


def card_of(name: str) -> Card:
    """Return the card of an operator or custodian with fixed keys."""
    sig = [dict(key.jwk) for key in pair(name)] if name == OPERATOR else []
    seal = None if name == OPERATOR else dict(opener(name).jwk)
    return Card(v=1, name=name, sig=sig, seal=seal)


@dataclass
class Backups:
    """The people, and the folder of backups, around one platform."""

    folder: Path
    platform: Platform

    def __post_init__(self) -> None:
        for name in (OPERATOR, *CUSTODIANS):
            keys = self.folder / "people" / name / "keys"
            if name == OPERATOR:
                for key in (signer(name, alg) for alg in S1):
                    write_key_file(
                        keys / f"sig-{key.alg}-{key.kid[:8]}.json", PrivateKey("sig", key)
                    )
            else:
                held = opener(name, Alg.K1)
                write_key_file(keys / f"seal-{held.kid[:8]}.json", PrivateKey("seal", held))
            self.card(name).write_text(card_of(name).model_dump_json())

    @property
    def root(self) -> Path:
        """Folder of the backups."""
        return self.folder / "backups"

    @property
    def trust(self) -> Path:
        """What pins the log."""
        return self.platform.folder / "trust.json"

    def card(self, name: str) -> Path:
        """Where somebody's card lies."""
        return self.folder / f"{name}.card.json"

    def plan(self, **changes: Any) -> Path:
        """Write the plan of this platform."""
        audit = self.platform.audit_settings()
        exchange, declarations = (
            self.platform.exchange_settings(),
            self.platform.declarations_settings(),
        )
        members = {
            "v": 1,
            "rooms": [
                {"name": "audit", "database": str(audit.database)},
                {
                    "name": "exchange",
                    "database": str(exchange.database),
                    "folders": {"blobs": str(exchange.data_dir / "blobs")},
                },
                {
                    "name": "declarations",
                    "database": str(declarations.database),
                    "folders": {"vault": str(declarations.data_dir / "vault")},
                },
            ],
            "keys": {"signer": str(audit.signer_folder), "details": str(exchange.sidecar_folder)},
            "public": {"log": str(self.platform.folder / "log.json")},
            "trust": str(self.trust),
            "custodians": [str(self.card(name)) for name in CUSTODIANS],
            **changes,
        }
        path = self.folder / "plan.json"
        path.write_text(json.dumps(members))
        return path

    def back_up(self, *options: str | Path, **changes: Any) -> Done:
        """Make a backup by the command."""
        home = self.folder / "people" / OPERATOR
        named = ("--name", OPERATOR, "--home", home, "--json")
        plan = self.plan(**changes)
        return sextant("ops", "backup", "--plan", plan, "--to", self.root, *named, *options)

    def shares(self, *names: str, of: str = "keys") -> list[str | Path]:
        """Have custodians open their parts; return the options that give them."""
        options: list[str | Path] = []
        for name in names:
            out = self.folder / f"{name}-{of}.share.json"
            out.unlink(missing_ok=True)
            home = self.folder / "people" / name
            done = sextant("ops", "share", self.root, "--of", of, "--out", out, "--home", home)
            assert done.status == 0, done.stderr
            options += ["--share", out]
        return options

    def pins(self) -> tuple[str | Path, ...]:
        """Return the options that say what is believed."""
        return "--signed-by", self.card(OPERATOR), "--trust", self.trust

    def restore(self, into: Path, *options: str | Path) -> Done:
        """Restore by the command."""
        return sextant(
            "ops", "restore", self.root, "--into", into, *self.pins(), *options, "--json"
        )

    def verify(self, *options: str | Path) -> Done:
        """Verify by the command."""
        return sextant("ops", "verify-backup", self.root, *self.pins(), *options, "--json")
