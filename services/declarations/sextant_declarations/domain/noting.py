"""Plans how the envelopes of a batch are filed among others: bound, judged, noted.

Pure functions over what was examined and what is known; `registration` plans the rest and stores.
"""

from collections.abc import Sequence

from sextant_declarations.domain.deliveries import Content, Examined, MessageCheck, MessageFacts
from sextant_declarations.domain.records import Noted, Submission
from sextant_declarations.domain.register import Verdict
from sextant_declarations.domain.threads import (
    Anchor,
    Bond,
    Known,
    Naming,
    bind,
    demands,
    thread_of,
)
from sextant_shared.clock import parse_timestamp
from sextant_shared.errors import Severity
from sextant_shared.models.receipts import OutcomeVerdict
from sextant_shared.protocol.owing import Seen

Named = set[tuple[str, str]]


def named_by(batch: Sequence[Submission]) -> tuple[Named, Named]:
    """Return what the envelopes of a batch name: (sender, id), and (sender, request number)."""
    ids: Named = set()
    references: Named = set()
    for submission in batch:
        examined = submission.examined
        if examined.head and isinstance(examined.result, Content):
            named = (examined.head.irt, examined.head.sup)
            ids |= {(examined.sender, id_) for id_ in named if id_}
            facts = _facts_of(examined)
            if facts and facts.reference:
                references.add((examined.sender, facts.reference))
    return ids, references


def bond_of(submission: Submission, known: Known) -> Bond:
    """Return how an opened envelope stands among those that it names."""
    examined = submission.examined
    head, facts = examined.head, _facts_of(examined)
    if head is None:
        alone = thread_of(examined.sender, examined.id)
        return Bond(thread=alone, answered=None, superseded=None, findings=())
    answered = known.answered(examined.sender, head.irt, submission.type, facts)
    superseded = known.by_id.get((examined.sender, head.sup)) if head.sup else None
    naming = Naming(
        sender=examined.sender,
        id=examined.id,
        type=submission.type,
        irt=head.irt,
        sup=head.sup,
        facts=facts,
    )
    return bind(naming, answered, superseded)


def judge_message(submission: Submission, bond: Bond) -> Verdict | None:
    """Return that a message is returned and why; None for one that is taken."""
    message = _message(submission.examined)
    found = (*(message.findings if message else ()), *bond.findings)
    if not any(finding.severity is Severity.MUST_FIX for finding in found):
        return None
    return Verdict(outcome=OutcomeVerdict.RETURNED, findings=found)


def note(
    submission: Submission, bond: Bond, known: Known, secretariat: str, *, is_taken: bool
) -> Noted:
    """Return how an opened envelope is filed, and let the next ones of the batch name it.

    What is returned answers nothing and asks for nothing.
    """
    examined = submission.examined
    facts = _facts_of(examined)
    if not is_taken:
        return Noted(thread=bond.thread, facts=facts)
    recipients = examined.head.to if examined.head else ()
    anchor = Anchor(
        sender=examined.sender,
        id=examined.id,
        type=submission.type,
        thread=bond.thread,
        facts=facts,
    )
    for party in {examined.sender, *recipients}:
        known.by_id.setdefault((party, examined.id), anchor)
    seen = Seen(
        sender=examined.sender,
        id=examined.id,
        type=submission.type,
        recipients=recipients,
        accepted=parse_timestamp(examined.custody.t),
        ended=facts.ended if facts else None,
        asked=facts.asked if facts else None,
    )
    answered, superseded = bond.answered, bond.superseded
    return Noted(
        thread=bond.thread,
        facts=facts,
        findings=bond.findings,
        answers=(answered.sender, answered.id) if answered else None,
        supersedes=superseded.id if superseded else None,
        demands=demands(seen, secretariat, answered),
    )


def _message(examined: Examined) -> MessageCheck | None:
    result = examined.result
    return result.message if isinstance(result, Content) else None


def _facts_of(examined: Examined) -> MessageFacts | None:
    message = _message(examined)
    return message.facts if message else None
