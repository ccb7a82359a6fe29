"""What officers send, and what they are shown of threads and of answers owed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, field_validator, model_validator

from sextant_shared.models.declaration.heading import Day, LongText, RuleId
from sextant_shared.models.envelope import Classification, EnvelopeId, PartyId
from sextant_shared.models.message_base import MAX_ITEMS, RequestNumber
from sextant_shared.models.messages import Pointer
from sextant_shared.models.strict import Strict

MAX_DEPTH = 6  # what a content is read with; models need four
MAX_DOCUMENT_CHARS = 1_900_000  # base64url; a JSON request has 2 MiB by default


class Asked(Strict):
    """One question about a place of a declaration.

    Without a `text`, the finding of the rule at that place is the question.
    """

    pointer: Pointer
    rule: RuleId | None = None
    text: LongText | None = None

    @model_validator(mode="after")
    def _something_is_asked(self) -> "Asked":
        if self.rule is None and self.text is None:
            raise ValueError("a question has a text, or the rule whose finding it is")
        return self


class About(Strict):
    """A clarification request in short: which declaration (its id here), which submission `n`.

    Recipient, answered envelope and content follow from it; without a `request` number the
    message's own id is one.
    """

    declaration: Annotated[str, Field(max_length=64)]
    n: Annotated[int, Field(ge=1)] | None = None
    request: RequestNumber | None = None
    questions: Annotated[list[Asked], Field(min_length=1, max_length=MAX_ITEMS)]
    answer_by: Day | None = None


class Document(Strict):
    """A content without a model, such as a scanned report: its content type, and base64url."""

    cty: Annotated[str, Field(pattern=r"^[a-z0-9.+/-]{3,127}$")]
    data: Annotated[str, Field(max_length=MAX_DOCUMENT_CHARS, pattern=r"^[A-Za-z0-9_-]*$")]


class MessageOrder(Strict):
    """A message to send to one party: a content of the type's model, a document, or questions.

    One party alone: a State does not learn from us whom else we ask. `class` is the service's
    usual one if it is not given.
    """

    model_config = ConfigDict(populate_by_name=True)

    type: Annotated[str, Field(max_length=64)]
    to: PartyId | None = None
    class_: Annotated[Classification | None, Field(alias="class", strict=False)] = None
    reply_to: EnvelopeId | None = None
    supersedes: EnvelopeId | None = None
    content: dict[str, object] | None = None
    document: Document | None = None
    about: About | None = None

    @model_validator(mode="after")
    def _one_content(self) -> "MessageOrder":
        given = [part for part in (self.content, self.document, self.about) if part is not None]
        if len(given) != 1:
            raise ValueError("one of content, document and about stands, and only one")
        if self.to is None and self.about is None:
            raise ValueError("a recipient stands in `to`, unless `about` names a declaration")
        return self

    @field_validator("content")
    @classmethod
    def _not_deep(cls, content: dict[str, object] | None) -> dict[str, object] | None:
        level: list[object] = [content]
        for _ in range(MAX_DEPTH):
            level = [inner for value in level for inner in _inside(value)]
        if level:
            raise ValueError(f"nothing is nested deeper than {MAX_DEPTH} levels")
        return content


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


class EnvelopeName(Strict):
    """An envelope: its sender and id."""

    sender: str
    id: str


class DueState(StrEnum):
    """Where an answer that is owed stands; overdue is open, and its time is over.

    Superseded: another message took the place of the one that asked for it.
    """

    OPEN = "open"
    OVERDUE = "overdue"
    ANSWERED = "answered"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFilter:
    """What the list is narrowed to: one debtor, one state; open ones include overdue ones."""

    by: str | None = None
    state: DueState = DueState.OPEN


class Due(Strict):
    """An answer that is owed for a message: which, by whom, until when, by which law.

    `until` is null while its clock has not started, which it
    does `after` something. `is_late` says that the answer came, or is coming, after its time.
    """

    message: EnvelopeName
    type: str
    thread: EnvelopeName
    answer: str
    by: str
    after: str
    until: str | None
    state: DueState
    is_late: bool
    answered_by: EnvelopeName | None
    answered: str | None
    law: str
    evidence: str


class DuePage(Strict):
    """What is owed, the most urgent first; `total` counts also what does not fit into the page."""

    now: str
    owed: list[Due]
    total: int


class ThreadMessage(Strict):
    """One envelope of a thread.

    `state` of one that came: opened, registered, returned, rejected, refused; of one of ours: owed
    (not with the exchange yet), deposited, or in custody. `accepted` and `custody` are time and
    place in the log.
    """

    sender: str
    id: str
    type: str
    to: list[str]
    irt: str | None
    sup: str | None
    state: str
    accepted: str | None
    custody: int | None
    reference: str | None
    findings: int


class ThreadView(Strict):
    """A thread in order, what is owed in it, and whether anything still is.

    `is_cut` says that there are more envelopes than are shown, the oldest.
    """

    thread: EnvelopeName
    is_open: bool
    is_cut: bool
    messages: list[ThreadMessage]
    owed: list[Due]


class MessageView(Strict):
    """A message that an officer sent.

    `message` stays; the envelope's `id` is another one once it was sealed anew, which happens only
    before the exchange took it.
    """

    message: str
    id: str
    type: str
    to: str
    thread: EnvelopeName
    state: str
    created: str
    accepted: str | None
    custody: int | None
    attempts: int
    last_error: str | None
    owed: list[Due]
