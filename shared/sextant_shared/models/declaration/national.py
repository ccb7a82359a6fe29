"""Aggregate national data for Schedules 2 and 3 (Verification Annex Parts VII.1-2, VIII.1-2)."""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.declaration.amount import MaybeAmount
from sextant_shared.models.declaration.heading import Chemical, DeclarationBase, StateCode
from sextant_shared.models.strict import Strict


class CountryRow(Strict):
    """Imports from, or exports to, one State. `LESS_THAN_THRESHOLD` rows carry no exact amount."""

    state_code: StateCode
    quantity: MaybeAmount = None
    qualifier: Literal["EXACT", "LESS_THAN_THRESHOLD"]
    end_use_certificate: Annotated[str, Field(max_length=120)] | None = None


Rows = Annotated[list[CountryRow], Field(max_length=300)]


class S2Record(Strict):
    """National totals of one Schedule 2 chemical in one year, by country where traded (VII.1)."""

    chemical: Chemical
    produced: MaybeAmount = None
    processed: MaybeAmount = None
    consumed: MaybeAmount = None
    imported: MaybeAmount = None
    exported: MaybeAmount = None
    imports: Rows = Field(default_factory=list)
    exports: Rows = Field(default_factory=list)
    basis_note: Annotated[str, Field(max_length=1000)] | None = None


class S3Record(Strict):
    """National totals of one Schedule 3 chemical in one year, by country where traded (VIII.1)."""

    chemical: Chemical
    produced: MaybeAmount = None
    imported: MaybeAmount = None
    exported: MaybeAmount = None
    imports: Rows = Field(default_factory=list)
    exports: Rows = Field(default_factory=list)
    basis_note: Annotated[str, Field(max_length=1000)] | None = None


class S2And(DeclarationBase):
    """Aggregate national data, Schedule 2; due 90 days after the end of the year (VII.2(b))."""

    kind: Literal["S2_AND"]
    records: Annotated[list[S2Record], Field(min_length=1, max_length=500)]


class S3And(DeclarationBase):
    """Aggregate national data, Schedule 3; due 90 days after the end of the year (VIII.2(b))."""

    kind: Literal["S3_AND"]
    records: Annotated[list[S3Record], Field(min_length=1, max_length=500)]
