"""Standing notifications: National Authority, laws, points of entry, flights, inspectors."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.heading import (
    About,
    Code,
    Contact,
    Day,
    EventBase,
    Files,
    LongText,
    Text,
)
from sextant_shared.models.declaration.site import Address
from sextant_shared.models.declaration.weapons import Position
from sextant_shared.models.strict import Deferred


class NaDesignation(EventBase):
    """National Authority: designation, or a change of it.

    `event_date` is the day from which it holds.
    """

    about: ClassVar[About] = About("VII(4)", "event", form="A-1")

    kind: Literal["NA_DESIGNATION"]
    authority: Text
    """Name of the National Authority. [VII(4)]"""
    address: Address
    """Its address. [VII(4)]"""
    contacts: Annotated[list[Contact], Field(min_length=1, max_length=20)]
    """Its offices, by function. [VII(4)]"""
    replaces: Text | None = None
    """The authority that it replaces, if any. [VII(4)]"""


class LegalMeasure(Deferred):
    """A law, or an administrative measure, that implements the Convention (VII(5))."""

    form: Literal["LAW", "REGULATION", "ADMINISTRATIVE"]
    """What it is. [VII(5)]"""
    title: Text
    """Its title, in the language of the declaration. [VII(5)]"""
    reference: Text
    """Where it was published, or its number. [VII(5)]"""
    in_force_on: Day | None = None
    """Day from which it is in force; blank: not yet. [VII(5)]"""
    covers: Annotated[list[Text], Field(min_length=1, max_length=50)]
    """Articles and obligations that it implements. [VII(5)]"""
    texts: Files = Field(default_factory=list)
    """Its text. [VII(5)]"""


class A7Measures(EventBase):
    """Legislative and administrative measures.

    `event_date` is the day of the newest of them.
    """

    about: ClassVar[About] = About("VII(5)", "event")

    kind: Literal["A7_MEASURES"]
    measures: Annotated[list[LegalMeasure], Field(min_length=1, max_length=500)]
    """The measures. [VII(5)]"""


class PointOfEntry(Deferred):
    """Where inspection teams enter the State (II.16)."""

    code: Code
    """The State's stable code of the point of entry."""
    name: Text
    """Its name. [II.16]"""
    means: Literal["AIR", "SEA", "LAND"]
    """Airport, harbour or border crossing. [II.16]"""
    position: Position
    """Where it is. [II.16]"""
    farthest_hours: Annotated[int, Field(ge=0, le=72)]
    """Hours to the farthest site that it serves; the treaty allows 12. [II.16]"""


class Poe(EventBase):
    """Points of entry.

    `event_date` is the day from which they hold.
    """

    about: ClassVar[About] = About("II.16-17", "event")

    kind: Literal["POE"]
    points: Annotated[list[PointOfEntry], Field(min_length=1, max_length=100)]
    """All points of entry that hold from then on. [II.16]"""


class DiploClearance(EventBase):
    """Standing clearance for non-scheduled aircraft.

    Its number lets inspection teams file flight plans at once. `event_date` is the day from which
    it holds.
    """

    about: ClassVar[About] = About("II.22", "event")

    kind: Literal["DIPLO_CLEARANCE"]
    clearance_number: Annotated[str, Field(min_length=1, max_length=60)]
    """The standing diplomatic clearance number. [II.22]"""
    valid_until: Day | None = None
    """Last day on which it holds; blank: until it is replaced. [II.22]"""
    routing: LongText | None = None
    """Routes, airports and authorities to inform. [II.22]"""


class InspectorAnswer(Deferred):
    """What the State answers of one inspector of a list (II.2)."""

    code: Code
    """Number of the inspector in the list; no name is repeated here. [II.2]"""
    accepted: bool
    """Whether the State accepts. [II.2]"""


class InspectorResponse(EventBase):
    """Response to a list of proposed inspectors.

    `event_date` is the day on which the list was acknowledged; who is not refused within 30 days
    is accepted.
    """

    about: ClassVar[About] = About("II.2", "event")

    kind: Literal["INSPECTOR_RESPONSE"]
    list_reference: Annotated[str, Field(min_length=1, max_length=120)]
    """Number of the list. [II.2]"""
    inspectors: Annotated[list[InspectorAnswer], Field(min_length=1, max_length=1000)]
    """The inspectors of the list, with the answer on each. [II.2]"""


class InspectorObjection(EventBase):
    """Objection to inspectors that were accepted.

    It takes effect 30 days after receipt, and never on an inspection that was notified.
    `event_date` is the day of the objection.
    """

    about: ClassVar[About] = About("II.4-5", "event")

    kind: Literal["INSPECTOR_OBJECTION"]
    list_reference: Annotated[str, Field(min_length=1, max_length=120)]
    """Number of the list in which they stand. [II.4]"""
    inspectors: Annotated[list[Code], Field(min_length=1, max_length=1000)]
    """Numbers of the inspectors in the list. [II.4]"""
