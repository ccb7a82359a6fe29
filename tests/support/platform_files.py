"""The files of a platform in one folder: keys, pins, clients, settings of each service."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.postgresql.rooms import DECLARATIONS, EXCHANGE
from sextant_audit.settings import AuditSettings
from sextant_declarations.settings import DeclarationsSettings
from sextant_exchange.settings import ExchangeSettings
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.models.log import LogDiscovery
from sextant_shared.models.party import RegistrarKeys, RegistrarsFile
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.keyfiles import PrivateKey, write_key_file
from tests.support.objects import S3
from tests.support.parties import S1, PartyKeys, registrar_pairs, signer
from tests.support.postgresql import SERVER

SEC = "SEC"
URLS = {name: f"http://{name}.example" for name in ("audit", "exchange", "declarations")}
ORIGIN = "log.example/platform"


@dataclass
class PlatformFiles:
    """Writes keys, pins and clients from fixed seeds; gives each service its settings."""

    folder: Path
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)
    log_keys: LogKeys = field(init=False)
    identity: LogDiscovery = field(init=False)

    def key_file(self, label: str, key: PrivateKey) -> Path:
        """Write a key file once."""
        path = self.folder / "keys" / f"{label}.json"
        if not path.exists():
            write_key_file(path, key)
        return path

    def write_files(self) -> None:
        """Write what stands before the log begins."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write("audit-clients.json", [_client("exchange"), _client("secretariat")])
        inside = ("registrar-1", "operator-1", "officer-1")
        self._write("exchange-clients.json", [_client(name) for name in inside])
        people = ("officer-1", "officer-2", "auditor-1", "planner-1", "inspector-1")
        self._write("declarations-clients.json", [_client(name) for name in people])
        self._write("registrars.json", registrars_document())

    def write_trust(self) -> None:
        """Write the trust file, once the log's keys are known."""
        log = self.identity.model_dump()
        trust = {"v": 1, "registrars": registrars_document(), "log": log, "checkpoint": None}
        self._write("trust.json", trust)

    def _write(self, name: str, value: Any) -> None:
        (self.folder / name).write_text(json.dumps(value))

    def _settings(self, name: str) -> dict[str, Any]:
        folder = self.folder / name
        return {
            "data_dir": folder,
            "port": 1,
            "base_url": URLS[name],
            "clients_file": self.folder / f"{name}-clients.json",
            "trace_parent": "accept",
            "note_after_s": 3600,  # indexes are those of envelopes and parties alone
            **({"trace_file": self.folder / "traces.jsonl"} if self.overrides.get("trace") else {}),
            **self.overrides.get(name, {}),
        }

    def audit_settings(self) -> AuditSettings:
        """Return the settings of audit."""
        return AuditSettings(
            **{
                "origin": ORIGIN,
                "publish_interval_s": 0.05,
                **SERVER.settings_of(self.folder),
                **self._settings("audit"),
            }
        )

    def exchange_settings(self) -> ExchangeSettings:
        """Return the settings of exchange."""
        return ExchangeSettings(
            **{
                "issuer_key_file": self._access_key("exchange-issuer"),
                "registrars_file": self.folder / "registrars.json",
                "audit_url": URLS["audit"],
                "audit_client_id": "exchange",
                "audit_key_file": self._access_key("exchange"),
                "log_file": self.folder / "log.json",
                **S3.settings_of(self.folder),
                **SERVER.settings_of(self.folder, EXCHANGE),
                **self._settings("exchange"),
            }
        )

    def declarations_settings(self) -> DeclarationsSettings:
        """Return the settings of declarations."""
        api = signer(f"{SEC}/api", Alg.ED25519)
        first, second = (signer(f"{SEC}/sig", alg) for alg in S1)
        return DeclarationsSettings(
            **{
                "party": SEC,
                "trust_file": self.folder / "trust.json",
                "exchange_url": URLS["exchange"],
                "exchange_client_id": f"{SEC}/worker",
                "exchange_key_file": self.key_file("sec-api", PrivateKey("api", api)),
                "audit_url": URLS["audit"],
                "audit_client_id": "secretariat",
                "audit_key_file": self._access_key("secretariat"),
                "sealing_key_files": (
                    self.key_file("sec-seal", PrivateKey("seal", PartyKeys(SEC).seal)),
                ),
                "signing_key_files": (
                    self.key_file("sec-sig-1", PrivateKey("sig", first)),
                    self.key_file("sec-sig-2", PrivateKey("sig", second)),
                ),
                "isolation": "thread",
                "poll_s": 0.05,
                "wait_s": 1,
                "lease_s": 30,
                "stop_s": 0.5,
                "analysis_pause_s": 3600.0,  # its accesses are no matter of other tests
                **SERVER.settings_of(self.folder, DECLARATIONS),
                **self._settings("declarations"),
            }
        )

    def _access_key(self, label: str) -> Path:
        return self.key_file(label, PrivateKey("api", client_signer(label)))


def client_signer(client_id: str) -> SoftwareSigner:
    """Return the access key of a static client, from a fixed seed."""
    return signer(f"client/{client_id}", Alg.ED25519)


def registrars_document() -> dict[str, Any]:
    """Return the pinned registrars as they stand in files: two of three."""
    lines = [
        RegistrarKeys(name=f"REG-{n}", keys=[dict(half.jwk) for half in both])
        for n, both in enumerate(registrar_pairs(), start=1)
    ]
    return RegistrarsFile(threshold=2, registrars=lines).model_dump(mode="json")


def _client(client_id: str) -> dict[str, Any]:
    role = client_id.partition("-")[0]
    jwk = client_signer(client_id).jwk
    return {"client_id": client_id, "role": role, "party": None, "jwk": jwk}
