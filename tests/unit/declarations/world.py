"""A small world around the Secretariat: parties, a log, an exchange that hands out real proofs.

Everything is honest by default; a test bends one thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sextant_declarations.domain.deliveries import (
    DECLARATION_CTY,
    Check,
    Dossier,
    Facts,
    FiledVersion,
    Lease,
    Pack,
    Revision,
    Stage,
    StateFilings,
)
from sextant_declarations.domain.examination import Examine
from sextant_declarations.domain.registry import Trust
from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.sealing import Opener, SealingKey
from sextant_shared.encoding import b64u, canonical_json, parse_json
from sextant_shared.errors import Finding, PlatformError, Severity
from sextant_shared.models.entries import PartyDocumentEntry
from sextant_shared.models.party import RegistryProof
from sextant_shared.protocol.envelope import SealRequest, seal_bytes
from sextant_shared.protocol.manifest import Manifest
from sextant_shared.protocol.parties import RegistrarSet, VerifiedParty
from sextant_shared.protocol.receipts import format_custody
from sextant_shared.protocol.registry_state import state_path, state_root
from tests.support.logs import INSTANT, NOW, MemoryLog, make_accepted, random128
from tests.support.parties import PartyKeys, registrars

SEC, XAL, XBO = "SEC", "NA-XAL", "NA-XBO"
PACK = Pack(version="2026.1", digest=b64u(bytes(32)))
DECLARED: dict[str, object] = {
    "declaration_id": "XAL-2026-1",
    "version": 1,
    "state_code": "XAL",
    "kind": "S2_SITE_ADPA",
    "year": 2026,
    "is_nil": False,
}


def content_of(**changes: object) -> bytes:
    """Return a declaration as the toy rules of this world read it."""
    return canonical_json({**DECLARED, **changes})


def toy_check(path: Path, filings: StateFilings) -> Check:
    """Stand in for the rules: facts as they stand there; a `flaw` is a must-fix finding.

    It compares with everything that was filed.
    """
    try:
        value = parse_json(path.read_bytes(), max_bytes=1 << 20)
        flaw = value.pop("flaw", None)
        revises = value.pop("revises", None)
        facts = Facts(**value, revises=Revision(**revises) if revises else None)
    except (PlatformError, TypeError):
        finding = _finding("S0", "not a declaration")
        return _check(None, (finding,))
    findings = (_finding("T-1", str(flaw)),) if flaw else ()
    return _check(facts, findings, tuple(filed for filed, _ in filings.filed))


def _check(
    facts: Facts | None, findings: tuple[Finding, ...], compared: tuple[FiledVersion, ...] = ()
) -> Check:
    return Check(
        is_declaration=facts is not None,
        facts=facts,
        findings=findings,
        pack=PACK,
        canonical_digest=bytes(32) if facts else None,
        compared=compared,
    )


def _finding(rule: str, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.MUST_FIX, pointer="", message=message)


@dataclass(frozen=True)
class Accepted:
    """An envelope that the exchange accepted."""

    container: bytes
    manifest: Manifest
    custody: bytes
    reg: int

    @property
    def sender(self) -> str:
        return self.manifest.header.from_

    @property
    def id(self) -> str:
        return self.manifest.header.id


@dataclass
class World:
    """Parties with keys, the registry and the log."""

    log: MemoryLog = field(default_factory=MemoryLog)
    registrars: RegistrarSet = field(default_factory=registrars)
    keys: dict[str, PartyKeys] = field(default_factory=dict)
    documents: dict[str, list[VerifiedParty]] = field(default_factory=dict)
    states: dict[int, dict[str, VerifiedParty]] = field(default_factory=dict)
    numbers: int = 0

    def __post_init__(self) -> None:
        self.log.append(make_accepted(999))
        for party in (SEC, XAL, XBO):
            self.enrol(self.keys.get(party) or PartyKeys(party))

    @property
    def trust(self) -> Trust:
        return Trust(SEC, self.registrars, self.log.keys)

    @property
    def reg(self) -> int:
        """Index of the newest party entry."""
        return max(self.states)

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def enrol(self, keys: PartyKeys) -> None:
        self.keys[keys.party] = keys
        self.publish(keys.enrolled(self.registrars))

    def publish(self, party: VerifiedParty) -> None:
        """Let a document take force: one more party entry in the log."""
        name = party.document.party
        self.documents.setdefault(name, []).append(party)
        in_force = {known: versions[-1] for known, versions in self.documents.items()}
        number = self.number()
        entry = PartyDocumentEntry(
            v=1,
            type="party.document",
            id=random128(2**64 + number),
            t=INSTANT,
            nonce=random128(2**65 + number),
            party=name,
            ver=party.document.ver,
            doc=b64u(party.digest),
            state=b64u(state_root(in_force)),
        )
        self.states[self.log.append(entry)] = in_force

    def proof(self, party: str, at: int | None = None) -> RegistryProof:
        at = self.reg if at is None else at
        position, count, path = state_path(self.states[at], party)
        versions = self.states[at][party].document.ver
        return RegistryProof(
            entry=b64u(self.log.leaves[at]),
            proof=self.log.proof(at),
            documents=[known.raw.decode() for known in self.documents[party][:versions]],
            position=position,
            count=count,
            path=path,
        )

    def proof_bytes(self, party: str, at: int | None = None) -> bytes:
        return canonical_json(self.proof(party, at).model_dump(mode="json"))

    def request(self, sender: str = XAL, **changes: Any) -> SealRequest:
        """Return the request of an honest declaration to the Secretariat."""
        number = self.number()
        request = SealRequest(
            id=f"0193a3c0-0000-7000-8000-{number:012x}",
            sender=sender,
            signers=self.keys[sender].sig,
            recipients=[(SEC, SealingKey.from_jwk(self.keys[SEC].seal.jwk))],
            type="declaration.annual",
            cty=DECLARATION_CTY,
            classification="C1",
            created=timestamp_s(NOW),
        )
        return replace(request, **changes)

    def accept(self, content: bytes, request: SealRequest) -> Accepted:
        """Seal the content, log its acceptance and return it with its custody receipt."""
        container, sealed = seal_bytes(content, request)
        return self.accept_container(container, sealed.manifest)

    def accept_container(self, container: bytes, manifest: Manifest) -> Accepted:
        reg = self.reg
        entry = make_accepted(
            self.number() + 10_000, env=manifest.header.id, man=manifest.digest, reg=reg
        )
        index = self.log.append(entry)
        custody = format_custody(self.log.leaves[index], self.log.proof(index))
        return Accepted(container, manifest, custody, reg)

    def declare(
        self, sender: str = XAL, *, content: bytes | None = None, **declared: Any
    ) -> Accepted:
        """Return an accepted declaration of `sender`."""
        body = content_of(**declared) if content is None else content
        return self.accept(body, self.request(sender))

    def dossier(self, accepted: Accepted, folder: Path, **changes: Any) -> Dossier:
        """Return what the exchange hands over for a delivery, honest but for `changes`."""
        stage = Stage(container=folder / "container", content=folder / "content")
        stage.container.write_bytes(accepted.container)
        dossier = Dossier(
            sender=accepted.sender,
            id=accepted.id,
            stage=stage,
            custody=accepted.custody,
            sender_proof=self.proof_bytes(accepted.sender, accepted.reg),
            own_proof=self.proof_bytes(SEC, accepted.reg),
        )
        return replace(dossier, **changes)

    def examine(self, openers: Sequence[Opener] | None = None) -> Examine:
        held = [self.keys[SEC].seal] if openers is None else openers
        return Examine(
            trust=self.trust,
            openers={opener.kid: opener for opener in held},
            created_tolerance_s=86_400,
            check=toy_check,
        )

    def lease(self, accepted: Accepted, **changes: Any) -> Lease:
        lease = Lease(
            token=f"lease-{self.number()}",
            seq=self.number(),
            sender=accepted.sender,
            id=accepted.id,
            type=accepted.manifest.header.type,
            size=len(accepted.container),
            manifest=b64u(accepted.manifest.digest),
            attempts=1,
            traceparent=None,
        )
        return replace(lease, **changes)
