"""Receipts: the custody receipt of the exchange, and what the Secretariat answers an envelope.

Responsible for the shapes. `sextant_shared.protocol.receipts` decides whether a custody receipt is
valid; opened and outcome receipts are the content of signed envelopes (`RECEIPT_CTY`).
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sextant_shared.errors import Finding, Severity
from sextant_shared.models.entries import EnvelopeId, Index, InstantMs, Sha256
from sextant_shared.models.strict import Strict, Version1

RECEIPT_CTY = "application/vnd.sextant.receipt+json"
OPENED_TYPE = "receipt.opened"
OUTCOME_TYPE = "receipt.outcome"
MAX_CUSTODY_BYTES = 65_536  # entry, path, two log signatures and a dozen witnesses
MAX_FINDINGS = 10_000


class Level(StrEnum):
    """How far an entry has come: signed by the log, or also seen by a quorum of witnesses."""

    LOGGED = "logged"
    WITNESSED = "witnessed"


class CustodyDocument(Strict):
    """The custody receipt as it travels: an entry (base64url) and its tlog-proof, nothing else."""

    v: Version1
    kind: Literal["custody"]
    level: Annotated[Level, Field(strict=False)]
    entry: str
    proof: str


class RefusalDocument(Strict):
    """The receipt of a refused deposit as it travels: an entry (base64url) and its tlog-proof."""

    v: Version1
    kind: Literal["refusal"]
    entry: str
    proof: str


class OpenedVerdict(StrEnum):
    """Whether an envelope could be opened."""

    OPENED = "OPENED"
    REJECTED = "REJECTED"


class OutcomeVerdict(StrEnum):
    """What became of the content."""

    REGISTERED = "REGISTERED"
    RETURNED = "RETURNED"
    REJECTED = "REJECTED"


class RulePack(Strict):
    """Which rules were applied."""

    version: str
    digest: Sha256


class ReportedFinding(Strict):
    """One finding as it travels; the members mean what `sextant_shared.errors.Finding` says.

    The cell or line it came from stays at home: it says nothing to the other side.
    """

    rule: str
    severity: Annotated[Severity, Field(strict=False)]
    pointer: str
    message: str
    expected: str = ""
    received: str = ""
    fix: str = ""
    law: str = ""
    way: str = ""
    args: Annotated[dict[str, str], Field(max_length=20)] = Field(default_factory=dict)
    answer: str = ""
    document: str = ""

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """Return the finding in its travelling form."""
        return cls(
            rule=finding.rule,
            severity=finding.severity,
            pointer=finding.pointer,
            message=finding.message,
            expected=finding.expected,
            received=finding.received,
            fix=finding.fix,
            law=finding.law,
            way=finding.way,
            args=dict(finding.args),
            answer=finding.answer,
            document=finding.document,
        )

    def finding(self) -> Finding:
        """Return the finding."""
        return Finding(
            rule=self.rule,
            severity=self.severity,
            pointer=self.pointer,
            message=self.message,
            expected=self.expected,
            received=self.received,
            fix=self.fix,
            law=self.law,
            way=self.way,
            args=tuple(self.args.items()),
            answer=self.answer,
            document=self.document,
        )


class _Answer(Strict):
    """What both receipts of the Secretariat name: the envelope, its manifest, its custody entry."""

    v: Version1
    env: EnvelopeId
    man: Sha256
    custody: Index
    t: InstantMs


class OpenedReceipt(_Answer):
    """The envelope was opened, or could not be: the sender learns only UNREADABLE."""

    kind: Literal["opened"]
    verdict: Annotated[OpenedVerdict, Field(strict=False)]
    reason: Literal["UNREADABLE"] | None

    @model_validator(mode="after")
    def _reason_fits(self) -> Self:
        if (self.verdict is OpenedVerdict.REJECTED) != (self.reason is not None):
            raise ValueError("a reason stands if and only if the verdict is REJECTED")
        return self


class OutcomeReceipt(_Answer):
    """The content was registered, returned or rejected, under which rules, with which findings.

    `content` is the SHA-256 of the content's canonical form, null when it has none.
    """

    kind: Literal["outcome"]
    verdict: Annotated[OutcomeVerdict, Field(strict=False)]
    reason: Literal["CONTENT"] | None
    registration: Annotated[str, Field(min_length=1, max_length=64)] | None
    rules: RulePack
    findings: Annotated[list[ReportedFinding], Field(max_length=MAX_FINDINGS)]
    content: Sha256 | None

    @model_validator(mode="after")
    def _verdict_fits(self) -> Self:
        if (self.verdict is OutcomeVerdict.REJECTED) != (self.reason is not None):
            raise ValueError("a reason stands if and only if the verdict is REJECTED")
        if (self.verdict is OutcomeVerdict.REGISTERED) != (self.registration is not None):
            raise ValueError("a registration stands if and only if the verdict is REGISTERED")
        must_fix = any(finding.severity is Severity.MUST_FIX for finding in self.findings)
        if self.verdict is OutcomeVerdict.REGISTERED and must_fix:
            raise ValueError("content with a must-fix finding cannot be registered")
        return self
