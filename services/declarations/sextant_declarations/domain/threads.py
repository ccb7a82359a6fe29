"""How an envelope stands among others: its thread, what it answers, and what is owed for it.

Responsible for what two envelopes show together. Not responsible for one by itself (`messages`),
nor for looking the others up (the port `Threads`).

Rules, beside those of the catalogue:

* M1: what a message answers is here: an envelope that its sender sent us, or got from us. What
  came is taken all the same, for officers to look at: the fault may be ours. We must know it.
* M2: an answer is about the same thing: the same inspection or request, the same declaration,
  the same version of the report, and no other numbers than those that were asked.
* M2 too: a message takes the place of one of its own sender; what was owed for that one is owed
  no more.
* M3: a reply that leaves questions open is taken, and says which.
* What is returned answers nothing: the answer stays owed.
* Receipts are written with the decision that they tell of, so they are never owed as answers here;
  the outbox shows those that are not delivered yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sextant_declarations.domain.deliveries import MessageFacts, is_receipt
from sextant_declarations.domain.messages import findings_of
from sextant_declarations.domain.owed import Demand
from sextant_shared.errors import Finding, PlatformError, Severity
from sextant_shared.protocol.message_types import TABLE
from sextant_shared.protocol.owing import Debtor, Seen, owed_in
from sextant_shared.protocol.type_checks import check_reply

COMMENTS, REPORT, REQUEST = "inspection.comments", "inspection.report", "clarification.request"
_NO_FACTS = MessageFacts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """An envelope that another one may name; `thread` is the one that both then stand in.

    `is_settled` is False for one of ours that the exchange has not taken: its id may still change.
    """

    sender: str
    id: str
    type: str
    thread: str
    facts: MessageFacts | None = None
    is_settled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """An envelope that may name others: by `irt` what it answers, by `sup` what it supersedes."""

    sender: str
    id: str
    type: str
    irt: str | None
    sup: str | None
    facts: MessageFacts | None


@dataclass(frozen=True, slots=True)
class Known:
    """The envelopes that those of a batch name, by who names them.

    `by_id` has (party, envelope id), `by_reference` (party, number of a clarification request).
    """

    by_id: dict[tuple[str, str], Anchor] = field(default_factory=dict)
    by_reference: dict[tuple[str, str], Anchor] = field(default_factory=dict)

    def answered(
        self, party: str, irt: str | None, type_: str, facts: MessageFacts | None
    ) -> Anchor | None:
        """Return what an envelope of the party answers: by `irt`, else by the request's number."""
        if irt is not None:
            return self.by_id.get((party, irt))
        number = facts.reference if facts else None
        may = TABLE[type_].replies_to if type_ in TABLE else frozenset()
        return self.by_reference.get((party, number)) if number and REQUEST in may else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """How an envelope stands among others: thread, what it answers or takes the place of, flaws."""

    thread: str
    answered: Anchor | None
    superseded: Anchor | None
    findings: tuple[Finding, ...]


def thread_of(sender: str, id_: str) -> str:
    """Return the name of the thread that an envelope begins."""
    return f"{sender} {id_}"


def bind(
    naming: Naming, answered: Anchor | None, superseded: Anchor | None, *, is_ours: bool = False
) -> Bond:
    """Return how an envelope stands among those that it names; alone, it begins a thread."""
    before = answered or superseded
    found = (
        *_unknown("/irt", naming.irt, answered, is_ours=is_ours),
        *_unknown("/sup", naming.sup, superseded, is_ours=is_ours),
        *_types(naming.type, answered, superseded),
        *_not_own(naming.sender, superseded),
        *(_about(naming.type, naming.facts or _NO_FACTS, answered.facts) if answered else ()),
    )
    return Bond(
        thread=before.thread if before else thread_of(naming.sender, naming.id),
        answered=answered,
        superseded=superseded,
        findings=found,
    )


def demands(seen: Seen, secretariat: str, answered: Anchor | None) -> tuple[Demand, ...]:
    """Return the answers that a message makes others owe, us among them.

    `answered` is what it answers itself: a report with the comments annexed asks for none.
    """
    is_annexed = seen.type == REPORT and answered is not None and answered.type == COMMENTS
    return tuple(
        Demand(
            answer=owed.answer,
            by=owed.by,
            within_s=int(owed.rule.within.total_seconds()),
            after=owed.rule.after,
            until=owed.until,
            law=owed.rule.law,
            evidence=owed.rule.evidence,
            asked=seen.asked if owed.rule.by is Debtor.RECIPIENT else None,
        )
        for owed in owed_in([seen], secretariat)
        if not is_receipt(owed.answer) and not (is_annexed and owed.answer == COMMENTS)
    )


def _unknown(
    pointer: str, named: str | None, found: Anchor | None, *, is_ours: bool
) -> list[Finding]:
    if named is None or found is not None:
        return []
    return [
        Finding(
            rule="M1",
            severity=Severity.MUST_FIX if is_ours else Severity.INFORMATION,
            pointer=pointer,
            message="it names an envelope that is not here",
            expected="the id of an envelope between the party and the Secretariat",
            received=named,
            fix="Take the id from GET /v1/envelopes, or from what was sent.",
        )
    ]


def _types(type_: str, answered: Anchor | None, superseded: Anchor | None) -> tuple[Finding, ...]:
    try:
        if type_ in TABLE:
            check_reply(
                TABLE[type_],
                answered.type if answered else None,
                superseded.type if superseded else None,
            )
    except PlatformError as error:
        return findings_of(error, "/irt")
    return ()


def _not_own(sender: str, superseded: Anchor | None) -> list[Finding]:
    if superseded is None or superseded.sender == sender:
        return []
    return [_differs("/sup", f"an envelope of {sender}", f"one of {superseded.sender}")]


def _about(type_: str, said: MessageFacts, named: MessageFacts | None) -> Iterator[Finding]:
    """Yield where an answer speaks of something else than what it answers."""
    asked = named or _NO_FACTS
    name = "/inspection" if type_.startswith("inspection.") else "/request"
    if said.reference and asked.reference and said.reference != asked.reference:
        yield _differs(name, asked.reference, said.reference)
    if said.concerns and asked.concerns and said.concerns != asked.concerns:
        yield _differs("/concerns", _version(asked.concerns), _version(said.concerns))
    if type_ == COMMENTS and said.version and asked.version and said.version != asked.version:
        yield _differs("/report_version", str(asked.version), str(said.version))
    if said.numbers and asked.numbers:
        strange = sorted(set(said.numbers) - set(asked.numbers))
        if strange:
            yield _differs("/replies", _list(asked.numbers), _list(strange))
        left = sorted(set(asked.numbers) - set(said.numbers))
        if left:
            yield Finding(
                rule="M3",
                severity=Severity.INFORMATION,
                pointer="/replies",
                message="not all questions have a reply",
                expected=_list(asked.numbers),
                received=f"none to {_list(left)}",
                fix="Send the others in a further reply to the same request.",
            )


def _differs(pointer: str, expected: str, received: str) -> Finding:
    return Finding(
        rule="M2",
        severity=Severity.MUST_FIX,
        pointer=pointer,
        message="it is about something else than what it answers",
        expected=expected,
        received=received,
        fix="Answer with the numbers of the message that is answered.",
    )


def _version(concerns: tuple[str, int]) -> str:
    return f"{concerns[0]} version {concerns[1]}"


def _list(numbers: tuple[int, ...] | list[int]) -> str:
    return ", ".join(map(str, numbers))
