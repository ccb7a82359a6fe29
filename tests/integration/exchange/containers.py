"""Containers for tests: valid by default; a test names what it bends, and that is signed again."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, sha256
from sextant_shared.models.acts import RecallStatement
from sextant_shared.models.envelope import MANIFEST_TYP
from sextant_shared.protocol.envelope import SealRequest, seal_bytes
from sextant_shared.protocol.jws import sign_jws
from sextant_shared.protocol.manifest import PREFIX_SIZE, format_prefix
from sextant_shared.protocol.recalls import sign_recall
from tests.support.logs import NOW, envelope_id
from tests.support.parties import PartyKeys

SEC, XAL, XBO = "SEC", "NA-XAL", "NA-XBO"
KEYS = {party: PartyKeys(party) for party in (SEC, XAL, XBO)}
Change = Callable[[dict[str, Any]], object]


def sealing_key(party: str) -> SealingKey:
    return SealingKey.from_jwk(KEYS[party].seal.jwk)


@dataclass(frozen=True)
class Container:
    """The bytes of one container, in its two parts."""

    manifest: bytes
    body: bytes

    @property
    def data(self) -> bytes:
        return format_prefix(self.manifest) + self.manifest + self.body

    @property
    def digest(self) -> bytes:
        return sha256(self.manifest)

    @property
    def header(self) -> dict[str, Any]:
        payload = json.loads(b64u_decode(json.loads(self.manifest)["payload"]))
        header: dict[str, Any] = json.loads(b64u_decode(payload["hdr"]))
        return header

    @property
    def id(self) -> str:
        return str(self.header["id"])

    @property
    def path(self) -> str:
        return f"/v1/envelopes/{self.header['from']}/{self.id}"

    def bent(
        self,
        *,
        header: Change | None = None,
        payload: Change | None = None,
        jws: Change | None = None,
        signers: Sequence[Signer] | None = None,
    ) -> "Container":
        """Return it with changes, signed again by its sender unless `jws` changes that too."""
        outer = json.loads(self.manifest)
        inner = json.loads(b64u_decode(outer["payload"]))
        if header is not None:
            members = self.header
            header(members)
            inner["hdr"] = b64u(canonical_json(members))
        if payload is not None:
            payload(inner)
        by = signers or KEYS[self.header["from"]].sig
        manifest = sign_jws(canonical_json(inner), MANIFEST_TYP, by)
        if jws is not None:
            outer = json.loads(manifest)
            jws(outer)
            manifest = json.dumps(outer).encode()
        return Container(manifest, self.body)


def sealed(number: int = 1, *, content: bytes = b"sealed content", **changes: Any) -> Container:
    """Return a container of NA-XAL to the Secretariat; its id follows from `number`."""
    options: dict[str, Any] = {
        "id": envelope_id(number),
        "sender": XAL,
        "recipients": [(SEC, sealing_key(SEC))],
        "type": "declaration.annual",
        "cty": "application/vnd.sextant.declaration+json",
        "classification": "C1",
        "created": timestamp_s(NOW),
    }
    options |= changes
    if "signers" not in options:
        options["signers"] = KEYS[options["sender"]].sig
    data, envelope = seal_bytes(content, SealRequest(**options))
    raw = envelope.manifest.raw
    return Container(raw, data[PREFIX_SIZE + len(raw) :])


def recall_of(
    container: Container, *, now: float = NOW, by: Sequence[Signer] | None = None, **changes: Any
) -> str:
    """Return a signed statement that recalls the container."""
    members = {
        "v": 1,
        "env": container.id,
        "man": b64u(container.digest),
        "reason": "the wrong year",
        "created": timestamp_s(now),
    }
    statement = RecallStatement.model_validate(members | changes)
    return sign_recall(statement, by or KEYS[container.header["from"]].sig).decode()
