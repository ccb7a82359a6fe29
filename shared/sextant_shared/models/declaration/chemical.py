"""How chemicals are named: by name, CAS number where one is assigned, structure for the rest."""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.declaration.heading import FileRef, Text
from sextant_shared.models.strict import Deferred


class Substance(Deferred):
    """A chemical that need not stand in a schedule.

    Families of Schedules 1 and 2 have members without a CAS number: then the structural formula
    identifies (VII.8(a)).
    """

    name: Text
    """Name, IUPAC style. [VII.8(a)]"""
    cas: Annotated[str, Field(max_length=20)] | None = None
    """CAS registry number, if one is assigned. [VII.8(a)]"""
    structure: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """Structural formula as SMILES or InChI. [VII.8(a)]"""
    structure_file: FileRef | None = None
    """Or a drawing of it, attached. [VII.8(a)]"""
    trade_names: Annotated[list[Text], Field(max_length=50)] = Field(default_factory=list)
    """Trade names that the facility uses. [VII.8(a)]"""
    salt_of: Annotated[str, Field(max_length=20)] | None = None
    """For a salt: the CAS number of its base, as entries with «corresponding salts» need it."""


class Chemical(Substance):
    """A scheduled chemical."""

    schedule: Literal["1A", "1B", "2A", "2A*", "2B", "3A", "3B"]
    """Part of the schedules. [Annex on Chemicals]"""
    entry: Annotated[int, Field(ge=1, le=99)] | None = None
    """Number of the entry within the part; needed for members of a family. [Annex on Chemicals]"""


class Schedule1Chemical(Chemical):
    """A chemical of Schedule 1."""

    schedule: Literal["1A", "1B"]


class Schedule2Chemical(Chemical):
    """A chemical of Schedule 2."""

    schedule: Literal["2A", "2A*", "2B"]


class Schedule3Chemical(Chemical):
    """A chemical of Schedule 3."""

    schedule: Literal["3A", "3B"]
