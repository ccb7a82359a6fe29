"""Verifies a bundle offline: no network, no server, years later.

Responsible for the checks and their order; each failure class has its own exit status. Reads a zip
whose members are bounded and listed with their digests, and trusts nothing but the trust file.

1. the log holds the entry: inclusion under a checkpoint that bears both log signatures, and the
   newest checkpoint of the bundle continues it; the witnesses on that, by the pinned policy; where
   the bundle holds them, the tlog-proof and the COSE receipt of the entry say the same
2. the entry is for this manifest
3. the sender's document in force at that position of the log, signed by root and registrars
4. both signatures of the manifest, by that document's active pair; what the log says of these keys
   since, and what the sender says
5. the body is the one that was signed, or the content the one that was committed to
6. the same five for each reply, which answers this envelope
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from sextant_client import errors as exits
from sextant_client.answers import read_answer
from sextant_client.identity.judging import Check, Judged, judge
from sextant_client.trust import Trust
from sextant_client.verifier.heads import (
    classed,
    cose_entry,
    head_of,
    logged_entry,
    pinned_receipt_key,
    require_continued,
    standing,
    trusted_keys,
)
from sextant_shared.encoding import b64_decode, b64u, b64u_decode, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import ConsistencyProof
from sextant_shared.models.party import PartyHistory, RegistryProof
from sextant_shared.models.receipts import Level
from sextant_shared.models.statements import Says, StatementList
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.checkpoints import Checkpoint
from sextant_shared.protocol.envelope import verify_content
from sextant_shared.protocol.logproof import LoggedEntry
from sextant_shared.protocol.manifest import Manifest, read_manifest, verify_manifest
from sextant_shared.protocol.parties import Registry
from sextant_shared.protocol.receipts import CustodyReceipt, parse_custody, verify_custody
from sextant_shared.protocol.registry_state import verify_registry_proof

MAX_MEMBERS = 64
MAX_MEMBER_BYTES = 128 << 20
MAX_SMALL_BYTES = 4 << 20
MAX_REGISTRY_BYTES = 32 << 20  # two hundred versions of a large document: some decades
MAX_INDEX_BYTES = 1 << 16
MAX_RATIO = 20  # our own members hardly compress; a bomb compresses a thousandfold
INDEX = "index.json"
CHECKPOINT = "checkpoint.txt"
CONSISTENCY = "consistency.json"
SUMMARY = "summary.html"
T = TypeVar("T")


class EnvelopeMembers(Strict):
    """Names of the members that make up one envelope's evidence."""

    container: str
    custody: str
    registry: str
    content: str | None
    kpc: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")] | None
    history: str | None = None
    statements: str | None = None
    entry: str | None = None
    proof: str | None = None
    cose: str | None = None


class BundleIndex(Strict):
    """`index.json`: what the bundle holds, each member with its SHA-256 in hex."""

    v: Version1
    kind: Literal["sextant-bundle"]
    envelope: EnvelopeMembers
    replies: Annotated[list[EnvelopeMembers], Field(max_length=16)]
    members: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]


@dataclass(frozen=True)
class Verified:
    """What a bundle proves."""

    sender: str
    envelope_id: str
    index: int
    t: str
    registry_index: int
    level: Level
    checks: tuple[Check, ...]
    flags: tuple[str, ...] = ()
    said: Says | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether a key is suspect and the sender did not affirm, or whether it repudiated."""
        return self.said is Says.REPUDIATED or (bool(self.flags) and self.said is not Says.AFFIRMED)


def verify_bundle(path: Path, trust: Trust, level: Level = Level.LOGGED) -> Verified:
    """Run every check in order; with `level` witnessed, the pinned policy must be met.

    Raises:
        VerificationError: the first check that failed, with its class.
    """
    members = classed(exits.BUNDLE_MALFORMED, lambda: read_members(path))
    index = classed(exits.BUNDLE_MALFORMED, lambda: _index(members))
    bundle = _Bundle(members, trust)
    checks: list[Check] = []
    receipt, manifest = bundle.verify(index.envelope, checks, "")
    judged = classed(exits.BUNDLE_REGISTRY, lambda: bundle.since(index.envelope, manifest, receipt))
    checks += judged.checks
    found = standing(bundle.newest or receipt.checkpoint, trust, level)
    checks.insert(1, Check("witnesses", found.words))
    for reply in index.replies:
        custody, answer = bundle.verify(reply, checks, "reply: ")
        later = partial(bundle.since, reply, answer, custody)
        checks += [
            Check(f"reply: {check.name}", check.found)
            for check in classed(exits.BUNDLE_REGISTRY, later).checks
        ]
        fits = partial(bundle.fits, reply, answer, manifest, receipt)
        checks.append(Check("reply", classed(exits.BUNDLE_REPLY, fits)))
    return Verified(
        sender=manifest.header.from_,
        envelope_id=manifest.header.id,
        index=receipt.index,
        t=receipt.t,
        registry_index=receipt.reg,
        level=found.level,
        checks=tuple(checks),
        flags=judged.flags,
        said=judged.said,
    )


def read_members(path: Path) -> dict[str, bytes]:
    """Return the members of a zip within strict bounds.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return dict(_bounded(archive))
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise PlatformError(Code.MALFORMED, f"no readable bundle: {error}") from error


def _bounded(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    names = archive.namelist()
    if len(names) > MAX_MEMBERS or len(set(names)) != len(names):
        raise PlatformError(Code.MALFORMED, f"a bundle has at most {MAX_MEMBERS} distinct members")
    for info in archive.infolist():
        bomb = info.file_size > MAX_RATIO * max(info.compress_size, 512)
        if info.file_size > MAX_MEMBER_BYTES or bomb or info.is_dir():
            raise PlatformError(Code.TOO_LARGE, f"member {info.filename} is out of bounds")
        yield info.filename, archive.read(info)


def _index(members: dict[str, bytes]) -> BundleIndex:
    if INDEX not in members:
        raise PlatformError(Code.MALFORMED, f"the bundle has no {INDEX}")
    index = read_model(BundleIndex, parse_json(members[INDEX], max_bytes=MAX_INDEX_BYTES))
    if set(index.members) != set(members) - {INDEX}:
        raise PlatformError(
            Code.MALFORMED,
            "the members are not exactly those of the index",
            expected=", ".join(sorted(index.members)),
            received=", ".join(sorted(set(members) - {INDEX})),
        )
    for name, digest in index.members.items():
        if sha256(members[name]).hexdigest() != digest:
            raise PlatformError(Code.DIGEST, f"member {name} is not the one the index names")
    return index


class _Bundle:
    def __init__(self, members: dict[str, bytes], trust: Trust) -> None:
        self._members = members
        self._trust = trust
        self._keys = trusted_keys(trust)
        self._registrars = classed(exits.TRUST, lambda: trust.registrars)

    def verify(
        self, names: EnvelopeMembers, checks: list[Check], prefix: str
    ) -> tuple[CustodyReceipt, Manifest]:
        """Run checks 1 to 5 on one envelope."""
        raw = self._member(names.custody)
        source = io.BytesIO(self._member(names.container))
        manifest = classed(exits.BUNDLE_MALFORMED, lambda: read_manifest(source))
        logged = classed(exits.BUNDLE_LOG, lambda: self._check_log(raw))
        checks.append(Check(f"{prefix}log", logged))
        checks += [Check(f"{prefix}{c.name}", c.found) for c in self._documents(names, raw)]
        receipt = classed(
            exits.BUNDLE_CUSTODY,
            lambda: verify_custody(raw, manifest.digest, manifest.header.id, self._keys),
        )
        checks.append(Check(f"{prefix}custody", f"manifest {b64u(manifest.digest)[:16]}… accepted"))
        registry = classed(exits.BUNDLE_REGISTRY, lambda: self._registry(names, manifest, receipt))
        checks.append(
            Check(f"{prefix}registry", f"keys of {manifest.header.from_} at entry {receipt.reg}")
        )
        classed(exits.BUNDLE_SIGNATURE, lambda: _check_signatures(registry, manifest))
        checks.append(Check(f"{prefix}signatures", "both halves verify"))
        found = classed(exits.BUNDLE_CONTENT, lambda: self._check_content(names, manifest, source))
        checks.append(Check(f"{prefix}content", found))
        return receipt, manifest

    def since(self, names: EnvelopeMembers, manifest: Manifest, receipt: CustodyReceipt) -> Judged:
        """Say what the log says of the signature since, as far as the bundle shows it."""
        if names.history is None:
            return Judged((Check("keys since", "not in the bundle: ask for a newer one"),))
        members = self._versions(names.history)
        history = read_model(PartyHistory, members)
        said = None
        if names.statements is not None:
            members = parse_json(self._small(names.statements), max_bytes=MAX_SMALL_BYTES)
            said = read_model(StatementList, members)
        return judge(manifest, receipt, history, said, self._registrars, self._keys)

    def fits(
        self, names: EnvelopeMembers, answer: Manifest, asked: Manifest, receipt: CustodyReceipt
    ) -> str:
        """Check that a reply answers this very envelope; return what it says, in words."""
        if names.content is None:
            raise PlatformError(Code.MALFORMED, "the bundle has a reply without its content")
        content = read_answer(self._member(names.content))
        facts = (content.env, content.man, content.custody, answer.header.irt)
        expected = (asked.header.id, b64u(asked.digest), receipt.index, asked.header.id)
        if facts != expected:
            raise PlatformError(
                Code.INTEGRITY,
                "the reply answers another envelope",
                expected=" ".join(map(str, expected)),
                received=" ".join(map(str, facts)),
            )
        return f"{content.kind}: {content.verdict}"

    def _check_log(self, raw: bytes) -> str:
        document = parse_custody(raw)
        logged = logged_entry(b64u_decode(document.entry), document.proof, self._keys)
        newest = self.newest
        if newest is not None:
            self._check_continues(logged.checkpoint, newest)
        continued = f", continued by size {newest.size}" if newest else ""
        return f"entry {logged.index} under size {logged.checkpoint.size}{continued}"

    @cached_property
    def newest(self) -> Checkpoint | None:
        """The newest checkpoint, which continues all receipts; no cosignature on it is wrong."""
        if CHECKPOINT not in self._members:
            return None
        head = head_of(self._small(CHECKPOINT).decode("utf-8", "replace"), self._keys)
        return standing(head, self._trust, Level.LOGGED).checkpoint

    def _documents(self, names: EnvelopeMembers, raw: bytes) -> Iterator[Check]:
        """Check that the documents for others' tools prove the same entry of the same tree."""
        if names.entry is None:
            return
        document = parse_custody(raw)
        logged = logged_entry(b64u_decode(document.entry), document.proof, self._keys)
        entry, index = self._small(names.entry), logged.index
        _require_same(exits.BUNDLE_CUSTODY, "entry", _shown(logged.leaf), _shown(entry))
        if names.proof is not None:
            text = self._small(names.proof).decode("utf-8", "replace")
            proved = logged_entry(entry, text, self._keys)
            _require_same(exits.BUNDLE_CUSTODY, "index of the tlog-proof", index, proved.index)
            newest = (self.newest or logged.checkpoint).text
            _require_same(exits.BUNDLE_CUSTODY, "checkpoint", newest, proved.checkpoint.text)
            yield Check("tlog-proof", f"entry {index} under size {proved.checkpoint.size}")
        if names.cose is not None:
            yield self._check_cose(entry, self._small(names.cose), logged)

    def _check_cose(self, entry: bytes, data: bytes, logged: LoggedEntry) -> Check:
        """Check a COSE receipt; its tree must be of the history that the checkpoints sign."""
        if classed(exits.TRUST, lambda: self._trust.receipt_key) is None:
            return Check("cose receipt", "not checked: the trust file pins no key of receipts")
        receipt, root = cose_entry(entry, data, pinned_receipt_key(self._trust))
        _require_same(exits.BUNDLE_CUSTODY, "index of the receipt", logged.index, receipt.index)
        newest = self.newest or logged.checkpoint
        signed = replace(newest, size=receipt.size, root=root)
        older, newer = sorted((signed, newest), key=lambda head: head.size)
        self._check_continues(older, newer)
        return Check("cose receipt", f"entry {receipt.index} under size {receipt.size}")

    def _check_continues(self, older: Checkpoint, newest: Checkpoint) -> None:
        path: list[bytes] = []
        if older.size != newest.size:
            raw = self._small(CONSISTENCY)
            proof = classed(exits.BUNDLE_MALFORMED, lambda: _consistency(raw, older.size))
            sizes = (older.size, newest.size)
            _require_same(exits.CONSISTENCY, "sizes", sizes, (proof.first, proof.second))
            path = classed(
                exits.BUNDLE_MALFORMED, lambda: [b64_decode(node, 32) for node in proof.path]
            )
        require_continued(older, newest, path)

    def _registry(
        self, names: EnvelopeMembers, manifest: Manifest, receipt: CustodyReceipt
    ) -> Registry:
        members = self._versions(names.registry)
        proof = read_model(RegistryProof, members)
        state = verify_registry_proof(proof, self._registrars, self._keys)
        party = state.party.document.party
        if (party, state.index) != (manifest.header.from_, receipt.reg):
            raise PlatformError(
                Code.INTEGRITY,
                "the registry proof is for another party or position",
                expected=f"{manifest.header.from_} at {receipt.reg}",
                received=f"{party} at {state.index}",
            )
        return Registry({party: state.party})

    def _check_content(self, names: EnvelopeMembers, manifest: Manifest, body: io.BytesIO) -> str:
        sealed = body.read()
        if len(sealed) != manifest.body_len or sha256(sealed).digest() != manifest.body_sha256:
            raise PlatformError(Code.DIGEST, "the body is not the one that was signed")
        if names.content is None or names.kpc is None:
            return "sealed body as signed"
        content = io.BytesIO(self._member(names.content))
        verify_content(content, b64u_decode(names.kpc, 32), manifest)
        return "sealed body as signed, content as committed"

    def _member(self, name: str) -> bytes:
        if name not in self._members:
            missing = PlatformError(Code.MALFORMED, f"the bundle has no member {name}")
            raise exits.VerificationError(exits.BUNDLE_MALFORMED, missing)
        return self._members[name]

    def _versions(self, name: str) -> dict[str, Any]:
        """Return a member that holds all versions of a document: it grows over the years."""
        return parse_json(self._member(name), max_bytes=MAX_REGISTRY_BYTES)

    def _small(self, name: str) -> bytes:
        data = self._member(name)
        if len(data) > MAX_SMALL_BYTES:
            endless = PlatformError(Code.TOO_LARGE, f"member {name} is out of bounds")
            raise exits.VerificationError(exits.BUNDLE_MALFORMED, endless)
        return data


def _consistency(raw: bytes, first: int) -> ConsistencyProof:
    proofs = parse_json(raw, max_bytes=MAX_SMALL_BYTES)
    return read_model(ConsistencyProof, proofs.get(str(first)))


def _require_same(status: int, what: str, expected: object, received: object) -> None:
    if expected != received:
        raise exits.VerificationError(
            status,
            PlatformError(
                Code.INTEGRITY,
                f"the bundle's documents disagree about the {what}",
                expected=str(expected)[:80],
                received=str(received)[:80],
            ),
        )


def _shown(entry: bytes) -> str:
    return entry.decode("utf-8", "replace")


def _check_signatures(registry: Registry, manifest: Manifest) -> None:
    header = manifest.header
    verify_manifest(manifest, registry.signing_pair(header.from_, header.skid))
