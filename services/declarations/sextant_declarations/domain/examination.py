"""Examines one dossier: from unbelieved bytes to a refusal, or to content that may be believed.

A function of bytes, pinned trust and the State's earlier filings: no network, no clock, no
database, so that it runs in a process of its own and gives the same answer years later. Nothing
here trusts the exchange.

A refusal accuses the sender, and a signed refusal stays evidence for ever. So the checks stand in
two groups, told apart by who is answerable:

* What the exchange handed over (container, custody receipt, registry proofs, the body the sender
  signed): a fault is `E_INTEGRITY` and raised. The delivery comes back, and ends among the dead
  letters where an officer sees it; the sender is accused of nothing.
* What the sender signed, once the receipt proves that these manifest bytes were accepted: a fault
  is a `Refusal`. Envelope §2.7 steps 3 to 9, then opening as in §2.8.

A key of ours that the registry lists and this service does not hold is our own fault
(`E_UNAVAILABLE`): a wrong setting must not refuse everybody's envelopes.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sextant_declarations.domain.deliveries import (
    Check,
    Content,
    Custody,
    Dossier,
    Examined,
    Head,
    LogHead,
    MessageCheck,
    Refusal,
    StateFilings,
    is_receipt,
)
from sextant_declarations.domain.messages import carries_declaration, check_message, with_head
from sextant_declarations.domain.packages import Unpack, Unpacked, beside, unreadable
from sextant_declarations.domain.registry import Trust
from sextant_shared.clock import parse_timestamp
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import Opener
from sextant_shared.encoding import b64u_decode, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import Classification, Header
from sextant_shared.models.package import PACKAGE_CTY
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.envelope import open_to_path
from sextant_shared.protocol.manifest import (
    PREFIX_SIZE,
    Manifest,
    VerifiedManifest,
    parse_manifest,
    parse_prefix,
    verify_manifest,
)
from sextant_shared.protocol.parties import Registry, VerifiedParty
from sextant_shared.protocol.receipts import verify_custody

_CHUNK = 1 << 16
_NOT_THE_SENDER = (Code.INTEGRITY, Code.UNAVAILABLE)


CheckContent = Callable[[Path, StateFilings], Check]
"""Says what the rules find in the file of a declaration, beside what its State has filed."""


@dataclass(frozen=True)
class Examine:
    """Examines dossiers under one trust, with the private sealing keys at hand, by key id.

    `created` may differ from the log's time by `created_tolerance_s`: senders work offline.
    """

    trust: Trust
    openers: Mapping[str, Opener]
    created_tolerance_s: int
    check: CheckContent
    unpack: Unpack = field(default_factory=Unpack)

    def __call__(self, dossier: Dossier) -> Examined:
        """Return what the dossier holds; the plaintext stands in `dossier.stage.content` if opened.

        Raises:
            PlatformError: `E_INTEGRITY` when what the exchange handed over does not hold,
                `E_UNAVAILABLE` when one of our own registered keys is not at hand.
        """
        with dossier.stage.container.open("rb") as source:
            raw = _read_manifest(source)
            digest = sha256(raw)
            custody = self._custody(dossier, digest)
            sender = self.trust.party_at(dossier.sender_proof, dossier.sender, custody.reg)
            own = self.trust.party_at(dossier.own_proof, self.trust.party, custody.reg)
            head: Head | None = None
            result: Content | Refusal
            try:
                manifest = parse_manifest(raw)
                head = head_of(manifest.header)
                verified = _verify_sender(manifest, dossier, sender)
                self._check_policy(manifest, custody)
                opener = self._find_opener(manifest, own)
                _check_body(source, manifest)
                result = self._open(source, verified, opener, dossier)
            except PlatformError as error:
                if error.code in _NOT_THE_SENDER:
                    raise
                result = Refusal(code=error.code, detail=error.detail)
        return Examined(
            sender=dossier.sender,
            id=dossier.id,
            manifest=raw,
            manifest_digest=digest,
            custody=custody,
            head=head,
            result=result,
        )

    def _custody(self, dossier: Dossier, manifest_digest: bytes) -> Custody:
        try:
            receipt = verify_custody(dossier.custody, manifest_digest, dossier.id, self.trust.log)
        except PlatformError as error:
            raise PlatformError(
                Code.INTEGRITY,
                f"the custody receipt does not hold: {error.detail}",
                expected=error.expected,
                received=error.received,
                fix="Ask the operator of the exchange; compare the pinned log keys.",
            ) from error
        point = receipt.checkpoint
        head = LogHead(point.size, point.root, point.text)
        return Custody(index=receipt.index, t=receipt.t, reg=receipt.reg, head=head)

    def _check_policy(self, manifest: Manifest, custody: Custody) -> None:
        header = manifest.header
        drift = abs(parse_timestamp(header.created) - parse_timestamp(custody.t))
        if drift > self.created_tolerance_s:
            raise PlatformError(
                Code.CLOCK,
                "the envelope was created too far from the time of the log",
                expected=f"within {self.created_tolerance_s} s of {custody.t}",
                received=header.created,
            )

    def _find_opener(self, manifest: Manifest, own: VerifiedParty) -> Opener:
        """Return the opener of our slot, whose key must be ours, active and fit for the class."""
        kids = [to.kid for to in manifest.header.to if to.party == self.trust.party]
        if not kids:
            raise PlatformError(Code.NOT_RECIPIENT, f"{self.trust.party} is not a recipient")
        key = own.key(kids[0], KeyUse.SEAL, code=Code.RECIPIENT)
        if manifest.header.class_ is Classification.C3 and key.jwk.get("alg") != Alg.K2:
            raise PlatformError(Code.POLICY, "class C3 is sealed to a key of kind K2 only")
        opener = self.openers.get(key.kid)
        if opener is None:
            raise PlatformError(
                Code.UNAVAILABLE,
                f"the registry lists our sealing key {key.kid}, and this service does not hold it",
                fix="Add its file to SEXTANT_DECLARATIONS_SEALING_KEY_FILES.",
            )
        return opener

    def _open(
        self, source: IO[bytes], verified: VerifiedManifest, opener: Opener, dossier: Dossier
    ) -> Content:
        stage, header = dossier.stage, verified.manifest.header
        is_package = header.cty == PACKAGE_CTY
        target = stage.package if is_package else stage.content
        open_to_path(source, verified, opener, self.trust.party, target)
        unpacked = Unpacked(header.cty, ())
        check: Check | None = None
        message: MessageCheck | None = None
        if is_package:
            try:
                unpacked = self.unpack(stage)
            except PlatformError as error:
                stage.package.rename(stage.content)  # kept as it came, and told to its sender
                check = unreadable(error)
        if check is None and carries_declaration(header, unpacked.cty):
            check = self.check(stage.content, dossier.filings)
            check = with_head(check, header, self.trust.party)
            check = beside(check, unpacked.attachments)
        elif check is None and not is_receipt(header.type):
            message = check_message(stage.content, header, unpacked.cty, self.trust.party)
        with stage.content.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").digest()
            size = content.tell()
        return Content(
            size=size,
            digest=digest,
            check=check,
            message=message,
            attachments=unpacked.attachments,
        )


def head_of(header: Header) -> Head:
    """Return what the register keeps of a header."""
    beacon = header.log
    return Head(
        type=header.type,
        cty=header.cty,
        classification=header.class_,
        created=header.created,
        period=header.period,
        irt=header.irt,
        beacon=(beacon.size, b64u_decode(beacon.root)) if beacon else None,
        to=tuple(recipient.party for recipient in header.to),
        sup=header.sup,
    )


def _read_manifest(source: IO[bytes]) -> bytes:
    """Return the manifest bytes of a container, unparsed: the receipt is about exactly these."""
    try:
        length = parse_prefix(source.read(PREFIX_SIZE))
    except PlatformError as error:
        raise _handed_over(f"what the exchange holds is no container: {error.detail}") from error
    raw = source.read(length)
    if len(raw) != length:
        raise _handed_over("the container ends within its manifest")
    return raw


def _verify_sender(manifest: Manifest, dossier: Dossier, sender: VerifiedParty) -> VerifiedManifest:
    header = manifest.header
    if (header.from_, header.id) != (dossier.sender, dossier.id):
        raise PlatformError(
            Code.SENDER,
            "the header names another sender or id than the exchange accepted",
            expected=f"{dossier.sender} {dossier.id}",
            received=f"{header.from_} {header.id}",
        )
    registry = Registry({dossier.sender: sender})
    return verify_manifest(manifest, registry.signing_pair(dossier.sender, header.skid))


def _check_body(source: IO[bytes], manifest: Manifest) -> None:
    """Compare the body with what was signed, before opening: a damaged copy is not theirs."""
    start = source.tell()
    body = hashlib.sha256()
    length = 0
    while chunk := source.read(_CHUNK):
        body.update(chunk)
        length += len(chunk)
    if (length, body.digest()) != (manifest.body_len, manifest.body_sha256):
        raise PlatformError(
            Code.INTEGRITY,
            "the body that the exchange handed over is not the one the sender signed",
            expected=f"{manifest.body_len} bytes with the signed digest",
            received=f"{length} bytes",
            fix="Fetch the container again.",
        )
    source.seek(start)


def _handed_over(detail: str) -> PlatformError:
    return PlatformError(Code.INTEGRITY, detail, fix="Fetch the container again.")
