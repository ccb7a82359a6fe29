"""Builds party documents and registrars for tests: valid by default, a test names what it bends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import Opener, SoftwareOpener
from sextant_shared.crypto.signing import Signer, SoftwareSigner
from sextant_shared.encoding import b64u, sha256
from sextant_shared.models.party import (
    KeyStatus,
    KeyUse,
    PartyDocument,
    PartyKey,
    RegistrarKeys,
    RegistrarsFile,
)
from sextant_shared.protocol.keyfiles import OpeningKey
from sextant_shared.protocol.parties import (
    RegistrarSet,
    VerifiedParty,
    sign_party_document,
    verify_party_document,
)

ADDED = "2026-01-01T00:00:00Z"
S1 = (Alg.ED25519, Alg.ML_DSA_65)
S2 = (Alg.ES384, Alg.ML_DSA_87)


@cache
def signer(label: str, alg: Alg) -> SoftwareSigner:
    """Return the signer of a fixed seed named by `label`."""
    seed = sha256(f"{label}/{alg}".encode())
    size = 48 if alg is Alg.ES384 else 32
    return SoftwareSigner.from_seed(alg, (b"\x00" * 16 + seed)[-size:])


def pair(label: str, profile: tuple[Alg, Alg] = S1) -> tuple[Signer, Signer]:
    """Return a signing pair of fixed seeds."""
    return signer(label, profile[0]), signer(label, profile[1])


@cache
def opener(label: str, alg: Alg = Alg.K1) -> SoftwareOpener:
    """Return the opener of a fixed seed named by `label`."""
    return SoftwareOpener.from_seed(alg, sha256(label.encode()))


def registrar_pairs(count: int = 3) -> list[tuple[Signer, Signer]]:
    """Return the signing pairs of REG-1 … REG-n."""
    return [pair(f"REG-{number}") for number in range(1, count + 1)]


def registrars(threshold: int = 2, count: int = 3) -> RegistrarSet:
    """Return the pinned registrars: 2 of 3 by default."""
    entries = [
        RegistrarKeys(name=f"REG-{n}", keys=[dict(half.jwk) for half in both])
        for n, both in enumerate(registrar_pairs(count), start=1)
    ]
    return RegistrarSet.from_file(RegistrarsFile(threshold=threshold, registrars=entries))


def party_key(use: KeyUse, key: Signer | Opener, status: KeyStatus = KeyStatus.ACTIVE) -> PartyKey:
    """Return the document's line for a key."""
    return PartyKey(
        kid=key.kid,
        use=use,
        jwk=dict(key.jwk),
        status=status,
        added=ADDED,
        changed=None,
        reason="enrolment",
        suspect_from=None,
    )


@dataclass
class PartyKeys:
    """All keys of one synthetic party, from fixed seeds."""

    party: str
    profile: tuple[Alg, Alg] = S1
    kem: Alg = Alg.K1
    root: tuple[Signer, Signer] = field(init=False)
    sig: tuple[Signer, Signer] = field(init=False)
    seal: OpeningKey = field(init=False)
    api: Signer = field(init=False)

    def __post_init__(self) -> None:
        self.root = pair(f"{self.party}/root")
        self.sig = pair(f"{self.party}/sig", self.profile)
        self.seal = opener(f"{self.party}/seal", self.kem)
        self.api = signer(f"{self.party}/api", Alg.ED25519)

    def document(self, **changes: object) -> PartyDocument:
        """Return version 1 of the party's document, with `changes` applied."""
        keys = [
            *(party_key(KeyUse.ROOT, half) for half in self.root),
            *(party_key(KeyUse.SIG, half) for half in self.sig),
            party_key(KeyUse.SEAL, self.seal),
            party_key(KeyUse.API, self.api),
        ]
        fields: dict[str, object] = {
            "v": 1,
            "party": self.party,
            "ver": 1,
            "prev": None,
            "name": f"National Authority of {self.party}",
            "keys": keys,
            "contacts_hash": None,
        }
        return PartyDocument.model_validate({**fields, **changes})

    def enrolled(self, registrar_set: RegistrarSet | None = None) -> VerifiedParty:
        """Return version 1, signed by the root pair and two registrars, verified."""
        raw = sign_party_document(self.document(), self.signers(registrar_pairs()[:2]))
        return verify_party_document(raw, registrar_set or registrars(), None)

    def signers(self, more: Sequence[tuple[Signer, Signer]] = ()) -> list[Signer]:
        """Return the root pair and the halves of `more`, in signing order."""
        return [*self.root, *(half for both in more for half in both)]


def next_version(before: VerifiedParty, **changes: object) -> PartyDocument:
    """Return the document that follows `before`, with `changes` applied."""
    fields = before.document.model_dump()
    fields |= {"ver": before.document.ver + 1, "prev": b64u(before.digest), **changes}
    return PartyDocument.model_validate(fields)
