"""The closed catalogue of message types: who sends what to whom, as what, in answer to what.

One frozen table; `protocol.type_checks` holds headers against it, at the exchange when it accepts
an envelope and at clients before they seal. A type is coarse on purpose: the exchange reads it, so
it tells no more than routing and priority need (ADR 0020). What is owed for a message, and until
when: `protocol.owing`.

Not responsible for keys, signatures and classes: those are checked whatever the type.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from sextant_shared.encoding import canonical_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import MAX_RECIPIENTS
from sextant_shared.models.exchange import Priority
from sextant_shared.models.messages import MESSAGE_CTY
from sextant_shared.models.package import PACKAGE_CTY
from sextant_shared.models.receipts import OPENED_TYPE, OUTCOME_TYPE, RECEIPT_CTY

DECLARATION_CTY = "application/vnd.sextant.declaration+json"
DEFAULT_SECRETARIAT = "SEC"
_PDF, _PLAIN = "application/pdf", "text/plain"
_BYTES, _JSON = "application/octet-stream", "application/json"


class Side(StrEnum):
    """Who may send a type."""

    SECRETARIAT = "the Secretariat"
    AUTHORITY = "a National Authority"
    EITHER = "either"


class Presence(StrEnum):
    """Whether something must, may or must not stand in a header."""

    MUST = "must"
    MAY = "may"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Reach:
    """Who receives a type, the sender itself not counted: it may always keep a copy.

    `authorities` is how many National Authorities there are at least and at most. Somebody else
    than the sender receives it in every case.
    """

    secretariat: Presence
    authorities: tuple[int, int]

    @property
    def in_words(self) -> str:
        """The rule as people read it."""
        at_least, at_most = self.authorities
        from_to = f"{at_least} to" if at_least else "up to"
        many = {0: "", 1: "one National Authority"}.get(
            at_most, f"{from_to} {at_most} National Authorities"
        )
        if self.secretariat is Presence.MAY:
            return f"{many}, the Secretariat too if wanted"
        required = "the Secretariat" if self.secretariat is Presence.MUST else ""
        return " and ".join(part for part in (required, many) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageType:
    """One type of the catalogue.

    `replies_to` are the types that `irt` may name, empty for any; `law` is where it comes from.
    """

    name: str
    meaning: str
    law: str
    sender: Side
    reach: Reach
    content_types: frozenset[str]
    priority: Priority = Priority.NORMAL
    irt: Presence = Presence.NO
    replies_to: frozenset[str] = frozenset()


TO_SECRETARIAT = Reach(Presence.MUST, (0, 0))
TO_ONE = Reach(Presence.NO, (1, 1))
TO_BOTH = Reach(Presence.MUST, (1, 1))
TO_MANY = Reach(Presence.MAY, (0, MAX_RECIPIENTS))

_BY_MACHINE = frozenset({"prematch.request", "prematch.reply"})
_DECLARATIONS = frozenset(
    {"declaration.initial", "declaration.annual", "declaration.notification", "transfer.notice"}
)
_ROWS = (
    MessageType(
        name="declaration.initial",
        meaning="a declaration made once, at entry into force or at the start of something",
        law="III, VI",
        sender=Side.AUTHORITY,
        reach=TO_SECRETARIAT,
        content_types=frozenset({DECLARATION_CTY}),
        irt=Presence.MAY,
        replies_to=frozenset({"clarification.request"}),
    ),
    MessageType(
        name="declaration.annual",
        meaning="a declaration for a year",
        law="VI",
        sender=Side.AUTHORITY,
        reach=TO_SECRETARIAT,
        content_types=frozenset({DECLARATION_CTY}),
        irt=Presence.MAY,
        replies_to=frozenset({"clarification.request"}),
    ),
    MessageType(
        name="declaration.notification",
        meaning="a declaration because of an event; amendments and withdrawals too",
        law="III to VI",
        sender=Side.AUTHORITY,
        reach=TO_SECRETARIAT,
        content_types=frozenset({DECLARATION_CTY}),
        irt=Presence.MAY,
        replies_to=frozenset({"clarification.request", "inspection.report"}),
    ),
    MessageType(
        name="transfer.notice",
        meaning="notice of a transfer of Schedule 1 chemicals",
        law="VI.5",
        sender=Side.AUTHORITY,
        reach=TO_BOTH,
        content_types=frozenset({DECLARATION_CTY}),
        priority=Priority.URGENT,
        irt=Presence.MAY,
        replies_to=frozenset({"transfer.notice", "clarification.request"}),
    ),
    MessageType(
        name=OPENED_TYPE,
        meaning="the Secretariat opened an envelope, or could not",
        law="VIII(40)",
        sender=Side.SECRETARIAT,
        reach=TO_ONE,
        content_types=frozenset({RECEIPT_CTY}),
        irt=Presence.MUST,
    ),
    MessageType(
        name=OUTCOME_TYPE,
        meaning="what became of a content: registered, returned or rejected, with findings",
        law="VIII(40)",
        sender=Side.SECRETARIAT,
        reach=TO_ONE,
        content_types=frozenset({RECEIPT_CTY}),
        irt=Presence.MUST,
    ),
    MessageType(
        name="clarification.request",
        meaning="questions about a declaration",
        law="VIII(40)",
        sender=Side.SECRETARIAT,
        reach=TO_ONE,
        content_types=frozenset({MESSAGE_CTY}),
        irt=Presence.MAY,  # a declaration may have come on paper
        replies_to=_DECLARATIONS | {"clarification.reply", "inspection.comments"},
    ),
    MessageType(
        name="clarification.reply",
        meaning="the reply to such questions",
        law="VIII(40)",
        sender=Side.AUTHORITY,
        reach=TO_SECRETARIAT,
        content_types=frozenset({MESSAGE_CTY, DECLARATION_CTY}),
        irt=Presence.MAY,  # so may the request: its number stands in the content
        replies_to=frozenset({"clarification.request"}),
    ),
    MessageType(
        name="prematch.request",
        meaning="a State asks whether rows of a declaration fit its partners', before the cut-off",
        law="VI, VII",
        sender=Side.AUTHORITY,
        reach=TO_SECRETARIAT,
        content_types=frozenset({MESSAGE_CTY}),
    ),
    MessageType(
        name="prematch.reply",
        meaning="whether each row agrees, differs, or its partner is silent: no figure",
        law="VI, VII",
        sender=Side.SECRETARIAT,
        reach=TO_ONE,
        content_types=frozenset({MESSAGE_CTY}),
        irt=Presence.MUST,
        replies_to=frozenset({"prematch.request"}),
    ),
    MessageType(
        name="inspection.notification",
        meaning="notice of an inspection",
        law="II.31-32",
        sender=Side.SECRETARIAT,
        reach=TO_ONE,
        content_types=frozenset({MESSAGE_CTY}),
        priority=Priority.URGENT,
    ),
    MessageType(
        name="inspection.acknowledgement",
        meaning="acknowledges such a notice, or takes notice of preliminary findings",
        law="II.33, II.60",
        sender=Side.AUTHORITY,
        reach=TO_SECRETARIAT,
        content_types=frozenset({MESSAGE_CTY}),
        priority=Priority.URGENT,
        irt=Presence.MUST,
        replies_to=frozenset({"inspection.notification", "inspection.preliminary-findings"}),
    ),
    MessageType(
        name="inspection.preliminary-findings",
        meaning="the findings handed over at the debriefing",
        law="II.60",
        sender=Side.SECRETARIAT,
        reach=TO_ONE,
        content_types=frozenset({MESSAGE_CTY, _PDF}),
        irt=Presence.MUST,
        replies_to=frozenset({"inspection.notification"}),
    ),
    MessageType(
        name="inspection.report",
        meaning="the inspectors' report, and once more with the State's comments annexed",
        law="II.62-63",
        sender=Side.SECRETARIAT,
        reach=TO_ONE,
        content_types=frozenset({MESSAGE_CTY, _PDF}),
        irt=Presence.MUST,
        replies_to=frozenset({"inspection.notification", "inspection.comments"}),
    ),
    MessageType(
        name="inspection.comments",
        meaning="the inspected State's comments on a report",
        law="II.63",
        sender=Side.AUTHORITY,
        reach=TO_SECRETARIAT,
        content_types=frozenset({MESSAGE_CTY, _PDF}),
        irt=Presence.MUST,
        replies_to=frozenset({"inspection.report"}),
    ),
    MessageType(
        name="assistance.request",
        meaning="a request for assistance; other States may be told at once",
        law="X.8",
        sender=Side.AUTHORITY,
        reach=Reach(Presence.MUST, (0, MAX_RECIPIENTS)),
        content_types=frozenset({MESSAGE_CTY}),
        priority=Priority.URGENT,
    ),
    MessageType(
        name="assistance.reply",
        meaning="what was set in motion on such a request",
        law="X.9",
        sender=Side.EITHER,
        reach=Reach(Presence.MAY, (1, MAX_RECIPIENTS)),
        content_types=frozenset({MESSAGE_CTY}),
        priority=Priority.URGENT,
        irt=Presence.MUST,
        replies_to=frozenset({"assistance.request"}),
    ),
    MessageType(
        name="consultation.request",
        meaning="a State asks another to clarify a doubt about compliance",
        law="IX.2",
        sender=Side.AUTHORITY,
        reach=Reach(Presence.MAY, (1, 1)),
        content_types=frozenset({MESSAGE_CTY}),
        priority=Priority.URGENT,
        irt=Presence.MAY,
        replies_to=frozenset({"consultation.reply"}),
    ),
    MessageType(
        name="consultation.reply",
        meaning="the information that answers it",
        law="IX.2",
        sender=Side.AUTHORITY,
        reach=Reach(Presence.MAY, (1, 1)),
        content_types=frozenset({MESSAGE_CTY, _PDF}),
        irt=Presence.MUST,
        replies_to=frozenset({"consultation.request"}),
    ),
    MessageType(
        name="correspondence",
        meaning="anything else, to one party or to many",
        law="VII.4",
        sender=Side.EITHER,
        reach=TO_MANY,
        content_types=frozenset({MESSAGE_CTY, _PDF, _PLAIN, _JSON, _BYTES}),
        irt=Presence.MAY,
    ),
)


def _with_packages(row: MessageType) -> MessageType:
    """Let documents travel along with every message that people read."""
    if RECEIPT_CTY in row.content_types or row.name in _BY_MACHINE:
        return row
    return replace(row, content_types=row.content_types | {PACKAGE_CTY})


TABLE: Mapping[str, MessageType] = {row.name: _with_packages(row) for row in _ROWS}
CONTENT_TYPES = frozenset().union(*(row.content_types for row in TABLE.values()))


def table_digest() -> bytes:
    """Return SHA-256 of the table: the log says when another one is in force."""
    rows = [{name: _plain(value) for name, value in asdict(row).items()} for row in TABLE.values()]
    return sha256(canonical_json({"types": rows}))


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return str(value)


def find_type(name: str) -> MessageType:
    """Return a type of the catalogue.

    Raises:
        PlatformError: `E_POLICY` for an unknown one.
    """
    found = TABLE.get(name)
    if found is None:
        raise PlatformError(
            Code.POLICY,
            "no such type of message",
            expected=", ".join(TABLE),
            received=name[:64],
            fix="Take one of the catalogue; docs/messages.md says what each is for.",
        )
    return found
