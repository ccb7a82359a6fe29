"""The generated pages of message types and of events."""

from pydantic import BaseModel

from sextant_shared.models.declaration.schema import member_texts
from sextant_shared.models.messages import MODELS
from sextant_shared.protocol.events import EVENTS, RECEIPTS, URI_PREFIX, EventName
from sextant_shared.protocol.message_types import TABLE, MessageType, Presence
from sextant_shared.protocol.owing import OwedRule, owed_rules

NOTE = "Generated from the code by `make docs-tables`; do not edit.\n"
_MESSAGES = """\
One catalogue says who sends which type of message to whom, and as what. The exchange refuses what
does not keep to it (`E_POLICY`, before the body is read); `sextant send` says so before it seals.
A sender may always keep a copy of its own. Urgent deliveries are leased and collected before all
others; numbers in a mailbox stay as they were. `irt` names the message that is answered and must
be one that the sender may see; `sup` names an earlier message of the same type that this one takes
the place of.

A type tells the exchange no more than it needs to route: an amendment, a withdrawal and a nil look
like any declaration ([0020](adr/0020-an-envelope-does-not-name-the-kind.md)). A notice of a
transfer whose other State is no party of the exchange goes to the Secretariat alone, as
`declaration.notification`.
"""
_OWED = """\
Times run from the receipt (the exchange accepted the message), or from the end of an inspection,
which stands inside the preliminary findings and the report: only their readers know it. A question
may ask for an earlier day. `sextant status` and `sextant thread` say what is still owed. The table
is data: `protocol/data/owed.csv`. Evidence: T the treaty's text, M memory, P our proposal.
"""

_EVENTS = f"""\
`sextant status ID` shows them with the names of ETSI EN 319 522, whose identifiers are
`{URI_PREFIX}` and the name (EN 319 522-3 V1.2.1, Table 2).
What the exchange refuses after the signatures held is an entry of the log, with its proof in the
problem document ([0048](adr/0048-a-refusal-is-evidence.md)); what the Secretariat refuses is told
in a signed receipt, and logged too.
"""


def messages_page() -> str:
    """Return the catalogue of types, what is owed, and the members of each message."""
    lines = ["# Messages", "", NOTE, *_MESSAGES.splitlines(), ""]
    lines += ["| type | what for | sent by | to | content | answers | law |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    lines += [_type_row(row) for row in TABLE.values()]
    lines += ["", "## What is owed", "", *_OWED.splitlines(), ""]
    lines += ["| for | answer | owed by | within | law | evidence | note |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    lines += [_owed_row(rule) for rule in owed_rules()]
    lines += ["", "## Members of each message", ""]
    lines += ["Contents of type `application/vnd.sextant.message+json`; each also has `v` (1)."]
    for name, model in MODELS.items():
        lines += ["", f"### `{name}`", "", (model.__doc__ or "").strip(), ""]
        lines += ["| member | what it is |", "| --- | --- |"]
        lines += _members(model)
    return "\n".join(lines) + "\n"


def events_page() -> str:
    """Return the table of events with their names in the standard."""
    lines = ["# Events of an envelope", "", NOTE, *_EVENTS.splitlines(), ""]
    lines += ["| our event | there | what happened |", "| --- | --- | --- |"]
    lines += [_event_row(row, row.name) for row in EVENTS.values()]
    lines += [_event_row(row, f"{row.name}, {verdict}") for (_, verdict), row in RECEIPTS.items()]
    return "\n".join(lines) + "\n"


def _type_row(row: MessageType) -> str:
    answers = ", ".join(f"`{name}`" for name in sorted(row.replies_to)) or "any"
    how = {Presence.MUST: answers, Presence.MAY: f"{answers}, or none", Presence.NO: "none"}
    content = ", ".join(
        f"`{name.removeprefix('application/')}`" for name in sorted(row.content_types)
    )
    name = f"`{row.name}` **{row.priority}**" if row.priority == "urgent" else f"`{row.name}`"
    cells = (name, row.meaning, row.sender, row.reach.in_words, content, how[row.irt], row.law)
    return f"| {' | '.join(cells)} |"


def _owed_row(rule: OwedRule) -> str:
    ends = (
        f"`{rule.type}`",
        f"`{rule.answer}`",
        f"the {rule.by}".replace("secretariat", "Secretariat"),
    )
    cells = (*ends, rule.in_words, rule.law, rule.evidence, rule.note)
    return f"| {' | '.join(cells)} |"


def _event_row(row: EventName, name: str) -> str:
    return f"| `{name}` | {row.etsi or 'none'} | {row.meaning} |"


def _members(model: type[BaseModel]) -> list[str]:
    texts = member_texts(model)
    return [
        f"| `{name}`{'' if field.is_required() else ' (optional)'} | {texts[name]} |"
        for name, field in model.model_fields.items()
        if name not in {"v", "type"}
    ]
