"""Composes what an officer sends, from an order: recipient, content and everything wrong with it.

Pure over what was looked up. Not responsible for sealing and storing (`sending`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sextant_declarations.domain.deliveries import MessageFacts
from sextant_declarations.domain.exchanged import About, Asked, MessageOrder
from sextant_declarations.domain.messages import check_head, facts_of, read_content
from sextant_declarations.domain.reading import DeclarationSummary, VersionView
from sextant_declarations.domain.threads import REQUEST, Bond
from sextant_shared.encoding import b64u_decode, canonical_json
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.envelope import Header, Recipient
from sextant_shared.models.messages import MESSAGE_CTY
from sextant_shared.models.receipts import ReportedFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message before it is sealed; `facts` if its content has a model and fits it."""

    type: str
    to: str
    cty: str
    content: bytes
    irt: str | None
    sup: str | None
    facts: MessageFacts | None
    findings: tuple[Finding, ...]


def draft_of(order: MessageOrder, sender: str) -> Draft:
    """Return the draft of an order that holds its own content."""
    if order.document is not None:
        cty, content = order.document.cty, b64u_decode(order.document.data)
    else:
        cty, content = MESSAGE_CTY, canonical_json(order.content)
    return _drafted(order, sender, str(order.to), order.reply_to, cty, content)


def draft_about(
    order: MessageOrder,
    about: About,
    declared: tuple[DeclarationSummary, Sequence[VersionView]],
    sender: str,
    new_id: str,
) -> Draft:
    """Return the draft of a clarification request about a declaration.

    Raises:
        PlatformError: `E_NOT_FOUND` for a submission that there is none of, `E_MALFORMED` with a
            finding for each question that no finding answers to.
    """
    summary, versions = declared
    version = next((v for v in reversed(versions) if about.n in (None, v.n)), None)
    if version is None:
        raise PlatformError(
            Code.NOT_FOUND, f"the declaration has no submission {about.n}", fix="Read it first."
        )
    if order.type != REQUEST:
        raise _unfit(
            [_finding("/type", "questions about a declaration are sent as", REQUEST, order.type)]
        )
    questions: list[dict[str, object]] = []
    wrong: list[Finding] = []
    for position, asked in enumerate(about.questions):
        text = asked.text or _text_of(asked, version.findings)
        if text is None:
            place = f"/about/questions/{position}/rule"
            received = f"{asked.rule} at {asked.pointer or '/'}"
            wrong.append(_finding(place, "no such finding", "a finding of that version", received))
            continue
        question = {"n": position + 1, "pointer": asked.pointer, "text": text}
        questions.append(question | ({"rule": asked.rule} if asked.rule else {}))
    if wrong:
        raise _unfit(wrong)
    content = {
        "v": 1,
        "type": REQUEST,
        "request": about.request or new_id,
        "concerns": {"declaration_id": summary.declaration_id, "version": version.version},
        "questions": questions,
        **({"answer_by": about.answer_by.isoformat()} if about.answer_by else {}),
    }
    to = order.to or version.sender
    irt = order.reply_to or version.envelope
    return _drafted(order, sender, to, irt, MESSAGE_CTY, canonical_json(content))


def refuse(draft: Draft, bond: Bond) -> None:
    """Return when the draft may be sent.

    Raises:
        PlatformError: `E_MALFORMED`, with everything that is wrong with it.
    """
    found = (*draft.findings, *bond.findings)
    if any(finding.severity is Severity.MUST_FIX for finding in found):
        raise _unfit(found)


def _drafted(
    order: MessageOrder, sender: str, to: str, irt: str | None, cty: str, content: bytes
) -> Draft:
    # No header yet, but what the catalogue looks at: the keys are added when it is sealed.
    recipient: dict[str, Any] = {"party": to}
    head: dict[str, Any] = {
        "from_": sender,
        "to": [Recipient.model_construct(**recipient)],
        "type": order.type,
        "cty": cty,
        "irt": irt,
    }
    found = list(check_head(Header.model_construct(**head), sender))
    message = None
    if cty == MESSAGE_CTY and not any(finding.pointer == "/type" for finding in found):
        message, wrong = read_content(order.type, content)
        found += wrong
    return Draft(
        type=order.type,
        to=to,
        cty=cty,
        content=content,
        irt=irt,
        sup=order.supersedes,
        facts=facts_of(message) if message else None,
        findings=tuple(found),
    )


def _text_of(asked: Asked, findings: Sequence[ReportedFinding]) -> str | None:
    """Return the finding of the rule at the place, as a question."""
    for found in findings:
        if (found.rule, found.pointer) == (asked.rule, asked.pointer):
            parts = (
                found.message,
                f"Expected: {found.expected}" if found.expected else "",
                f"Received: {found.received}" if found.received else "",
            )
            return ". ".join(part for part in parts if part)
    return None


def _unfit(findings: Sequence[Finding]) -> PlatformError:
    first = next(found for found in findings if found.severity is Severity.MUST_FIX)
    return PlatformError(
        Code.MALFORMED,
        f"the message cannot be sent: {first.pointer or '/'}: {first.message}",
        expected=first.expected,
        received=first.received,
        fix="Correct every place that the findings name; nothing was sent.",
        findings=findings,
    )


def _finding(pointer: str, message: str, expected: str, received: str) -> Finding:
    return Finding(
        rule="M0",
        severity=Severity.MUST_FIX,
        pointer=pointer,
        message=message,
        expected=expected,
        received=received,
    )
