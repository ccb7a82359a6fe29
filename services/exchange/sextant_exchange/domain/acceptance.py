"""Checks of a deposit that need no body, in the order of the envelope specification §2.7.

Steps 3 to 9: shape and version were checked by parsing; here come the registered pair, both
signatures, the sender, the recipients, the policy and the clock.
"""

from sextant_exchange.domain.policy import DepositPolicy
from sextant_shared.clock import parse_timestamp
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import Header
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.access import Subject
from sextant_shared.protocol.manifest import (
    Manifest,
    VerifiedManifest,
    check_slots,
    verify_manifest,
)
from sextant_shared.protocol.parties import Registry
from sextant_shared.protocol.type_checks import check_header


def verify_sender(manifest: Manifest, registry: Registry, subject: Subject) -> VerifiedManifest:
    """Return the manifest, verified as signed by the caller's party: steps 5 to 7.

    Raises:
        PlatformError: `E_KEY`, `E_SIGNATURE`, `E_SENDER`.
    """
    header = manifest.header
    pair = registry.signing_pair(header.from_, header.skid)  # 5
    verified = verify_manifest(manifest, pair)  # 6
    if header.from_ != subject.party:  # 7
        raise PlatformError(
            Code.SENDER,
            "the envelope is signed by another party than the one that sends it",
            expected=str(subject.party),
            received=header.from_,
        )
    return verified


def check_allowed(
    verified: VerifiedManifest, registry: Registry, policy: DepositPolicy, now: float
) -> None:
    """Check what a verified manifest asks for: steps 8 and 9.

    Raises:
        PlatformError: `E_RECIPIENT`, `E_POLICY`, `E_TOO_LARGE`, `E_CLOCK`.
    """
    manifest = verified.manifest
    header = manifest.header
    keys = [registry.sealing_key(to.party, to.kid) for to in header.to]  # 8
    check_slots(manifest, keys)
    _check_policy(manifest, keys, policy)
    _check_answerable(header, registry, policy)
    _check_created(header.created, policy, now)  # 9


def check_length(manifest: Manifest, content_length: int) -> None:
    """Check step 11's first half: the announced length is that of the signed parts.

    Raises:
        PlatformError: `E_LENGTH`.
    """
    if content_length != manifest.total_size:
        raise PlatformError(
            Code.LENGTH,
            "Content-Length is not that of the container the manifest describes",
            expected=str(manifest.total_size),
            received=str(content_length),
        )


def _check_policy(manifest: Manifest, keys: list[SealingKey], policy: DepositPolicy) -> None:
    header = manifest.header
    check_header(header, policy.secretariat)
    allowed = policy.sealing_keys[header.class_]
    if any(key.alg not in allowed for key in keys):
        raise PlatformError(
            Code.POLICY,
            f"class {header.class_} needs stronger sealing keys",
            expected=", ".join(sorted(allowed)),
            received=", ".join(sorted({key.alg for key in keys})),
            fix="Seal to a K2 key of each recipient, or ask them to register one.",
        )
    if manifest.body_len > policy.max_body_bytes:
        raise PlatformError(
            Code.TOO_LARGE,
            "the body is too large",
            expected=f"at most {policy.max_body_bytes} bytes",
            received=f"{manifest.body_len} bytes",
        )


def _check_answerable(header: Header, registry: Registry, policy: DepositPolicy) -> None:
    """Take nothing whose answers, which have its class, could not be sealed to the sender."""
    allowed = policy.sealing_keys[header.class_]
    own = registry.party(header.from_).active(KeyUse.SEAL)
    if not any(key.jwk.get("alg") in allowed for key in own):
        raise PlatformError(
            Code.POLICY,
            f"what answers class {header.class_} could not be sealed to {header.from_}",
            expected=f"an active sealing key of {header.from_}: {', '.join(sorted(allowed))}",
            received=", ".join(sorted({str(key.jwk.get("alg")) for key in own})) or "none",
            fix="Register a K2 key of your own, then send the same bytes again.",
        )


def _check_created(created: str, policy: DepositPolicy, now: float) -> None:
    offset = parse_timestamp(created) - now
    if abs(offset) > policy.created_skew_s:
        raise PlatformError(
            Code.CLOCK,
            "the envelope was created too long ago, or by a clock that is off",
            expected=f"within {policy.created_skew_s} s of now",
            received=f"{created}, {offset:+.0f} s",
            fix="Set the clock, then seal and sign again under a new id.",
        )
