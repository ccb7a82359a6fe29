"""A log on a real ledger and a real signer's folder, and the app around it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from deploy.local.postgresql.rooms import AUDIT
from deploy.local.postgresql.server import PostgresqlServer
from sextant_audit.app import create_app
from sextant_audit.app.opening import begin_log, verify_log
from sextant_audit.domain.checking import LogReport
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.roles import WRITER
from sextant_shared.chassis.application import gated
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.postgresql import Server
from sextant_shared.clock import system_clock
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import Entry, format_entry
from sextant_shared.protocol.checkpoints import LogKeys
from tests.support.logs import ORIGIN
from tests.support.postgresql import SERVER

BASE_URL = "http://audit.example"
ROLES = ("exchange", "secretariat", "auditor", "officer", "party", "registrar", "operator")


def client_signer(role: str) -> SoftwareSigner:
    return SoftwareSigner.from_seed(Alg.ED25519, sha256(f"client/{role}".encode()))


def encoded(*entries: Entry) -> dict[str, list[str]]:
    return {"entries": [b64u(format_entry(entry)) for entry in entries]}


@dataclass
class AuditLog:
    """Files in a folder, or a database on `server`; `serve` runs the app on them at will."""

    folder: Path
    entries_public: bool = False
    crash_at: str = ""
    policy: Path | None = None
    signer_socket: Path | None = None
    trace_file: Path | None = None
    more: dict[str, Any] = field(default_factory=dict)
    heartbeat_s: float = 0
    note_after_s: float = 3600  # else the log tells of itself, and indexes are others
    clients: list[ServiceClient] = field(default_factory=list)
    server: PostgresqlServer | None = field(default_factory=SERVER.if_wanted)
    role: str = WRITER

    @property
    def settings(self) -> AuditSettings:
        clients = self.folder / "clients.json"
        clients.write_text(
            json.dumps(
                [
                    {
                        "client_id": role,
                        "role": role,
                        "party": "NA-XAL" if role == "party" else None,
                        "jwk": client_signer(role).jwk,
                    }
                    for role in ROLES
                ]
            )
        )
        return AuditSettings(
            data_dir=self.folder,
            port=1,
            base_url=BASE_URL,
            origin=ORIGIN,
            clients_file=clients,
            publish_interval_s=0.05,
            entries_public=self.entries_public,
            signer_socket=self.signer_socket,
            signer_timeout_s=1,
            witness_policy_file=self.policy,
            witness_timeout_s=2.5,  # a slow machine answers within it
            witness_interval_s=0.05,
            trace_file=self.trace_file,
            **self.more,
            note_after_s=self.note_after_s,
            heartbeat_s=self.heartbeat_s,
            **self._on_server(),
        )

    def _on_server(self) -> dict[str, Any]:
        if self.server is None:
            return {}
        return self.server.settings(self.server.database_of(self.folder), self.role)

    async def begin(self) -> LogKeys:
        return await begin_log(self.settings)

    def _crash_point(self, name: str) -> None:
        if name == self.crash_at:
            raise PlatformError(Code.INTERNAL, f"stopped at {name}")

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Served"]:
        app = create_app(self.settings, crash_point=self._crash_point)
        async with app.router.lifespan_context(app):
            served = Served(app)
            try:
                yield served
            finally:
                for client in served.clients:
                    await client.close()

    async def check(self) -> LogReport:
        return await verify_log(self.settings)


@dataclass
class Served:
    """The running app and clients of it."""

    app: FastAPI
    clients: list[ServiceClient] = field(default_factory=list)

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(gated(self.app), raise_app_exceptions=False)

    def client(self, role: str = "exchange") -> ServiceClient:
        client = ServiceClient(
            BASE_URL,
            client_id=role,
            signer=client_signer(role),
            clock=system_clock,
            transport=self.transport,
        )
        self.clients.append(client)
        return client

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Answer an anonymous GET; header names with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=self.transport, base_url=BASE_URL) as http:
            return await http.get(path, headers=named)


def name_of(log: AuditLog) -> str:
    assert log.server is not None
    return log.server.database_of(log.folder)


def place_of(log: AuditLog, **bounds: float) -> Server:
    assert log.server is not None
    return log.server.place(name_of(log), AUDIT, **bounds)
