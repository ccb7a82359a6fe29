"""What is handed to the register, and what it stores of one envelope in one transaction."""

from dataclasses import dataclass
from enum import StrEnum

from sextant_declarations.domain.accesses import NewAccess
from sextant_declarations.domain.deliveries import Check, Content, Examined, Facts, MessageFacts
from sextant_declarations.domain.owed import Address, Demand, OwedEntry, SealedReply
from sextant_declarations.domain.register import DeclarationKey, Standing, Verdict
from sextant_shared.errors import Finding


class Nature(StrEnum):
    """What an envelope turned out to be."""

    DECLARATION = "declaration"
    MESSAGE = "message"
    CORRESPONDENCE = "correspondence"
    RECEIPT = "receipt"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One examined envelope on its way into the register.

    `address` is None for receipts, which are never answered. Receipt and proofs are kept as
    evidence, byte for byte.
    """

    examined: Examined
    type: str
    address: Address | None
    custody: bytes
    sender_proof: bytes
    own_proof: bytes
    traceparent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A version of a declaration as it is filed: the `n`th submission under its declaration id."""

    declaration: str
    owner: str
    n: int
    facts: Facts
    check: Check
    verdict: Verdict
    registration: str | None
    revised: "Revised | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """What a registered amendment or withdrawal does to the declaration that it is about.

    `result` is the version that an amendment gives; None for a withdrawal.
    """

    declaration: str
    version: int
    result: int | None
    site_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """How an envelope stands among others, as it is filed.

    `answers` names the envelope (sender, id) whose answer it is, `supersedes` the id of the one of
    its own sender whose place it takes; None if there is none, or it was returned.
    """

    thread: str
    facts: MessageFacts | None = None
    findings: tuple[Finding, ...] = ()
    answers: tuple[str, str] | None = None
    supersedes: str | None = None
    demands: tuple[Demand, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything stored of one envelope: evidence, findings, version, and what is owed for it.

    `access` is that of the examination, None for an envelope that could not be opened.
    """

    submission: Submission
    nature: Nature
    verdict: Verdict | None
    filed: Filed | None
    entries: tuple[OwedEntry, ...]
    replies: tuple[SealedReply, ...]
    stored_at: str
    noted: Noted
    access: NewAccess | None = None

    @property
    def sites(self) -> tuple[str, ...]:
        """The codes of the sites that the content declares."""
        result = self.submission.examined.result
        return result.check.sites if isinstance(result, Content) and result.check else ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, whatever became of the envelope."""
        return self.verdict.findings if self.verdict else self.noted.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The part of the register's state that a batch was planned on, compared when it commits.

    `held` is what each declaration had: submissions, and the highest registered version.
    """

    year: int
    last_number: int
    held: dict[DeclarationKey, tuple[int, int]]

    @classmethod
    def of(cls, standing: Standing) -> "Base":
        """Return what `standing` says before anything is planned on it."""
        held = {key: holding.mark for key, holding in standing.holdings.items()}
        return cls(year=standing.year, last_number=standing.last_number, held=held)
