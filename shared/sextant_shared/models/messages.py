"""What travels beside declarations and receipts: requests, replies, notices, reports, letters.

Responsible for the shapes of contents with `MESSAGE_CTY`, one model for each type of message, told
apart by `type`. Who may send which type to whom, what it must answer and what is owed for it:
`sextant_shared.protocol.message_types` and `protocol.owing`. Declarations have their own models.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, model_validator

from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.declaration.filing import FilingRef
from sextant_shared.models.declaration.heading import Day, LongText, RuleId, Text
from sextant_shared.models.envelope import EnvelopeId, Instant
from sextant_shared.models.message_base import (
    MAX_ITEMS,
    MessageBase,
    Number,
    Numbered,
    OnceEach,
    RequestNumber,
)
from sextant_shared.models.prematch import PrematchReply, PrematchRequest
from sextant_shared.models.strict import Strict, read_model

MESSAGE_CTY = "application/vnd.sextant.message+json"
MAX_MESSAGE_BYTES = 4 << 20

InspectionNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./_-]{2,63}$")]
Pointer = Annotated[str, Field(max_length=500, pattern=r"^(/([^~/]|~[01])*)*$")]


class Question(Numbered):
    """One question about one place of a declaration."""

    pointer: Pointer
    """The place, as a JSON pointer (RFC 6901); empty for the declaration as a whole."""
    rule: RuleId | None = None
    """The rule that does not hold there; null where no rule asks."""
    text: LongText
    """What is unclear."""


class Reply(Numbered):
    """The reply to the question of the same number."""

    text: LongText
    """The reply."""


class Paragraph(Numbered):
    """One numbered paragraph of findings or facts."""

    text: LongText
    """What was found."""


class Sample(Numbered):
    """One sample that was taken."""

    mark: Text
    """The mark on its container."""
    description: Text
    """What it is, and where it was taken."""


class CopyTaken(Numbered):
    """One copy of a document that was taken."""

    title: Text
    """What it is a copy of."""
    pages: Annotated[int, Field(ge=1, le=100_000)]
    """Its number of pages."""


class Issue(Numbered):
    """A place of a declaration that the inspection found wrong: an amendment is asked for."""

    concerns: FilingRef
    """The declaration."""
    pointer: Pointer
    """The place in it."""
    text: LongText
    """What was found instead."""


class Site(Strict):
    """The site that is inspected."""

    name: Text
    """Its name."""
    code: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9*_-]{0,31}$")] | None = None
    """Its code, where it was declared under one."""


class TeamMember(Strict):
    """One member of the inspection team."""

    name: Text
    """Name, as on the list of designated inspectors."""
    function: Literal["team-leader", "inspector", "inspection-assistant"]
    """Function in the team."""


class Aircraft(Strict):
    """Whether the team's aircraft needs a clearance, and what to clear."""

    clearance: Literal["needed", "not-applicable"]
    """Whether a clearance is needed; not applicable to a team that comes otherwise."""
    details: LongText | None = None
    """Type, call sign, route and times of the aircraft."""

    @model_validator(mode="after")
    def _details_fit(self) -> Self:
        if (self.clearance == "needed") != (self.details is not None):
            raise ValueError("details stand if and only if a clearance is needed")
        return self


class ClarificationRequest(MessageBase):
    """Asks a State about one version of a declaration, question by question (Article VIII(40))."""

    type: Literal["clarification.request"]
    request: RequestNumber
    """The Secretariat's number of this request."""
    concerns: FilingRef
    """The declaration and version that is asked about."""
    questions: Annotated[list[Question], Field(min_length=1, max_length=MAX_ITEMS), OnceEach]
    """The questions."""
    answer_by: Day | None = None
    """The day by which a reply is asked for, if earlier than the policy's."""


class ClarificationReply(MessageBase):
    """Replies to a request for clarification, number by number."""

    type: Literal["clarification.reply"]
    request: RequestNumber
    """The number of the request."""
    concerns: FilingRef
    """The declaration and version that was asked about."""
    replies: Annotated[list[Reply], Field(min_length=1, max_length=MAX_ITEMS), OnceEach]
    """The replies; their numbers are those of the questions."""
    amended_by: FilingRef | None = None
    """The amendment that was sent for it, if there is one."""


class InspectionNotification(MessageBase):
    """Tells a State of an inspection before the team arrives (II.31-32)."""

    type: Literal["inspection.notification"]
    inspection: InspectionNumber
    """The number of the inspection, by which all that follows refers to it."""
    kind: Literal["initial", "routine", "challenge", "alleged-use"]
    """The type of inspection. [II.32]"""
    point_of_entry: Text
    """Where the team enters. [II.32]"""
    arrival: Instant
    """Date and estimated time of arrival at the point of entry, UTC. [II.32]"""
    means_of_arrival: Text
    """How the team comes. [II.32]"""
    site: Site
    """The site to be inspected. [II.32]"""
    team: Annotated[list[TeamMember], Field(min_length=1, max_length=MAX_ITEMS)]
    """The inspectors and assistants. [II.32]"""
    aircraft: Aircraft
    """Clearance for a special flight. [II.32]"""
    note: LongText | None = None
    """Anything else."""


class InspectionAcknowledgement(MessageBase):
    """Acknowledges a notification [II.33], or takes notice of preliminary findings [II.60]."""

    type: Literal["inspection.acknowledgement"]
    inspection: InspectionNumber
    """The number of the inspection."""
    received: Instant
    """When the message was received, UTC."""
    by: Text
    """The office or function that acknowledges, or countersigns."""
    note: LongText | None = None
    """Anything else, such as a remark on the arrival."""


class PreliminaryFindings(MessageBase):
    """The findings handed over at the debriefing (II.60)."""

    type: Literal["inspection.preliminary-findings"]
    inspection: InspectionNumber
    """The number of the inspection."""
    ended: Instant
    """When the inspection ended, UTC: the clocks of the reports run from here."""
    findings: Annotated[list[Paragraph], Field(min_length=1, max_length=MAX_ITEMS), OnceEach]
    """The findings."""
    samples: Annotated[list[Sample], Field(max_length=MAX_ITEMS), OnceEach]
    """The samples taken; empty: none were."""
    copies: Annotated[list[CopyTaken], Field(max_length=MAX_ITEMS), OnceEach]
    """The copies of documents taken; empty: none were."""
    team_leader: Text
    """Who signed for the team."""


class InspectionReport(MessageBase):
    """The factual report, and once more with the State's comments annexed (II.62-63)."""

    type: Literal["inspection.report"]
    inspection: InspectionNumber
    """The number of the inspection."""
    version: Annotated[int, Field(ge=1, le=99)]
    """1 for the inspectors' report; the next one has the State's comments annexed."""
    ended: Instant
    """When the inspection ended, UTC."""
    site: Site
    """The site."""
    facts: Annotated[list[Paragraph], Field(min_length=1, max_length=MAX_ITEMS), OnceEach]
    """Only what is relevant to compliance. [II.62]"""
    uncertainties: Annotated[list[Paragraph], Field(max_length=MAX_ITEMS), OnceEach]
    """What stayed uncertain; empty: nothing did. [II.64]"""
    issues: Annotated[list[Issue], Field(max_length=MAX_ITEMS), OnceEach]
    """Declarations found wrong; empty: none were."""
    comments: EnvelopeId | None = None
    """The envelope of the comments that are annexed."""

    @model_validator(mode="after")
    def _comments_fit(self) -> Self:
        if (self.version > 1) != (self.comments is not None):
            raise ValueError("comments are annexed from version 2 on, and only then")
        return self


class Comment(Numbered):
    """One comment on a report."""

    paragraph: Number | None = None
    """The paragraph it is on; null: on the report as a whole."""
    text: LongText
    """The comment."""


class InspectionComments(MessageBase):
    """The inspected State's written comments, to be annexed to the report (II.63)."""

    type: Literal["inspection.comments"]
    inspection: InspectionNumber
    """The number of the inspection."""
    report_version: Annotated[int, Field(ge=1, le=99)]
    """The version of the report that is commented."""
    comments: Annotated[list[Comment], Field(max_length=MAX_ITEMS), OnceEach]
    """The comments; empty: the State has none."""


class AssistanceRequest(MessageBase):
    """Asks for assistance against the use, or threat of use, of chemical weapons (X.8)."""

    type: Literal["assistance.request"]
    ground: Literal[
        "chemical-weapons-used", "riot-control-agents-used", "threatened-by-prohibited-acts"
    ]
    """On which of the three grounds. [X.8]"""
    circumstances: LongText
    """What happened: when, where, which chemicals as far as known, with what effect."""
    needed: Annotated[list[Text], Field(min_length=1, max_length=MAX_ITEMS)]
    """The assistance that is needed."""
    contact: Text
    """Where to reach the authority at any hour; a function, not a person."""


class AssistanceReply(MessageBase):
    """What was set in motion on a request for assistance (X.9)."""

    type: Literal["assistance.reply"]
    text: LongText
    """The reply."""
    measures: Annotated[list[Text], Field(max_length=MAX_ITEMS)]
    """What was begun or sent; empty: nothing yet."""


class ConsultationRequest(MessageBase):
    """Asks another State to clarify a doubt about compliance (IX.2)."""

    type: Literal["consultation.request"]
    matter: Text
    """The matter, in a line."""
    doubt: LongText
    """The doubt or concern, and what it rests on."""


class ConsultationReply(MessageBase):
    """Information that answers the doubt, and how it resolves the matter (IX.2)."""

    type: Literal["consultation.reply"]
    information: LongText
    """The information."""
    explanation: LongText
    """How it resolves the matter."""


class Correspondence(MessageBase):
    """A letter that is none of the other types."""

    type: Literal["correspondence"]
    subject: Text
    """What it is about."""
    text: LongText
    """The letter."""


Message = (
    ClarificationRequest
    | ClarificationReply
    | PrematchRequest
    | PrematchReply
    | InspectionNotification
    | InspectionAcknowledgement
    | PreliminaryFindings
    | InspectionReport
    | InspectionComments
    | AssistanceRequest
    | AssistanceReply
    | ConsultationRequest
    | ConsultationReply
    | Correspondence
)
MODELS: Mapping[str, type[Message]] = {
    get_args(model.model_fields["type"].annotation)[0]: model for model in get_args(Message)
}
"""The model of each type that has one."""


def read_message(type_: str, data: bytes, *, code: Code = Code.MALFORMED) -> Message:
    """Return the message of this type.

    Raises:
        PlatformError: `code`, with one finding for each place that does not fit; `E_MALFORMED` for
            bytes that are no JSON of ours.
    """
    model = MODELS.get(type_)
    if model is None:
        raise PlatformError(
            code,
            "no message of this type has a model",
            expected=", ".join(MODELS),
            received=type_[:64],
        )
    document = parse_json(data, max_bytes=MAX_MESSAGE_BYTES)
    problems = _type_differs(type_, document)
    if problems:
        raise PlatformError(
            code,
            problems[0].message,
            expected=type_,
            received=problems[0].received,
            fix="Send it as the type that it says it is, or write the right one into it.",
            findings=problems,
        )
    return read_model(model, document, code=code)


def _type_differs(type_: str, document: Any) -> list[Finding]:
    stated = document.get("type") if isinstance(document, dict) else None
    if stated is None or stated == type_:
        return []  # a missing member is told with all that does not fit
    return [
        Finding(
            rule="S0",
            severity=Severity.MUST_FIX,
            pointer="/type",
            message="the content says that it is of another type than its envelope",
            expected=type_,
            received=str(stated)[:64],
        )
    ]
