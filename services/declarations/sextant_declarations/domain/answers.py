"""What the Secretariat says about an envelope: two receipts, and the log entry of each act.

Responsible for composing them. Not responsible for sealing (`sealing`) nor for delivering
(`relay`).

* The opened receipt says that the envelope could be read, or UNREADABLE and nothing more: whoever
  can send garbage must not learn from us how it failed.
* The outcome receipt says what became of the content, with all findings.
* Each act has its own entry. The entry commits to the receipt's bytes with a fresh salt, so it
  tells nobody anything, and whoever is shown receipt and salt can check it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sextant_declarations.domain.deliveries import Check, Examined, MessageCheck
from sextant_declarations.domain.owed import OwedEntry
from sextant_declarations.domain.register import Verdict
from sextant_shared.clock import Clock, timestamp_ms
from sextant_shared.encoding import b64u, canonical_json
from sextant_shared.models.entries import format_entry, parse_entry
from sextant_shared.models.receipts import (
    OPENED_TYPE,
    OUTCOME_TYPE,
    OpenedReceipt,
    OpenedVerdict,
    OutcomeReceipt,
    OutcomeVerdict,
    ReportedFinding,
    RulePack,
)
from sextant_shared.protocol.acts import SALT_BYTES, commitment

_RANDOM_128 = 16


@dataclass(frozen=True)
class Sources:
    """Where time, ids and chance come from."""

    clock: Clock
    new_id: Callable[[], str]
    random_bytes: Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One receipt: the envelope type it travels as, its content, and the entry that records it."""

    type: str
    content: bytes
    entry: OwedEntry


def opened_answer(examined: Examined, sources: Sources, *, refused: bool) -> Answer:
    """Return the opened receipt, or UNREADABLE when `refused`."""
    t = timestamp_ms(sources.clock())
    receipt = OpenedReceipt(
        v=1,
        kind="opened",
        verdict=OpenedVerdict.REJECTED if refused else OpenedVerdict.OPENED,
        reason="UNREADABLE" if refused else None,
        env=examined.id,
        man=b64u(examined.manifest_digest),
        custody=examined.custody.index,
        t=t,
    )
    content = canonical_json(receipt.model_dump(mode="json"))
    act = "declaration.refused" if refused else "declaration.opened"
    return Answer(
        type=OPENED_TYPE, content=content, entry=_entry(act, examined, content, t, sources)
    )


def outcome_answer(
    examined: Examined,
    check: Check | MessageCheck,
    verdict: Verdict,
    registration: str | None,
    sources: Sources,
) -> Answer:
    """Return the outcome receipt of a declaration, or of a message that is returned."""
    t = timestamp_ms(sources.clock())
    rejected = verdict.outcome is OutcomeVerdict.REJECTED
    receipt = OutcomeReceipt(
        v=1,
        kind="outcome",
        verdict=verdict.outcome,
        reason="CONTENT" if rejected else None,
        registration=registration,
        rules=RulePack(version=check.pack.version, digest=check.pack.digest),
        findings=[ReportedFinding.of(finding) for finding in verdict.findings],
        content=b64u(check.canonical_digest) if check.canonical_digest else None,
        env=examined.id,
        man=b64u(examined.manifest_digest),
        custody=examined.custody.index,
        t=t,
    )
    content = canonical_json(receipt.model_dump(mode="json"))
    act = "declaration.refused" if rejected else "declaration.outcome"
    return Answer(
        type=OUTCOME_TYPE, content=content, entry=_entry(act, examined, content, t, sources)
    )


def _entry(act: str, examined: Examined, detail: bytes, t: str, sources: Sources) -> OwedEntry:
    salt = sources.random_bytes(SALT_BYTES)
    members = {
        "v": 1,
        "type": act,
        "id": b64u(sources.random_bytes(_RANDOM_128)),
        "t": t,
        "nonce": b64u(sources.random_bytes(_RANDOM_128)),
        "env": examined.id,
        "ref": examined.custody.index,
        "commit": b64u(commitment(salt, detail)),
    }
    leaf = format_entry(parse_entry(canonical_json(members)))
    return OwedEntry(act=act, leaf=leaf, detail=detail, salt=salt)
