"""Aggregate national data for Schedules 2 and 3 (Verification Annex Parts VII.1-2, VIII.1-2)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.amount import MaybeAmount
from sextant_shared.models.declaration.chemical import Schedule2Chemical, Schedule3Chemical
from sextant_shared.models.declaration.heading import About, StateCode, YearlyBase
from sextant_shared.models.strict import Deferred


class CountryRow(Deferred):
    """Imports from, or exports to, one State. `LESS_THAN_THRESHOLD` rows carry no exact amount."""

    state_code: StateCode
    """State of dispatch (imports), or of intended destination (exports). [VII.1, VIII.1]"""
    quantity: MaybeAmount = None
    """Quantity of the pure chemical. [VII.1, VIII.1]"""
    qualifier: Literal["EXACT", "LESS_THAN_THRESHOLD"]
    """Whether the quantity is exact, or below the threshold and not given. [C-7/DEC.14]"""
    end_use_certificate: Annotated[str, Field(max_length=120)] | None = None
    """Reference of the end-use certificate, for exports to States not Party. [VIII.26]"""
    mixture_note: Annotated[str, Field(max_length=300)] | None = None
    """That it moved as a mixture, and of which concentration."""


# Two hundred States, and room for codes that changed within the year.
Rows = Annotated[list[CountryRow], Field(max_length=500)]


class S2Record(Deferred):
    """National totals of one Schedule 2 chemical in one year, by country where traded (VII.1)."""

    chemical: Schedule2Chemical
    """The chemical. [VII.1]"""
    produced: MaybeAmount = None
    """National total produced. [VII.1]"""
    processed: MaybeAmount = None
    """National total processed. [VII.1]"""
    consumed: MaybeAmount = None
    """National total consumed. [VII.1]"""
    imported: MaybeAmount = None
    """National total imported. [VII.1]"""
    exported: MaybeAmount = None
    """National total exported. [VII.1]"""
    imports: Rows = Field(default_factory=list)
    """Imports by State of dispatch. [VII.1]"""
    exports: Rows = Field(default_factory=list)
    """Exports by State of destination. [VII.1]"""
    basis_note: Annotated[str, Field(max_length=1000)] | None = None
    """How the figures were compiled. [EC-VIII/DEC.2]"""


class S3Record(Deferred):
    """National totals of one Schedule 3 chemical in one year, by country where traded (VIII.1)."""

    chemical: Schedule3Chemical
    """The chemical. [VIII.1]"""
    produced: MaybeAmount = None
    """National total produced. [VIII.1]"""
    imported: MaybeAmount = None
    """National total imported. [VIII.1]"""
    exported: MaybeAmount = None
    """National total exported. [VIII.1]"""
    imports: Rows = Field(default_factory=list)
    """Imports by State of dispatch. [VIII.1]"""
    exports: Rows = Field(default_factory=list)
    """Exports by State of destination. [VIII.1]"""
    basis_note: Annotated[str, Field(max_length=1000)] | None = None
    """How the figures were compiled. [EC-IX/DEC.10]"""


class S2And(YearlyBase):
    """Aggregate national data, Schedule 2."""

    about: ClassVar[About] = About("VII.1-2", "past", form="2.1")

    kind: Literal["S2_AND"]
    records: Annotated[list[S2Record], Field(min_length=1, max_length=1000)]
    """One record for each chemical. [VII.1]"""


class S3And(YearlyBase):
    """Aggregate national data, Schedule 3."""

    about: ClassVar[About] = About("VIII.1-2", "past", form="3.1")

    kind: Literal["S3_AND"]
    records: Annotated[list[S3Record], Field(min_length=1, max_length=1000)]
    """One record for each chemical. [VIII.1]"""
