"""Party documents: who takes part, with which keys, in which state.

A party document is the payload of a JWS (`typ` `dxe-party+json`) and replaces the version before
it. This module holds the shapes only; `sextant_shared.protocol.parties` decides what is valid.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sextant_shared.models.strict import Strict, Version1

PARTY_PATTERN = r"^[A-Z][A-Z0-9-]{1,31}$"
PartyId = Annotated[str, Field(pattern=PARTY_PATTERN)]
Kid = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
Digest = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
Instant = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
PARTY_DOCUMENT_TYP = "dxe-party+json"
MAX_PARTY_KEYS = 64
RECOVERY_WAIT_S = 259_200  # 72 hours of public cooling-off: identity design, lifecycle
MAX_PARTY_DOCUMENT_BYTES = 262_144  # 64 keys of the largest kind and four pairs of signatures


class KeyUse(StrEnum):
    """What a key may do; a key has one use for its whole life."""

    ROOT = "root"
    SIG = "sig"
    SEAL = "seal"
    API = "api"


class KeyStatus(StrEnum):
    """The state of a key in the document that names it."""

    ACTIVE = "active"
    RETIRED = "retired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class PartyKey(Strict):
    """One key of a party. Times are UTC to the second.

    `suspect_from` stands on suspended and revoked keys: envelopes logged from then on are flagged,
    not erased.
    """

    kid: Kid
    use: Annotated[KeyUse, Field(strict=False)]
    jwk: dict[str, str]
    status: Annotated[KeyStatus, Field(strict=False)]
    added: Instant
    changed: Instant | None
    reason: Annotated[str, Field(max_length=200)]
    suspect_from: Instant | None


class PartyDocument(Strict):
    """The complete key state of one party.

    `prev` is the base64url SHA-256 of the JWS this version replaces, null in version 1.
    `contacts_hash` commits to contact data that is kept elsewhere.
    """

    v: Version1
    party: PartyId
    ver: Annotated[int, Field(ge=1)]
    prev: Digest | None
    name: Annotated[str, Field(min_length=1, max_length=200)]
    keys: Annotated[list[PartyKey], Field(min_length=2, max_length=MAX_PARTY_KEYS)]
    contacts_hash: Digest | None


class Possession(Strict):
    """Proof that the party holds the private half of a key it adds."""

    kid: Kid
    signature: str


class EnrolmentRequest(Strict):
    """Body of `POST /v1/parties/{party}/documents`: the document and what proves its keys."""

    document: Annotated[str, Field(max_length=MAX_PARTY_DOCUMENT_BYTES)]
    possession: Annotated[list[Possession], Field(max_length=MAX_PARTY_KEYS)]


class RegistrarKeys(Strict):
    """One registrar of the trust anchor: a name and its signing pair as public JWKs."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    keys: Annotated[list[dict[str, str]], Field(min_length=2, max_length=2)]


class RegistrarsFile(Strict):
    """The pinned registrars: how many of which pairs must sign to add trust (say 2 of 3).

    `recovery_wait_s`: when a root is lost, all of them sign together, and the document waits this
    long in the log, for everybody to see, before it may take force.
    """

    threshold: Annotated[int, Field(ge=1)]
    registrars: Annotated[list[RegistrarKeys], Field(min_length=1, max_length=16)]
    recovery_wait_s: Annotated[int, Field(ge=0)] = RECOVERY_WAIT_S


class RecoveryEvidence(Strict):
    """Why a version without the old root's signature counts: two entries of the log, each proved.

    `announced` is the `party.recovery` entry, `enforced` the version's `party.document` entry.
    """

    announced: str
    announced_proof: str
    enforced: str
    enforced_proof: str


class RegistryProof(Strict):
    """Proof of the complete key state of one party at one party entry of the log.

    `entry` is the newest party entry at that position (base64url leaf bytes) and `proof` its
    tlog-proof; `documents` are the party's JWS texts from version 1 to the one in force, so that
    each succession can be checked; `position`, `count` and `path` (base64) place the newest
    document in the state tree whose root stands in the entry.
    """

    entry: str
    proof: str
    documents: Annotated[list[str], Field(min_length=1)]
    position: Annotated[int, Field(ge=0)]
    count: Annotated[int, Field(ge=1)]
    path: list[str]
    recoveries: list[RecoveryEvidence] = Field(default_factory=list)


class LoggedVersion(Strict):
    """One version of a party document, its entry and the tlog-proof of the entry."""

    document: str
    entry: str
    proof: str


class PartyHistory(Strict):
    """Every version of one party's document with its own place in the log, oldest first."""

    versions: Annotated[list[LoggedVersion], Field(min_length=1)]
    recoveries: list[RecoveryEvidence] = Field(default_factory=list)


class RecoveryNotice(Strict):
    """A recovery that stands in the log and may take force from `not_before` on.

    Until then the old root pair, or the threshold of registrars, cancels it with any next version.
    """

    party: PartyId
    ver: int
    digest: Digest
    index: int
    announced: str
    not_before: str
    entry: str
    proof: str


class PartySummary(Strict):
    """One line of the list of parties: `index` is the log position of the version in force."""

    party: PartyId
    name: str
    ver: int
    index: int
    digest: Digest


class PartyList(Strict):
    """Answer of `GET /v1/parties`."""

    parties: list[PartySummary]
