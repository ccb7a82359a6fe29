"""What officers are shown: answers of the REST interface, as the reading side of the register."""

from dataclasses import dataclass

from sextant_shared.models.receipts import ReportedFinding, RulePack
from sextant_shared.models.strict import Strict


class DeclarationSummary(Strict):
    """One line of the list: what the newest version of a declaration says.

    `in_force` is the registered version that holds, amendments folded in; null when none was
    registered or it was withdrawn.
    """

    id: str
    state: str
    declaration_id: str
    kind: str
    year: int
    nil: bool
    version: int
    versions: int
    verdict: str
    registration: str | None
    in_force: int | None
    updated: str


class DeclarationPage(Strict):
    """One page of the list, newest declaration first; `next` is the cursor of the next page."""

    declarations: list[DeclarationSummary]
    next: str | None


class ComparedFiling(Strict):
    """A filing of the same State that a version was compared with; `content` as in receipts."""

    declaration_id: str
    version: int
    content: str


class VersionView(Strict):
    """One version as it was received; `n` counts submissions under the declaration's id.

    `closes` are the scopes that a registered nil declaration closes for the year; `compared` is
    what else the State had filed when the findings were made.
    """

    n: int
    version: int
    kind: str
    year: int
    nil: bool
    closes: list[str]
    verdict: str
    registration: str | None
    sender: str
    envelope: str
    custody: int
    received: str
    stored: str
    rules: RulePack
    content: str | None
    findings: list[ReportedFinding]
    compared: list[ComparedFiling]


class RevisionView(Strict):
    """An amendment or withdrawal of a declaration, itself a declaration (`by`, its id here).

    `version` is the one that it names, `result` the one that it gives; null for a withdrawal, of
    the whole or of the site `site_code`.
    """

    by: str
    declaration_id: str
    registration: str
    version: int
    result: int | None
    site_code: str | None
    stored: str


class DeclarationView(Strict):
    """A declaration with all its versions, oldest first, and their findings.

    `revisions` are its amendments and withdrawals, oldest first.
    """

    declaration: DeclarationSummary
    versions: list[VersionView]
    revisions: list[RevisionView]


class EnvelopeLine(Strict):
    """One envelope that was decided about; `refusal` is for officers, the sender never sees it."""

    sender: str
    id: str
    nature: str
    type: str
    classification: str | None
    verdict: str | None
    refusal: str | None
    custody: int
    received: str
    stored: str


class EnvelopePage(Strict):
    """One page of envelopes, newest first; `next` is the cursor of the next page."""

    envelopes: list[EnvelopeLine]
    next: str | None


class EntryEvidence(Strict):
    """An act's log entry (base64url leaf), its proof once logged, and what opens its commitment.

    `salt` and `detail` are null once they were destroyed by order.
    """

    act: str
    entry: str
    index: int | None
    proof: str | None
    salt: str | None
    detail: str | None


class ReplyEvidence(Strict):
    """A sealed reply: container (base64url), custody receipt once given, and `kpc`.

    With `kpc` and `content` anybody can check the reply's plaintext commitment without a key.
    """

    type: str
    id: str
    container: str
    custody: str | None
    kpc: str


class RegistryEvidence(Strict):
    """The registry proofs of sender and Secretariat at the position the custody receipt names."""

    at: int
    sender: dict[str, object]
    secretariat: dict[str, object]


class Evidence(Strict):
    """All that proves one envelope and what became of it, for a bundle that needs no network.

    `container` (base64url) is null when it is larger than this service puts into one answer;
    `container_path` always fetches it. `custody` and `replies[].custody` are base64url bytes.
    """

    sender: str
    envelope: str
    manifest: str
    container: str | None
    container_path: str
    custody: str
    registry: RegistryEvidence
    entries: list[EntryEvidence]
    replies: list[ReplyEvidence]


class OwedLine(Strict):
    """Something we still owe: what, to which envelope, how often tried, why not delivered.

    An access that waits for the log names no envelope.
    """

    what: str
    envelope: str
    attempts: int
    last_error: str | None


class Alarm(Strict):
    """A log head that does not fit ours."""

    t: str
    source: str
    size: int
    detail: str


class IntakeView(Strict):
    """What this service itself is doing and owes; `owed` shows the oldest lines only."""

    in_flight: int
    waiting_for: str | None
    waiting_since: str | None
    owed: list[OwedLine]
    owed_total: int
    alarms: list[Alarm]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the list is narrowed to; None means all."""

    state: str | None = None
    kind: str | None = None
    year: int | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What an officer did or asked that gives no declared content: who, what, of which thing."""

    t: str
    client: str
    role: str
    action: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEnvelope:
    """One envelope that was decided about; `has_content` says whether it could be opened."""

    inbox: int
    sender: str
    id: str
    manifest: bytes
    manifest_digest: bytes
    custody: bytes
    registry_index: int
    has_content: bool
