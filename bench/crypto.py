"""Seal, check and open: microseconds and bytes at 8 KiB and 10 MiB for each profile."""

import io
import os
from dataclasses import dataclass

from bench.cpu import cpu_per_call_us
from sextant_shared.clock import system_clock, timestamp_s, uuid7
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SealingKey, SoftwareOpener
from sextant_shared.crypto.signing import S1, S2, SoftwareSigner, Verifier
from sextant_shared.protocol.envelope import SealRequest, open_envelope, seal
from sextant_shared.protocol.manifest import parse_manifest, read_manifest, verify_manifest

SIZES = {"8 KiB": 8 << 10, "10 MiB": 10 << 20}
PROFILES = {"S1+K1": (S1, Alg.K1), "S1+K2": (S1, Alg.K2), "S2+K2": (S2, Alg.K2)}


@dataclass(frozen=True)
class CryptoRow:
    """One profile at one size; times in CPU microseconds."""

    profile: str
    size: str
    total_bytes: int
    seal_us: float
    check_us: float
    open_us: float


class _Sender:
    def __init__(self, profile: tuple[Alg, Alg], kem: Alg) -> None:
        self.signers = (SoftwareSigner.generate(profile[0]), SoftwareSigner.generate(profile[1]))
        self.opener = SoftwareOpener.generate(kem)
        self.recipient = SealingKey.from_jwk(self.opener.jwk)
        self.pair = [Verifier.from_jwk(signer.jwk) for signer in self.signers]

    def request(self) -> SealRequest:
        return SealRequest(
            id=uuid7(system_clock),
            sender="NA-XAL",
            signers=self.signers,
            recipients=[("SEC", self.recipient)],
            type="declaration.annual",
            cty="application/octet-stream",
            classification="C2",
            created=timestamp_s(system_clock()),
        )


def measure_crypto() -> list[CryptoRow]:
    """Return one row per profile and size."""
    return [
        _measure(name, *PROFILES[name], label, size)
        for label, size in SIZES.items()
        for name in PROFILES
    ]


def _measure(name: str, profile: tuple[Alg, Alg], kem: Alg, label: str, size: int) -> CryptoRow:
    sender = _Sender(profile, kem)
    content = os.urandom(size)

    def seal_once() -> bytes:
        out = io.BytesIO()
        seal(io.BytesIO(content), size, sender.request(), out)
        return out.getvalue()

    container = seal_once()
    source = io.BytesIO(container)
    manifest = read_manifest(source)
    body_at = source.tell()
    verified = verify_manifest(manifest, sender.pair)

    def open_once() -> None:
        source.seek(body_at)
        open_envelope(source, verified, sender.opener, "SEC", io.BytesIO())

    return CryptoRow(
        profile=name,
        size=label,
        total_bytes=len(container),
        seal_us=cpu_per_call_us(seal_once),
        check_us=cpu_per_call_us(
            lambda: verify_manifest(parse_manifest(manifest.raw), sender.pair)
        ),
        open_us=cpu_per_call_us(open_once),
    )
