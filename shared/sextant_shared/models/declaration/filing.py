"""What a State says about its own filings: nil, amendment, withdrawal, late notice, reply."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from sextant_shared.models.declaration.heading import (
    About,
    CauseCode,
    Code,
    Day,
    DeclarationId,
    EventBase,
    Files,
    LongText,
    ReasonCode,
    YearlyBase,
)
from sextant_shared.models.strict import Deferred

Scope = Literal["S1", "S2", "S3", "OCPF", "AND_S2", "AND_S3", "X4"]


class Nil(YearlyBase):
    """Nil declaration.

    Closes what would else be expected; the treaty asks for no annual nil, practice welcomes it.
    Article VI(7) makes the initial declaration a duty also where there is nothing to declare.
    """

    about: ClassVar[About] = About("VI(7)-(8)", "past")

    kind: Literal["NIL"]
    scope: Annotated[list[Scope], Field(min_length=1, max_length=7)]
    """For what there is nothing to declare. [VI(7)-(8)]"""

    @property
    def is_nil(self) -> bool:
        """True."""
        return True


class FilingRef(Deferred):
    """Names one version of a declaration of the same State."""

    declaration_id: DeclarationId
    """Its number."""
    version: Annotated[int, Field(ge=1)]
    """Its version."""


class Change(Deferred):
    """One changed place of a declaration; an absent member is null."""

    pointer: Annotated[str, Field(max_length=500, pattern=r"^(/([^~/]|~[01])*)+$")]
    """Where: an RFC 6901 JSON pointer."""
    old: JsonValue
    """What stood there; null if nothing did."""
    new: JsonValue
    """What stands there now; null if it was removed."""
    reason: ReasonCode
    """Why, from the list of amendment reasons."""


class Amendment(EventBase):
    """Amendment of a declaration.

    It lists the changed places; the declaration it amends stays as it was, and the effective data
    are the fold of all versions. `event_date` is the day on which the error was found.
    """

    about: ClassVar[About] = About("VI(8)", "event")

    kind: Literal["AMENDMENT"]
    amends: FilingRef
    """The version that is amended; the new version is one more."""
    changes: Annotated[list[Change], Field(min_length=1, max_length=10_000)]
    """The changed places."""
    reference: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    """The clarification request or transfer case that led to it, if one did."""


class Withdrawal(EventBase):
    """Withdrawal of a declaration, or of a site from the lists: a change of status, no deletion."""

    about: ClassVar[About] = About("VI(8)", "event")

    kind: Literal["WITHDRAWAL"]
    withdraws: FilingRef
    """The version that no longer holds."""
    site_code: Code | None = None
    """Only this site of it, if not the whole."""
    reason: ReasonCode
    """Why, from the list of amendment reasons."""


class LateNotice(EventBase):
    """Notice that a declaration will be late.

    EC-51/DEC.1 asks to say why and when. `event_date` is the day on which it was due.
    """

    about: ClassVar[About] = About("EC-51/DEC.1", "event")

    kind: Literal["LATE_NOTICE"]
    late_kind: Annotated[str, Field(pattern=r"^[A-Z0-9_]{3,40}$")]
    """The kind of declaration that will be late."""
    late_year: Annotated[int, Field(ge=1900, le=2200)]
    """The year that it reports on."""
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    """Why it will be late."""
    expected_date: Day
    """When it will be sent."""


class ClarificationReply(EventBase):
    """Reply to a request for clarification; `event_date` is the day of the request."""

    about: ClassVar[About] = About("VIII(40)", "event")

    kind: Literal["CLARIFICATION_REPLY"]
    request: Annotated[str, Field(min_length=1, max_length=120)]
    """The number of the request."""
    concerns: Annotated[list[FilingRef], Field(min_length=1, max_length=50)]
    """The declarations it is about."""
    cause: CauseCode | None = None
    """Cause, from the list of causes, where the request was about a transfer."""
    answer: LongText
    """The answer."""
    amendments: Annotated[list[FilingRef], Field(max_length=50)] = Field(default_factory=list)
    """Amendments sent with it."""
    evidence: Files = Field(default_factory=list)
    """Attached evidence."""
