"""What a party says of its own envelopes afterwards: repudiated, or affirmed.

A statement is a JWS (`typ` `dxe-repudiation+json`) about one envelope, signed by the party's pair
in force, and an entry of the log (`party.statement`). One statement is about one envelope, so that
whoever may see that envelope sees it and learns of no other. The newest one counts; none is erased.

Responsible for its shape and its proof. Not responsible for what follows from it: an envelope that
was repudiated stays in the log as what it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u, b64u_decode, canonical_json, parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import PartyStatementEntry, parse_entry
from sextant_shared.models.statements import (
    MAX_STATEMENT_BYTES,
    STATEMENT_TYP,
    LoggedStatement,
    Says,
    Statement,
)
from sextant_shared.models.strict import read_model
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.jws import Jws, parse_jws, sign_jws
from sextant_shared.protocol.keyhistory import Flag, KeyHistory
from sextant_shared.protocol.logproof import LoggedEntry, verify_proof
from sextant_shared.protocol.parties import Registry

_PAIR = 2


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement whose two signatures verified, by the pair `kids`."""

    statement: Statement
    raw: bytes
    kids: tuple[str, str]

    @property
    def digest(self) -> bytes:
        """SHA-256 of the JWS: what the log's entry holds."""
        return sha256(self.raw)


@dataclass(frozen=True, slots=True)
class ProvedStatement:
    """A statement in the log; `flags` say what speaks against its own signature."""

    signed: SignedStatement
    index: int
    t: str
    flags: tuple[Flag, ...]

    @property
    def words(self) -> str:
        """The statement as people read it."""
        statement = self.signed.statement
        doubt = "; itself signed by a suspect key" if self.flags else ""
        why = f" ({statement.reason})" if statement.reason else ""
        return f"{statement.says} by {statement.party} at log entry {self.index}{why}{doubt}"


def sign_statement(statement: Statement, pair: tuple[Signer, Signer]) -> bytes:
    """Return the JWS of a statement, both halves of the pair in profile order."""
    return sign_jws(canonical_json(statement.model_dump(mode="json")), STATEMENT_TYP, pair)


def parse_statement(raw: bytes) -> tuple[Statement, tuple[str, ...]]:
    """Return a statement and whose keys claim to have signed it; nothing is verified.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`, `E_KEY`.
    """
    jws, statement = _parse(raw)
    return statement, tuple(signature.kid for signature in jws.signatures)


def read_statement(raw: bytes, registry: Registry) -> SignedStatement:
    """Return a statement that is signed by an active pair of its party in `registry`.

    Raises:
        PlatformError: `E_MALFORMED`, `E_TOO_LARGE`, `E_KEY`, `E_SIGNATURE`.
    """
    jws, statement = _parse(raw)
    if len(jws.signatures) != _PAIR:
        raise PlatformError(
            Code.SIGNATURE,
            "a statement bears exactly one pair of signatures",
            expected=str(_PAIR),
            received=str(len(jws.signatures)),
        )
    first, second = jws.signatures
    pair = registry.signing_pair(statement.party, [first.kid, second.kid])
    for signature, verifier in zip(jws.signatures, pair, strict=True):
        if signature.alg != verifier.alg:
            raise PlatformError(Code.KEY, "a signature names another algorithm than its key")
        verifier.verify(signature.signing_input, signature.signature)
    return SignedStatement(statement, raw, (first.kid, second.kid))


def verify_statement(
    logged: LoggedStatement, history: KeyHistory, log_keys: LogKeys
) -> ProvedStatement:
    """Return a statement that stands in the log, signed by the pair in force there.

    Raises:
        PlatformError: `E_INTEGRITY` when the log does not hold it, else as `read_statement`.
    """
    entry, place = verify_logged(logged, log_keys)
    raw, index = logged.statement.encode(), place.index
    # A registry of this one party: a statement in another's name has no keys there.
    signed = read_statement(raw, Registry({entry.party: history.at(entry.reg)}))
    flags = history.flags(signed.kids, entry.reg, index, entry.t)
    return ProvedStatement(signed, index, entry.t, tuple(flags))


def verify_logged(
    logged: LoggedStatement, log_keys: LogKeys
) -> tuple[PartyStatementEntry, LoggedEntry]:
    """Return the entry of a statement and its proved place; no signature of a party is looked at.

    Raises:
        PlatformError: `E_INTEGRITY` when the log does not hold it, `E_KEY`, `E_SIGNATURE`,
            `E_MALFORMED`.
    """
    place = verify_proof(b64u_decode(logged.entry), logged.proof, log_keys)
    entry = parse_entry(place.leaf)
    digest = b64u(sha256(logged.statement.encode()))
    if not isinstance(entry, PartyStatementEntry) or entry.doc != digest:
        raise PlatformError(
            Code.INTEGRITY,
            "the log's entry is not about this statement",
            expected=digest,
            received=f"{entry.type} at {place.index}",
        )
    return entry, place


def newest_word(statements: Sequence[ProvedStatement]) -> Says | None:
    """Return the newest word that no flag speaks against, None when there is none."""
    sound = [found for found in statements if not found.flags]
    return max(sound, key=lambda found: found.index).signed.statement.says if sound else None


def _parse(raw: bytes) -> tuple[Jws, Statement]:
    jws = parse_jws(raw, STATEMENT_TYP, MAX_STATEMENT_BYTES)
    parsed = parse_json(jws.payload, max_bytes=MAX_STATEMENT_BYTES)
    return jws, read_model(Statement, parsed)
