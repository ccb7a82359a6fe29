"""What every declaration carries, and how chemicals and contacts are named."""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.strict import Strict

Text = Annotated[str, Field(min_length=1, max_length=300)]
Code = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9*_-]{0,31}$")]
StateCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Year = Annotated[int, Field(ge=1946, le=2200)]


class Contact(Strict):
    """The National Authority's contact point (form A-1); a function, not a person's data."""

    name: Text
    function: Text
    phone: Annotated[str, Field(max_length=40)] | None = None
    email: Annotated[str, Field(max_length=120)] | None = None


class Attachment(Strict):
    """A file that comes with the declaration, by its digest."""

    name: Text
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    classification: Literal[
        "UNCLASSIFIED", "OPCW_RESTRICTED", "OPCW_PROTECTED", "OPCW_HIGHLY_PROTECTED"
    ]


class Chemical(Strict):
    """A chemical by name, and by CAS number where one is assigned (Annex Part VII.8(a)).

    Families of Schedules 1 and 2 have members without a CAS number: then the structural formula
    identifies.
    """

    name: Text
    cas: Annotated[str, Field(max_length=20)] | None = None
    structure: Annotated[str, Field(max_length=500)] | None = None
    trade_names: Annotated[list[Text], Field(max_length=50)] = Field(default_factory=list)
    schedule: Literal["1A", "1B", "2A", "2A*", "2B", "3A", "3B"]


class DeclarationBase(Strict):
    """The envelope of all declarations.

    `declaration_id` is the State's and never reused; `version` grows with each amendment.
    `confidentiality` is chosen by the State (Confidentiality Annex 2(d)).
    """

    schema_: Annotated[str, Field(alias="schema", pattern=r"^sextant\.[a-z0-9-]+/1$")]
    declaration_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$")]
    version: Annotated[int, Field(ge=1)]
    state_code: StateCode
    reporting_year: Year
    submission_type: Literal["INITIAL", "ANNUAL", "ADDITIONAL", "AMENDMENT", "NIL", "NOTIFICATION"]
    language: Literal["ar", "zh", "en", "fr", "ru", "es"]
    confidentiality: Literal[
        "UNCLASSIFIED", "OPCW_RESTRICTED", "OPCW_PROTECTED", "OPCW_HIGHLY_PROTECTED"
    ]
    na_contact: Annotated[list[Contact], Field(min_length=1, max_length=5)]
    attachments: Annotated[list[Attachment], Field(max_length=500)] = Field(default_factory=list)
    part_count: Annotated[int, Field(ge=0)] | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None

    @property
    def year(self) -> int:
        """The year that is reported on."""
        return self.reporting_year

    @property
    def is_nil(self) -> bool:
        """Whether the State says that there is nothing to declare."""
        return False
