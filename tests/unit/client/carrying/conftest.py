"""An offline home, a courier's home, and an exchange with its log behind one wire."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from sextant_client.carrying.accepting import Accepted, accept
from sextant_client.carrying.delivering import Brought, deliver
from sextant_client.carrying.exporting import Exported, export_stick
from sextant_client.client import Client
from sextant_client.documents import index_of
from sextant_client.enrolment import make_trust
from sextant_client.home import Config, Home, write_file
from sextant_client.prepare.filings import DECLARATION_CTY
from sextant_client.sent import SentEnvelope
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.encoding import b64, b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import consistency_path_of
from sextant_shared.models.log import LogDiscovery
from sextant_shared.models.party import RegistrarKeys, RegistrarsFile
from sextant_shared.protocol.keyfiles import PrivateKey, write_key_file
from sextant_shared.protocol.manifest import read_manifest
from sextant_shared.protocol.problems import problem_of
from tests.support.logs import NOW, ORIGIN
from tests.support.parties import PartyKeys, registrar_pairs
from tests.unit.declarations.world import SEC, XAL, World
from tests.unit.declarations.world import Accepted as Logged

T = "2026-11-24T11:28:00.123Z"
DECLARATION = Path(__file__).resolve().parents[4] / "examples" / "NA-XAL" / "s2-and-2025.json"


def clock() -> float:
    return NOW


@dataclass
class Wire(httpx.BaseTransport):
    """The exchange and the log, as much of them as a courier meets."""

    world: World
    accepted: dict[str, Logged] = field(default_factory=dict)
    mailbox: list[Logged] = field(default_factory=list)
    refused: dict[str, PlatformError] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_cut: bool = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_cut:
            raise httpx.ConnectError("nobody listens")
        path = request.url.path
        self.asked.append(f"{request.method} {path}")
        try:
            return self._answer(request, path.strip("/").split("/"), dict(request.url.params))
        except PlatformError as error:
            return httpx.Response(409, json=problem_of(error))

    def _answer(
        self, request: httpx.Request, parts: list[str], params: dict[str, str]
    ) -> httpx.Response:
        match parts:
            case ["oauth", "token"]:
                return httpx.Response(200, json={"access_token": "t", "expires_in": 600})
            case ["v1", "envelopes"]:
                return self._deposit(request.read())
            case ["v1", "mailbox"]:
                return self._page(int(params["after"]))
            case ["v1", "envelopes", sender, id_, *what]:
                is_part = what in (["content"], ["receipt"])
                return (self._part if is_part else self._told)(sender, id_, *what)
            case ["v1", "parties", party, "proof"]:
                at = int(params["at"]) if "at" in params else None
                return httpx.Response(200, content=self.world.proof_bytes(party, at))
            case _:
                return self._log(params)

    def _part(self, sender: str, id_: str, what: str) -> httpx.Response:
        if id_ in self.gone:
            raise PlatformError(Code.GONE, self.gone[id_])
        found = next(m for m in self.mailbox if (m.sender, m.id) == (sender, id_))
        data = found.container if what == "content" else found.custody
        return httpx.Response(200, content=data)

    def _told(self, sender: str, id_: str, what: str = "status") -> httpx.Response:
        """Tell of an envelope as the exchange would; of one with no copy taken yet."""
        known = [*self.accepted.values(), *self.mailbox]
        one = next((m for m in known if (m.sender, m.id) == (sender, id_)), None)
        if one is None:
            raise PlatformError(Code.NOT_FOUND, "no such envelope")
        header, index = one.manifest.header, index_of(one.custody)
        common = {"id": id_, "sender": sender, "type": header.type, "class": "C1"}
        names = {"received": T, "index": index, "irt": header.irt, "sup": header.sup}
        told: dict[str, Any] = {
            "status": {
                **common,
                **names,
                "manifest": b64u(one.manifest.digest),
                "size": len(one.container),
                "state": "accepted",
                "trace": "0" * 32,
                "recipients": [
                    {"party": to.party, "seq": 1, "state": "available", "attempts": 0}
                    for to in header.to
                ],
                **self.lies,
            },
            "events": {"events": [{"t": T, "event": "accepted", "detail": "", "index": index}]},
            "thread": {
                "members": [
                    {
                        **common,
                        **names,
                        "priority": "normal",
                        "recipients": [to.party for to in header.to],
                        "accepted": T,
                    }
                ],
                "is_cut": False,
            },
        }
        return httpx.Response(200, json=told[what])

    def _log(self, params: dict[str, str]) -> httpx.Response:
        if set(params) == {"first"}:
            raise PlatformError(Code.NOT_FOUND, "no head has a quorum")
        if not params:
            return httpx.Response(200, text=self.world.log.checkpoint())
        first, second = int(params["first"]), int(params["second"])
        hashes = [leaf_hash(leaf) for leaf in self.world.log.leaves[:second]]
        path = [b64(node) for node in consistency_path_of(hashes, first)]
        return httpx.Response(200, json={"first": first, "second": second, "path": path})

    def _deposit(self, container: bytes) -> httpx.Response:
        manifest = read_manifest(io.BytesIO(container))
        id_ = manifest.header.id
        if id_ in self.refused:
            raise self.refused[id_]
        is_repeat = id_ in self.accepted
        if not is_repeat:
            self.accepted[id_] = self.world.accept_container(container, manifest)
        return httpx.Response(200 if is_repeat else 201, content=self.accepted[id_].custody)

    def _page(self, after: int) -> httpx.Response:
        items = [
            {
                "seq": seq,
                "sender": one.sender,
                "id": one.id,
                "type": one.manifest.header.type,
                "class": "C1",
                "size": len(one.container),
                "manifest": b64u(one.manifest.digest),
                "deposited": T,
                "state": "available",
                "attempts": 0,
                "last_error": "",
                "index": 0,
            }
            for seq, one in enumerate(self.mailbox, start=1)
            if seq > after
        ][:50]
        return httpx.Response(200, json={"items": items, "next": after + len(items)})

    def write(self, content: bytes, **changes: Any) -> Logged:
        """Put a sealed message of the Secretariat into the mailbox of NA-XAL."""
        options: dict[str, Any] = {"type": "clarification.request", "cty": "text/plain"}
        key = SealingKey.from_jwk(self.world.keys[XAL].seal.jwk)
        request = self.world.request(SEC, recipients=[(XAL, key)], **{**options, **changes})
        self.mailbox.append(self.world.accept(content, request))
        return self.mailbox[-1]


def set_up(path: Path, *uses: str, offline: bool, party: str = XAL) -> Home:
    """Write a home with the keys of these uses alone."""
    home, keys = Home(path), PartyKeys(party)
    held: list[tuple[str, Any]] = [("sig", half) for half in keys.sig]
    held += [("seal", keys.seal), ("api", keys.api)]
    for n, (use, key) in enumerate(held):
        if use in uses:
            write_key_file(path / "keys" / f"{use}-{n}.json", PrivateKey(use, key))
    address = "" if offline else "http://exchange.example"
    home.write_config(
        Config(
            v=1,
            party=party,
            client_id=f"{party}/courier",
            exchange=address,
            audit=address,
            offline=offline,
        )
    )
    lines = [
        RegistrarKeys(name=f"REG-{n}", keys=[dict(half.jwk) for half in both])
        for n, both in enumerate(registrar_pairs(), start=1)
    ]
    trust = make_trust(
        RegistrarsFile(threshold=2, registrars=lines),
        LogDiscovery(origin=ORIGIN, vkeys=list(World().log.keys.vkeys)),
    )
    write_file(path / "trust.json", trust.model_dump_json().encode())
    return home


@dataclass
class Way:
    """The whole way: a home without a network, a stick, a courier, an exchange."""

    folder: Path
    home: Home
    courier: Home
    wire: Wire

    @property
    def stick(self) -> Path:
        return self.folder / "stick.zip"

    @property
    def back(self) -> Path:
        return self.folder / "back.zip"

    def seal(self, number: int = 1, **changes: Any) -> SentEnvelope:
        with Client(self.home, clock=lambda: NOW + number) as client:
            return client.seal(
                DECLARATION,
                type_="declaration.annual",
                cty=DECLARATION_CTY,
                classification="C1",
                **changes,
            )

    def export(self, *ids: str) -> Exported:
        return export_stick(self.home, ids, self.stick, clock)

    def deliver(self, courier: Home | None = None, wait_s: float = 0) -> Brought:
        with Client(
            courier or self.courier, clock=clock, transport=self.wire, audit_transport=self.wire
        ) as client:
            return deliver(client, self.stick, self.back, clock=clock, wait_s=wait_s)

    def accept(self) -> Accepted:
        return accept(self.home, self.back)

    def trip(self) -> Accepted:
        """Export, deliver, accept."""
        self.export()
        self.deliver()
        return self.accept()


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Durability is not what these tests look at, and it is most of their time."""
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)


@pytest.fixture
def way(tmp_path: Path) -> Way:
    """Return the way before the first trip."""
    return Way(
        folder=tmp_path,
        home=set_up(tmp_path / "offline", "sig", "seal", offline=True),
        courier=set_up(tmp_path / "courier", "api", offline=False),
        wire=Wire(World()),
    )
