"""A small log in memory for tests: real keys of fixed seeds, real checkpoints, real proofs."""

from dataclasses import dataclass, field
from functools import cache

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import Signer, SoftwareSigner, Verifier
from sextant_shared.encoding import b64u, sha256
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import inclusion_path_of, root_of
from sextant_shared.models.entries import Entry, EnvelopeAcceptedEntry, format_entry
from sextant_shared.protocol.checkpoints import LogKeys, sign_checkpoint
from sextant_shared.protocol.cose_receipts import ReceiptKey, format_inclusion, sign_root
from sextant_shared.protocol.logproof import format_proof

ORIGIN = "log.example/sextant"
NOW = 1_795_519_680.5
INSTANT = "2026-11-24T11:28:00.123Z"


@cache
def log_signers(label: str = "log") -> tuple[Signer, Signer]:
    """Return the Ed25519 and the ML-DSA-44 key of a log, from fixed seeds."""
    return (
        SoftwareSigner.from_seed(Alg.ED25519, sha256(f"{label}/ed25519".encode())),
        SoftwareSigner.from_seed(Alg.ML_DSA_44, sha256(f"{label}/ml-dsa-44".encode())),
    )


@cache
def receipt_signer(label: str = "log") -> Signer:
    """Return the key of a log's COSE receipts, from a fixed seed."""
    return SoftwareSigner.from_seed(Alg.ES384, sha256(f"{label}/es384".encode()) + bytes(16))


@cache
def receipt_key(origin: str = ORIGIN, label: str = "log") -> ReceiptKey:
    return ReceiptKey(origin, Verifier.from_jwk(receipt_signer(label).jwk))


@cache
def log_keys(origin: str = ORIGIN, label: str = "log") -> LogKeys:
    return LogKeys.of_signers(origin, log_signers(label))


def random128(number: int) -> str:
    """Return the 22 characters of a counting 128-bit value."""
    return b64u(number.to_bytes(16, "big"))


def envelope_id(number: int) -> str:
    return f"0193a3c0-0000-7000-8000-{number:012x}"


def make_accepted(
    number: int = 1, *, env: str | None = None, man: bytes | None = None, reg: int = 0
) -> EnvelopeAcceptedEntry:
    """Return the entry of an accepted envelope; everything follows from `number`."""
    return EnvelopeAcceptedEntry(
        v=1,
        type="envelope.accepted",
        id=random128(number),
        t=INSTANT,
        nonce=random128(2**100 + number),
        env=env or envelope_id(number),
        man=b64u(man or sha256(f"manifest {number}".encode())),
        reg=reg,
    )


@dataclass
class MemoryLog:
    """Append entries, ask for proofs: a log without a service."""

    leaves: list[bytes] = field(default_factory=list)
    origin: str = ORIGIN
    label: str = "log"

    @property
    def keys(self) -> LogKeys:
        return log_keys(self.origin, self.label)

    def append(self, entry: Entry | bytes) -> int:
        self.leaves.append(entry if isinstance(entry, bytes) else format_entry(entry))
        return len(self.leaves) - 1

    def checkpoint(self, size: int | None = None) -> str:
        size = len(self.leaves) if size is None else size
        root = root_of(leaf_hash(leaf) for leaf in self.leaves[:size])
        return sign_checkpoint(self.origin, size, root, log_signers(self.label), NOW)

    def proof(self, index: int) -> str:
        path = inclusion_path_of([leaf_hash(leaf) for leaf in self.leaves], index)
        return format_proof(index, path, self.checkpoint())

    def cose(self, index: int) -> bytes:
        """Return the COSE receipt of an entry under the whole tree."""
        hashes = [leaf_hash(leaf) for leaf in self.leaves]
        signed = sign_root(self.origin, root_of(hashes), receipt_signer(self.label), NOW)
        return format_inclusion(signed, len(hashes), index, inclusion_path_of(hashes, index))
