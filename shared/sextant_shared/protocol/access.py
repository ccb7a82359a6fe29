"""Who may do what: the one decision table of the platform, denied by default.

Pure: a subject, an action and the parties a thing belongs to give a decision with the id of the
rule that made it. Each route names one action; the whole table is small enough to be reviewed by a
person, and a test compares it with a committed matrix. Identity design: authorization.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sextant_shared.errors import Code, PlatformError


class Role(StrEnum):
    """What a client was enrolled as; a client has exactly one role."""

    PARTY = "party"
    REGISTRAR = "registrar"
    EXCHANGE = "exchange"
    SECRETARIAT = "secretariat"
    OFFICER = "officer"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    PLANNER = "planner"
    INSPECTOR = "inspector"


class Action(StrEnum):
    """What can be asked of the platform."""

    ENVELOPE_DEPOSIT = "envelope.deposit"
    ENVELOPE_READ = "envelope.read"
    ENVELOPE_RECALL = "envelope.recall"
    MAILBOX_READ = "mailbox.read"
    MAILBOX_LEASE = "mailbox.lease"
    DEAD_LETTER_READ = "dead-letter.read"
    DEAD_LETTER_REPLAY = "dead-letter.replay"
    DEAD_LETTER_DISCARD = "dead-letter.discard"
    REGISTRY_READ = "registry.read"
    PARTY_ENROL = "party.enrol"
    PARTY_RECOVER = "party.recover"
    STATEMENT_MAKE = "statement.make"
    LOG_APPEND = "log.append"
    LOG_READ_ENTRIES = "log.read-entries"
    DECLARATION_LIST = "declaration.list"
    DECLARATION_READ = "declaration.read"
    DECLARATION_STEP = "declaration.step"
    ACCESS_READ = "access.read"
    QUEUE_READ = "queue.read"
    WORK_READ = "work.read"
    WORK_DO = "work.do"
    GRANT_READ = "grant.read"
    GRANT_DECIDE = "grant.decide"
    MESSAGE_SEND = "message.send"
    MESSAGE_READ = "message.read"
    SELECTION_DRAW = "selection.draw"
    SELECTION_READ = "selection.read"
    INSPECTION_READ = "inspection.read"
    INSPECTION_STEP = "inspection.step"
    MANDATE_READ = "mandate.read"
    ENTRY_READ = "entry.read"
    DETAIL_SHRED = "detail.shred"
    COPY_REPORT = "copy.report"


class Need(StrEnum):
    """What an allowed cell demands of the thing acted on."""

    ANY = "any"
    OWN = "own"


TABLE: Mapping[tuple[Action, Role], Need] = {
    (Action.ENVELOPE_DEPOSIT, Role.PARTY): Need.OWN,
    (Action.ENVELOPE_READ, Role.PARTY): Need.OWN,
    (Action.ENVELOPE_RECALL, Role.PARTY): Need.OWN,
    (Action.MAILBOX_READ, Role.PARTY): Need.OWN,
    (Action.MAILBOX_LEASE, Role.PARTY): Need.OWN,
    (Action.DEAD_LETTER_READ, Role.PARTY): Need.OWN,
    (Action.DEAD_LETTER_REPLAY, Role.PARTY): Need.OWN,
    (Action.DEAD_LETTER_DISCARD, Role.PARTY): Need.OWN,
    (Action.DEAD_LETTER_READ, Role.OFFICER): Need.ANY,
    (Action.DEAD_LETTER_REPLAY, Role.OFFICER): Need.ANY,
    (Action.DEAD_LETTER_DISCARD, Role.OFFICER): Need.ANY,
    (Action.REGISTRY_READ, Role.PARTY): Need.ANY,
    (Action.REGISTRY_READ, Role.REGISTRAR): Need.ANY,
    (Action.REGISTRY_READ, Role.OPERATOR): Need.ANY,
    (Action.PARTY_ENROL, Role.REGISTRAR): Need.ANY,
    (Action.PARTY_ENROL, Role.PARTY): Need.OWN,  # to suspend at once; signatures decide the rest
    (Action.PARTY_RECOVER, Role.REGISTRAR): Need.ANY,
    (Action.STATEMENT_MAKE, Role.PARTY): Need.OWN,
    (Action.LOG_APPEND, Role.EXCHANGE): Need.ANY,
    (Action.LOG_APPEND, Role.SECRETARIAT): Need.ANY,
    (Action.LOG_READ_ENTRIES, Role.AUDITOR): Need.ANY,
    (Action.LOG_READ_ENTRIES, Role.EXCHANGE): Need.ANY,
    (Action.LOG_READ_ENTRIES, Role.SECRETARIAT): Need.ANY,
    (Action.DECLARATION_LIST, Role.OFFICER): Need.ANY,
    (Action.DECLARATION_READ, Role.OFFICER): Need.ANY,
    (Action.DECLARATION_STEP, Role.OFFICER): Need.ANY,
    (Action.ACCESS_READ, Role.AUDITOR): Need.ANY,
    (Action.QUEUE_READ, Role.OFFICER): Need.ANY,
    (Action.WORK_READ, Role.OFFICER): Need.ANY,
    (Action.WORK_DO, Role.OFFICER): Need.ANY,
    (Action.GRANT_READ, Role.OFFICER): Need.ANY,
    (Action.GRANT_READ, Role.AUDITOR): Need.ANY,
    (Action.GRANT_DECIDE, Role.OFFICER): Need.ANY,
    (Action.MESSAGE_SEND, Role.OFFICER): Need.ANY,
    (Action.MESSAGE_READ, Role.OFFICER): Need.ANY,
    (Action.MESSAGE_READ, Role.PLANNER): Need.ANY,
    (Action.SELECTION_DRAW, Role.PLANNER): Need.ANY,  # a handful of people
    (Action.SELECTION_READ, Role.PLANNER): Need.ANY,
    (Action.INSPECTION_READ, Role.PLANNER): Need.ANY,
    (
        Action.INSPECTION_READ,
        Role.OFFICER,
    ): Need.ANY,  # once it is notified; the use case sees to it
    (Action.INSPECTION_STEP, Role.PLANNER): Need.ANY,
    (Action.MANDATE_READ, Role.PLANNER): Need.ANY,
    (Action.MANDATE_READ, Role.INSPECTOR): Need.ANY,  # with leave for the one inspection
    (Action.ENTRY_READ, Role.PARTY): Need.OWN,
    (Action.DETAIL_SHRED, Role.OFFICER): Need.ANY,
    (Action.COPY_REPORT, Role.OPERATOR): Need.ANY,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """An authenticated caller; `party` is None for clients that act for no party."""

    client_id: str
    role: Role
    party: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, the rule that gave it, and the reason in words."""

    allow: bool
    rule_id: str
    reason: str


def decide(subject: Subject, action: Action, owners: Collection[str] | None = None) -> Decision:
    """Decide; `owners` are the parties a thing belongs to, None before it is known.

    With None, a cell that needs an own thing is allowed so far: the use case asks again once it
    knows the thing.
    """
    rule_id = f"{action}/{subject.role}"
    need = TABLE.get((action, subject.role))
    if need is None:
        return Decision(
            allow=False, rule_id="default-deny", reason=f"role {subject.role} may not {action}"
        )
    if need is Need.OWN and subject.party is None:
        return Decision(allow=False, rule_id=rule_id, reason="the client acts for no party")
    if need is Need.OWN and owners is not None and subject.party not in owners:
        return Decision(allow=False, rule_id=rule_id, reason="the thing belongs to another party")
    return Decision(
        allow=True, rule_id=rule_id, reason=f"role {subject.role} may {action} ({need})"
    )


def require(subject: Subject, action: Action, owners: Collection[str] | None = None) -> None:
    """Return when allowed.

    Raises:
        PlatformError: `E_FORBIDDEN`, naming the rule.
    """
    decision = decide(subject, action, owners)
    if not decision.allow:
        raise PlatformError(
            Code.FORBIDDEN,
            decision.reason,
            expected=f"a rule that allows {action}",
            received=f"{subject.client_id} as {subject.role}; rule {decision.rule_id}",
        )
