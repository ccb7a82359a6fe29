"""What every declaration carries, and how files and contacts are named."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from sextant_shared.models.strict import Deferred

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _read_day(value: Any) -> Any:
    """Accept one spelling of a day; what is no string is left to the strict type."""
    if not isinstance(value, str):
        return value
    if not _DAY.fullmatch(value):
        raise ValueError("a day is written YYYY-MM-DD")
    return dt.date.fromisoformat(value)


@dataclass(frozen=True, slots=True)
class ListedIn:
    """Marks a member as a code of a code list: rules look it up there, workbooks offer the list.

    `regime` narrows the list to the codes of one regime, as the ranges of Schedule 3.
    """

    codelist: str
    regime: str = ""

    def __get_pydantic_json_schema__(
        self, inner: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schema of the marked member, with the list that its code is of."""
        named = f"{self.codelist}/{self.regime}" if self.regime else self.codelist
        return {**handler(inner), "x-sextant-codelist": named}


Text = Annotated[str, Field(min_length=1, max_length=300)]
LongText = Annotated[str, Field(min_length=1, max_length=20_000)]
Code = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9*_-]{0,31}$")]
StateCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), ListedIn("states")]
ActivityCode = Annotated[Code, ListedIn("activities")]
PurposeCode = Annotated[Code, ListedIn("purposes")]
ProductGroup = Annotated[Code, ListedIn("product_groups")]
ReasonCode = Annotated[Code, ListedIn("amendment_reasons")]
CauseCode = Annotated[Code, ListedIn("transfer_causes")]
S3Range = Annotated[Code, ListedIn("ranges", "S3")]
DocRange = Annotated[Code, ListedIn("ranges", "DOC")]
PsfRange = Annotated[Code, ListedIn("ranges", "PSF")]
RuleId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,7}(-[0-9]{1,3})?$")]
Year = Annotated[int, Field(ge=1900, le=2200)]
Day = Annotated[dt.date, BeforeValidator(_read_day)]
DeclarationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$")]
Classification = Literal[
    "UNCLASSIFIED", "OPCW_RESTRICTED", "OPCW_PROTECTED", "OPCW_HIGHLY_PROTECTED"
]
Language = Literal["ar", "zh", "en", "fr", "ru", "es"]
Period = Literal["past", "ahead", "event", "once", "destruction-past", "destruction-ahead"]


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a kind beside its fields.

    `law` is the paragraph that asks for it; `period` says what it reports on: the past year, the
    year ahead, an event, or (once) the state of things at entry into force; in Articles IV and V a
    year is an annual destruction period, which need not be a calendar year. `form` is the number
    of the Handbook's form where it is known (domain mark [M]). `version` is that of the schema.
    """

    law: str
    period: Period
    form: str | None = None
    version: int = 1


class Contact(Deferred):
    """The National Authority's contact point (form A-1); a function, not a person's data."""

    name: Text
    """Name of the desk or office. [VII(4)]"""
    function: Text
    """Its function. [VII(4)]"""
    phone: Annotated[str, Field(max_length=40)] | None = None
    """Telephone number, international. [VII(4)]"""
    email: Annotated[str, Field(max_length=120)] | None = None
    """Mail address. [VII(4)]"""


class Attachment(Deferred):
    """A file that comes with the declaration, by its digest; it has a classification of its own."""

    name: Text
    """Its file name, by which fields refer to it."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the file, in hexadecimal digits."""
    classification: Classification
    """Classification of this file. [CA.2(d)]"""
    pages: Annotated[int, Field(ge=1)] | None = None
    """Number of pages, where it has pages."""


class FileRef(Deferred):
    """Points at an attachment of the same declaration."""

    attachment: Text
    """The name of the attachment."""
    caption: Annotated[str, Field(max_length=300)] | None = None
    """What it shows."""


class Answer(Deferred):
    """The reason why the State leaves a finding to explain as it is.

    It answers the findings of one rule at one place, as long as the declaration reports on no
    later year than `until`.
    """

    rule: RuleId
    """Which rule found something, such as X4."""
    way: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")] | None = None
    """In which way the rule does not hold, where only that is answered."""
    place: Annotated[str, Field(max_length=500)]
    """Where: a JSON pointer with natural keys for positions, as `sextant answer` writes it."""
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    """Why it is right as it is."""
    until: Year
    """The last reporting year for which the reason holds."""


Files = Annotated[list[FileRef], Field(max_length=100)]


class DeclarationBase(Deferred):
    """The heading of all declarations.

    `declaration_id` is the State's and never reused; `version` grows with each amendment.
    `confidentiality` is chosen by the State (Confidentiality Annex 2(d)).
    """

    about: ClassVar[About]

    schema_: Annotated[str, Field(alias="schema", pattern=r"^sextant\.[a-z0-9-]+/[1-9][0-9]?$")]
    """Which model, in which version: `sextant.` + kind + `/` + version."""
    kind: str
    """What is declared; one of the kinds of the catalogue."""
    declaration_id: DeclarationId
    """The State's own number of this declaration; never reused."""
    version: Annotated[int, Field(ge=1)]
    """1 for the first, one more with each amendment."""
    state_code: StateCode
    """The declaring State, ISO 3166-1 alpha-3."""
    reporting_year: Year | None = None
    """The calendar year that is reported on, where the kind is about a year."""
    event_date: Day | None = None
    """The day of the event that makes this declaration due, where there is one."""
    submission_type: Literal["INITIAL", "ANNUAL", "ADDITIONAL", "AMENDMENT", "NIL", "NOTIFICATION"]
    """Why it is sent."""
    language: Language
    """Language of the texts. [XXIV]"""
    confidentiality: Classification
    """Classification of the whole: the highest of its parts. [CA.2(d)]"""
    na_contact: Annotated[list[Contact], Field(min_length=1, max_length=5)]
    """Whom to ask. [VII(4)]"""
    attachments: Annotated[list[Attachment], Field(max_length=500)] = Field(default_factory=list)
    """The files that come with it."""
    part_count: Annotated[int, Field(ge=0)] | None = None
    """How many attachments there are, as a control."""
    answers: Annotated[list[Answer], Field(max_length=1000)] = Field(default_factory=list)
    """Reasons for leaving findings as they are."""
    note: Annotated[str, Field(max_length=2000)] | None = None
    """Anything a reader should know."""

    @property
    def year(self) -> int:
        """The year that is reported on, or in which the event happens."""
        if self.reporting_year is not None:
            return self.reporting_year
        return self.event_date.year if self.event_date else 0

    @property
    def is_nil(self) -> bool:
        """Whether the State says that there is nothing to declare."""
        return False


class YearlyBase(DeclarationBase):
    """The heading of what is declared for one calendar year."""

    reporting_year: Year
    """The calendar year that is reported on."""


class EventBase(DeclarationBase):
    """The heading of what is declared because something happens, or enters into force."""

    event_date: Day
    """The day of the event: of the change, the discovery, the transfer, the entry into force."""
