"""Reads a message that is no declaration: by its head, and by the model of its type.

Responsible for what one envelope shows by itself: the row of the catalogue that its head must keep
to, the model that its content must fit, and the few facts that bind it to others. Not responsible
for those others: whether it answers something, and rightly, is known to the register (`threads`).

The exchange refuses what does not keep to the catalogue. It is checked here once more, because
nothing here believes the exchange.
"""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from sextant_declarations.domain.contents import bounded
from sextant_declarations.domain.deliveries import (
    DECLARATION_CTY,
    Check,
    MessageCheck,
    MessageFacts,
    Pack,
)
from sextant_shared.clock import parse_timestamp
from sextant_shared.deadlines.timeliness import closes
from sextant_shared.encoding import canonical_json, parse_json, sha256
from sextant_shared.errors import Finding, PlatformError, Severity
from sextant_shared.models.envelope import Header
from sextant_shared.models.messages import MAX_MESSAGE_BYTES, MESSAGE_CTY, Message, read_message
from sextant_shared.protocol.message_types import TABLE
from sextant_shared.protocol.type_checks import check_header
from sextant_shared.rules import rule_pack_id


def carries_declaration(header: Header, cty: str) -> bool:
    """Return whether the content is to be read as a declaration: by its type and its form.

    `cty` is that of the message itself: of a package, what stands first in it.
    """
    type_ = TABLE.get(header.type)
    return cty == DECLARATION_CTY and type_ is not None and DECLARATION_CTY in type_.content_types


def with_head(check: Check, header: Header, secretariat: str) -> Check:
    """Return the check of a declaration with what is wrong with its envelope's head."""
    found = check_head(header, secretariat)
    return replace(check, findings=(*found, *check.findings)) if found else check


def check_head(header: Header, secretariat: str) -> tuple[Finding, ...]:
    """Return where the head does not keep to the catalogue."""
    try:
        check_header(header, secretariat)
    except PlatformError as error:
        return findings_of(error, "/type")
    return ()


def check_message(path: Path, header: Header, cty: str, secretariat: str) -> MessageCheck:
    """Return what is wrong with the message in the file at `path`, and its facts.

    A letter or a scan has no model: its head alone is checked then.
    """
    found = check_head(header, secretariat)
    pack = rule_pack_id()
    check = MessageCheck(
        facts=None, findings=found, pack=Pack(version=pack.version, digest=pack.digest)
    )
    if cty != MESSAGE_CTY or header.type not in TABLE:
        return check
    size = path.stat().st_size
    if size > MAX_MESSAGE_BYTES:
        return replace(check, findings=(*found, _too_large(size)))
    data = path.read_bytes()
    message, wrong = read_content(header.type, data)
    if message is None:
        return replace(check, findings=bounded((*found, *wrong)))
    return replace(
        check,
        facts=facts_of(message),
        canonical_digest=sha256(canonical_json(parse_json(data, max_bytes=MAX_MESSAGE_BYTES))),
    )


def read_content(type_: str, data: bytes) -> tuple[Message | None, tuple[Finding, ...]]:
    """Return the message, or None and every place where it does not fit the model of its type."""
    try:
        return read_message(type_, data), ()
    except PlatformError as error:
        return None, findings_of(error, "")


def facts_of(message: Message) -> MessageFacts:
    """Return what binds a message to others."""
    said = message.model_dump()
    concerns = said.get("concerns")
    ended, answer_by = said.get("ended"), said.get("answer_by")
    return MessageFacts(
        reference=said.get("request") or said.get("inspection"),
        concerns=(concerns["declaration_id"], concerns["version"]) if concerns else None,
        numbers=tuple(item["n"] for item in said.get("questions") or said.get("replies") or ()),
        version=said.get("version") or said.get("report_version"),
        ended=parse_timestamp(ended) if ended else None,
        asked=closes(answer_by) if isinstance(answer_by, dt.date) else None,
    )


def findings_of(error: PlatformError, pointer: str) -> tuple[Finding, ...]:
    """Return the findings of an error, or the error itself as one finding at `pointer`."""
    if error.findings:
        return error.findings
    return (
        Finding(
            rule="M0",
            severity=Severity.MUST_FIX,
            pointer=pointer,
            message=error.detail,
            expected=error.expected,
            received=error.received,
            fix=error.fix,
        ),
    )


def _too_large(size: int) -> Finding:
    return Finding(
        rule="M0",
        severity=Severity.MUST_FIX,
        pointer="",
        message="the message is larger than any is read",
        expected=f"at most {MAX_MESSAGE_BYTES} bytes",
        received=f"{size} bytes",
        fix="Send what is long as a document with a letter.",
    )
