"""Witnesses for tests: real keys of fixed seeds, and policies over them."""

from functools import cache

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.encoding import sha256
from sextant_shared.merkle.notes import (
    NoteSignature,
    VerifierKey,
    format_vkey,
    parse_checkpoint_body,
    parse_note,
    with_signatures,
)
from sextant_shared.protocol.cosignatures import Cosigner, cosign, cosigner_key
from sextant_shared.protocol.policies import Policy, parse_policy
from tests.support.logs import NOW, log_keys


@cache
def witness_signer(name: str, alg: Alg = Alg.ED25519) -> SoftwareSigner:
    return SoftwareSigner.from_seed(alg, sha256(f"witness/{name}/{alg}".encode()))


def witness_key(name: str, alg: Alg = Alg.ED25519) -> VerifierKey:
    return cosigner_key(f"{name}.example/w", witness_signer(name, alg))


def witness_vkey(name: str, alg: Alg = Alg.ED25519) -> str:
    return format_vkey(witness_key(name, alg))


def cosigner(name: str, alg: Alg = Alg.ED25519) -> Cosigner:
    return Cosigner.from_key(witness_key(name, alg))


def cosignature(
    checkpoint: str, name: str, alg: Alg = Alg.ED25519, t: float = NOW
) -> NoteSignature:
    body = parse_checkpoint_body(parse_note(checkpoint).text)
    return cosign(witness_key(name, alg), witness_signer(name, alg), body, t)


def cosigned(checkpoint: str, *names: str, t: float = NOW) -> str:
    return with_signatures(checkpoint, [cosignature(checkpoint, name, t=t) for name in names])


def policy_text(*names: str, threshold: str = "all", quorum: str = "states") -> str:
    lines = [f"log {vkey}" for vkey in log_keys().vkeys]
    lines += [f"witness {name} {witness_vkey(name)} https://{name}.example" for name in names]
    return "\n".join(
        [*lines, f"group states {threshold} {' '.join(names)}", f"quorum {quorum}", ""]
    )


def policy(*names: str, threshold: str = "all") -> Policy:
    return parse_policy(policy_text(*names, threshold=threshold).encode())
