"""Judges a signature by what the log says since: suspect keys, and the sender's own word."""

from dataclasses import dataclass

from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse, PartyHistory
from sextant_shared.models.statements import Says, StatementList
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.keyhistory import verify_history
from sextant_shared.protocol.manifest import Manifest
from sextant_shared.protocol.parties import RegistrarSet
from sextant_shared.protocol.receipts import CustodyReceipt
from sextant_shared.protocol.statements import newest_word, verify_statement


@dataclass(frozen=True)
class Check:
    """One line of the report: what was checked, and what was found."""

    name: str
    found: str


@dataclass(frozen=True)
class Judged:
    """What the log says of one envelope's signature since it was accepted."""

    checks: tuple[Check, ...]
    flags: tuple[str, ...] = ()
    said: Says | None = None


def judge(
    manifest: Manifest,
    receipt: CustodyReceipt,
    history: PartyHistory,
    said: StatementList | None,
    registrars: RegistrarSet,
    log_keys: LogKeys,
) -> Judged:
    """Return flags and statements; what is suspect is flagged, and stays verified.

    Raises:
        PlatformError: `E_KEY` when the history does not list the keys as active where the envelope
            was accepted; `E_INTEGRITY` for a statement about another envelope; what verifying
            raises.
    """
    header = manifest.header
    known = verify_history(history, header.from_, registrars, log_keys)
    known.require_active(header.skid, KeyUse.SIG, receipt.reg)
    found = known.flags(header.skid, receipt.reg, receipt.index, receipt.t)
    flags = tuple(flag.words for flag in found)
    upto = f"nothing against them up to version {known.newest.party.document.ver}"
    checks = [Check("keys since", "FLAGGED: " + "; ".join(flags) if flags else upto)]
    proved = [verify_statement(one, known, log_keys) for one in said.statements] if said else []
    for one in proved:
        about = (one.signed.statement.party, one.signed.statement.env, one.signed.statement.man)
        if about != (header.from_, header.id, b64u(manifest.digest)):
            raise PlatformError(
                Code.INTEGRITY,
                "a statement is about another envelope",
                expected=f"{header.from_} {header.id}",
                received=" ".join(about[:2]),
            )
        checks.append(Check("statement", one.words))
    return Judged(tuple(checks), flags, newest_word(proved))
