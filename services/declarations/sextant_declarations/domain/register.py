"""The rules of the register itself: who may declare for whom, versions, and numbers.

Responsible for what only the register can know: the sending party, the versions already held, the
next number. Not responsible for what a declaration says (`sextant_shared.rules`) nor for storing.

Rules:

* REG-1: a State is declared for by its own National Authority.
* REG-2: a version follows the registered ones; an equal or lower one is returned, and never
  overwrites.
* REG-3: a further version keeps the kind of the first.
* REG-4: an amendment or withdrawal names the version that is registered last; an amendment gives
  the next one, so that whole versions and amendments count in one row.
* A returned version takes no number and binds nobody: corrected, it may come again as it is.
* Registration numbers have no gap within a year and are never given twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sextant_declarations.domain.deliveries import Check, Facts, Revision
from sextant_shared.errors import Finding, Severity
from sextant_shared.models.receipts import OutcomeVerdict

NATIONAL_AUTHORITY_PREFIX = "NA-"
STATE_CODE_LENGTH = 3

DeclarationKey = tuple[str, str]  # (owner, declaration_id): a State cannot touch another's ids


@dataclass(frozen=True, slots=True)
class StatePolicy:
    """Which State a party declares for: `NA-XAL` declares for XAL, `exceptions` say otherwise."""

    exceptions: Mapping[str, str] = field(default_factory=dict)

    def state_of(self, party: str) -> str | None:
        """Return the State code, None for a party that declares for no State."""
        if party in self.exceptions:
            return self.exceptions[party]
        code = party.removeprefix(NATIONAL_AUTHORITY_PREFIX)
        return code if code != party and len(code) == STATE_CODE_LENGTH else None

    def party_of(self, state: str) -> str:
        """Return which party declares for a State."""
        named = (party for party, code in self.exceptions.items() if code == state)
        return next(named, f"{NATIONAL_AUTHORITY_PREFIX}{state}")

    def owner_of(self, party: str) -> str:
        """Return under which name the register files what the party sends."""
        return self.state_of(party) or party


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What the register holds of one declaration.

    `submissions` counts every version received; `registered` is the highest registered version, 0
    for none yet, and `kind` the kind of the registered ones.
    """

    id: str
    submissions: int
    registered: int
    kind: str | None

    @property
    def mark(self) -> tuple[int, int]:
        """What changes with everything that is filed about the declaration."""
        return self.submissions, self.registered


@dataclass(slots=True, kw_only=True)
class Standing:
    """The state of the register that a batch is planned on; moves forward as items are planned.

    `seen` maps (sender, envelope id) to the manifest digest held; `last_number` is the last
    registration number given in `year`.
    """

    seen: dict[tuple[str, str], bytes]
    holdings: dict[DeclarationKey, Holding]
    year: int
    last_number: int

    def next_number(self) -> str:
        """Take and return the next registration number."""
        self.last_number += 1
        return format_number(self.year, self.last_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a content, with every finding of the rules and of the register."""

    outcome: OutcomeVerdict
    findings: tuple[Finding, ...]


def format_number(year: int, number: int) -> str:
    """Return a registration number, `SEC-2026-000017`."""
    return f"SEC-{year}-{number:06d}"


def judge(
    check: Check,
    sender: str,
    holding: Holding | None,
    policy: StatePolicy,
    revised: Holding | None = None,
) -> Verdict:
    """Return the verdict on a checked content, given what the register already holds.

    `revised` is what it holds of the declaration that an amendment or withdrawal is about.
    """
    if not check.is_declaration:
        return Verdict(outcome=OutcomeVerdict.REJECTED, findings=check.findings)
    if check.facts is None:
        return Verdict(outcome=OutcomeVerdict.RETURNED, findings=check.findings)
    own = [
        *_check_state(check.facts, sender, policy),
        *_check_version(check.facts, holding),
        *_check_kind(check.facts, holding),
        *_check_revised(check.facts.revises, revised),
    ]
    findings = (*check.findings, *own)
    must_fix = any(finding.severity is Severity.MUST_FIX for finding in findings)
    outcome = OutcomeVerdict.RETURNED if must_fix else OutcomeVerdict.REGISTERED
    return Verdict(outcome=outcome, findings=findings)


def hold(held: Holding, facts: Facts, outcome: OutcomeVerdict) -> Holding:
    """Return the holding after one more submission."""
    held = replace(held, submissions=held.submissions + 1)
    if outcome is OutcomeVerdict.REGISTERED:
        held = replace(held, registered=facts.version, kind=facts.kind)
    return held


def revise(revised: Holding, revision: Revision) -> Holding:
    """Return the holding after a registered amendment or withdrawal of it."""
    return revised if revision.withdraws else replace(revised, registered=revision.version + 1)


def _check_state(facts: Facts, sender: str, policy: StatePolicy) -> list[Finding]:
    state = policy.state_of(sender)
    if state == facts.state_code:
        return []
    return [
        Finding(
            rule="REG-1",
            severity=Severity.MUST_FIX,
            pointer="/state_code",
            message=f"{sender} does not declare for {facts.state_code}",
            expected=state or "a sender that is a National Authority",
            received=facts.state_code,
            fix="Let the National Authority of the declared State send it.",
            law="Article VII(4)",
        )
    ]


def _check_version(facts: Facts, holding: Holding | None) -> list[Finding]:
    registered = holding.registered if holding else 0
    if facts.version > registered:
        return []
    return [
        Finding(
            rule="REG-2",
            severity=Severity.MUST_FIX,
            pointer="/version",
            message=f"version {registered} of this declaration is already registered",
            expected=f"version {registered + 1} or higher",
            received=str(facts.version),
            fix="Raise the version to amend; registered versions are never replaced.",
        )
    ]


def _check_kind(facts: Facts, holding: Holding | None) -> list[Finding]:
    if holding is None or holding.kind in (None, facts.kind):
        return []
    return [
        Finding(
            rule="REG-3",
            severity=Severity.MUST_FIX,
            pointer="/kind",
            message="a further version keeps the kind of the declaration",
            expected=str(holding.kind),
            received=facts.kind,
            fix="Send another kind of declaration under a new declaration_id.",
        )
    ]


def _check_revised(revision: Revision | None, revised: Holding | None) -> list[Finding]:
    registered = revised.registered if revised else 0
    if revision is None or revision.version == registered:
        return []
    place = "/withdraws" if revision.withdraws else "/amends"
    return [
        Finding(
            rule="REG-4",
            severity=Severity.MUST_FIX,
            pointer=f"{place}/version" if registered else place,
            message=f"version {revision.version} of {revision.declaration_id} is not the one that"
            " is registered",
            expected=f"version {registered}" if registered else "a registered declaration",
            received=f"version {revision.version}",
            fix="Name the version that is registered; wait for its registration first.",
        )
    ]
