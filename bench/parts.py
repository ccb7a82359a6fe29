"""Parts of a deposit beyond the floor, each measured alone in this process."""

from collections.abc import Callable

from bench.cpu import cpu_per_call_us
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import random_bytes, system_clock, timestamp_ms, uuid7
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SealingKey, SoftwareOpener
from sextant_shared.crypto.signing import S1, SoftwareSigner
from sextant_shared.encoding import b64u
from sextant_shared.models.entries import EnvelopeAcceptedEntry, format_entry
from sextant_shared.protocol.envelope import SealRequest, seal_bytes
from sextant_shared.protocol.manifest import parse_manifest
from sextant_shared.protocol.receipts import format_custody
from sextant_shared.protocol.tokens import make_dpop_proof, verify_dpop_proof

URL = "http://127.0.0.1/v1/envelopes"
TOKEN = "at"  # noqa: S105 -- any text
PROOF_BYTES = 4200  # a tlog-proof with one ML-DSA line


def measure_parts() -> list[tuple[str, float]]:
    """Return (what, CPU µs) for each part, dearest first."""
    signer = SoftwareSigner.generate(Alg.ED25519)
    proof = make_dpop_proof("POST", URL, signer, system_clock(), TOKEN)
    raw = _manifest()
    entry = _entry()
    telemetry = Telemetry("bench")
    parts: list[tuple[str, Callable[[], object]]] = [
        (
            "DPoP proof: parse and verify",
            lambda: verify_dpop_proof(
                proof, method="POST", url=URL, now=system_clock(), access_token=TOKEN
            ),
        ),
        ("manifest: strict parse", lambda: parse_manifest(raw)),
        ("log entry: build and encode", _entry),
        ("receipt: encode", lambda: format_custody(entry, "x" * PROOF_BYTES)),
        ("one span, not sampled", lambda: _span(telemetry)),
    ]
    measured = [(name, cpu_per_call_us(work)) for name, work in parts]
    return sorted(measured, key=lambda part: -part[1])


def _span(telemetry: Telemetry) -> None:
    with telemetry.span("bench"):
        pass


def _entry() -> bytes:
    return format_entry(
        EnvelopeAcceptedEntry(
            v=1,
            type="envelope.accepted",
            id=b64u(random_bytes(16)),
            t=timestamp_ms(system_clock()),
            nonce=b64u(random_bytes(16)),
            env=uuid7(system_clock),
            man=b64u(bytes(32)),
            reg=1,
        )
    )


def _manifest() -> bytes:
    key = SealingKey.from_jwk(SoftwareOpener.generate(Alg.K1).jwk)
    request = SealRequest(
        id=uuid7(system_clock),
        sender="NA-XAL",
        signers=(SoftwareSigner.generate(S1[0]), SoftwareSigner.generate(S1[1])),
        recipients=[("SEC", key)],
        type="declaration.annual",
        cty="application/json",
        classification="C2",
        created=timestamp_ms(system_clock())[:19] + "Z",
    )
    return seal_bytes(bytes(8192), request)[1].manifest.raw
