"""Production facilities of chemical weapons: what there is, closure, destruction (Article V)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.amount import MaybeAmount, MaybeCapacity
from sextant_shared.models.declaration.heading import (
    About,
    Code,
    Day,
    EventBase,
    Files,
    LongText,
    ProductGroup,
    StateCode,
    Text,
    YearlyBase,
)
from sextant_shared.models.declaration.site import Span
from sextant_shared.models.declaration.weapons import (
    Completion,
    DestructionBase,
    FacilityBlock,
    PhaseSpan,
    WeaponChemical,
)
from sextant_shared.models.strict import Deferred

Status = Literal[
    "IN_PRODUCTION", "STANDBY", "CLOSED", "DEMILITARIZED", "DESTROYED", "CONVERTED", "TEMPORARY_USE"
]
Work = Literal["DESTRUCTION", "CONVERSION", "TEMPORARY_CONVERSION"]


class Operator(Deferred):
    """Who owned or operated a facility, and when (V.1)."""

    name: Text
    """Owner or operator. [V.1]"""
    role: Literal["OWNER", "OPERATOR", "BOTH"]
    """What it was. [V.1]"""
    period: Span
    """From when to when. [V.1]"""


class Produced(Deferred):
    """What a facility made or filled of one chemical (V.1)."""

    chemical: WeaponChemical
    """The chemical. [V.1]"""
    period: Span
    """From when to when. [V.1]"""
    quantity: MaybeAmount = None
    """Quantity manufactured. [V.1]"""
    filled_type: Text | None = None
    """Type of munition filled, where it was filling. [V.1]"""
    filled_quantity: MaybeAmount = None
    """Quantity filled into munitions or devices. [V.1]"""
    capacity: MaybeCapacity = None
    """What the facility can make of it in a year. [V.1]"""


class ProductionFacility(FacilityBlock):
    """A production facility since 1 January 1946 (V.1)."""

    operators: Annotated[list[Operator], Field(min_length=1, max_length=50)]
    """Owners and operators since 1946. [V.1]"""
    activity: Literal["MANUFACTURE", "FILLING", "BOTH"]
    """Manufacture of chemicals, or filling of weapons. [V.1]"""
    products: Annotated[list[Produced], Field(max_length=500)]
    """What it made or filled. [V.1]"""
    equipment: Annotated[list[Text], Field(max_length=2000)] = Field(default_factory=list)
    """Buildings and equipment, specialised and standard. [V.1]"""
    status: Status
    """Its status now. [V.1]"""
    status_text: LongText | None = None
    """What more there is to say of its status, such as how it was demilitarized. [V.1]"""


class EquipmentTransfer(Deferred):
    """Production equipment sent or received since 1 January 1946 (V.3-5)."""

    direction: Literal["SENT", "RECEIVED"]
    """Which way. [V.3-5]"""
    state_code: StateCode
    """The other State. [V.3-5]"""
    day: Day | None = None
    """Day of the transfer, if known. [V.3-5]"""
    equipment: LongText
    """What it was. [V.3-5]"""
    location_now: Annotated[str, Field(max_length=1000)] | None = None
    """Where it is now, if known. [V.3-5]"""


class FacilityOutlook(Deferred):
    """What is to become of one facility: the general plan (V.6-7)."""

    facility_code: Code
    """The facility. [V.6]"""
    work: Work
    """Destruction, conversion, or conversion for the time of destruction. [V.6-7]"""
    period: Span
    """From when to when. [V.6]"""
    closure_actions: LongText
    """What is done to close it. [V.6]"""
    methods: LongText
    """How it is to be destroyed or converted. [V.6-7]"""


class A3Cwpf(EventBase):
    """Production facilities of chemical weapons: declaration at entry into force."""

    about: ClassVar[About] = About("III(1)(c), V.1-7", "once")

    kind: Literal["A3_CWPF"]
    had_facilities: bool
    """Whether there has been any since 1 January 1946. [III(1)(c)]"""
    moved_equipment: bool
    """Whether production equipment was transferred or received. [III(1)(c), V.3]"""
    facilities: Annotated[list[ProductionFacility], Field(max_length=500)] = Field(
        default_factory=list
    )
    """The facilities. [V.1-2]"""
    equipment_transfers: Annotated[list[EquipmentTransfer], Field(max_length=2000)] = Field(
        default_factory=list
    )
    """Transfers of production equipment. [V.3-5]"""
    plans: Annotated[list[FacilityOutlook], Field(max_length=500)] = Field(default_factory=list)
    """General plan for each facility. [V.6-7]"""


class A5Closure(EventBase):
    """Production facility: notice that it is closed.

    `event_date` is the day of closure.
    """

    about: ClassVar[About] = About("V(7)(a)", "event")

    kind: Literal["A5_CLOSURE"]
    facility: FacilityBlock
    """The facility. [V(7)(a)]"""
    actions: LongText
    """What was done so that it cannot work. [V(7)(a)]"""
    evidence: Files = Field(default_factory=list)
    """Photographs and drawings. [V(7)(a)]"""


class Structure(Deferred):
    """A building or a set of equipment that is destroyed or converted (V.8-9)."""

    code: Code
    """The State's stable code of it; never reused."""
    name: Text
    """What it is. [V.8, V.9]"""
    specialised: bool
    """Whether it is specialised, and not standard, equipment or building. [V.8]"""
    method: Text
    """How it is, or was, destroyed or converted. [V.8, V.9]"""
    destroyed_on: Day | None = None
    """Day on which it was destroyed or converted; blank: not yet. [V.9]"""


class FacilityWork(FacilityBlock):
    """The destruction or conversion of one production facility (V.8-9, V(9)(a))."""

    work: Work
    """Destruction, conversion, or conversion for the time of destruction. [V(9)(a)]"""
    structures: Annotated[list[Structure], Field(max_length=2000)]
    """Buildings and equipment. [V.8, V.9]"""
    capacity: MaybeCapacity = None
    """Production capacity that goes, or went, with them. [V.8, V.9]"""


class A5DetailedPlan(EventBase):
    """Production facility: detailed plan for destruction or conversion.

    `event_date` is the day on which the work begins.
    """

    about: ClassVar[About] = About("V(9)(a)", "event")

    kind: Literal["A5_DETAILED_PLAN"]
    facility: FacilityWork
    """The facility, with what is to be destroyed. [V(9)(a)]"""
    phases: Annotated[list[PhaseSpan], Field(min_length=1, max_length=200)]
    """The schedule. [V(9)(a)]"""
    safety: LongText
    """Measures for safety and the environment. [V(9)(a)]"""
    verification: LongText
    """Proposed measures of verification. [V(9)(a)]"""


class A5AnnualPlan(DestructionBase):
    """Production facilities: annual plan for destruction."""

    about: ClassVar[About] = About("V.8", "destruction-ahead")

    kind: Literal["A5_ANNUAL_PLAN"]
    facilities: Annotated[list[FacilityWork], Field(min_length=1, max_length=100)]
    """The facilities. [V.8]"""


class FacilityDone(FacilityWork):
    """What was done at one facility in the period (V.9)."""

    shortfall_reason: Annotated[str, Field(min_length=1, max_length=5000)] | None = None
    """Why less was done than planned; blank where it was not less. [V.9]"""


class A5AnnualReport(DestructionBase):
    """Production facilities: annual report on destruction."""

    about: ClassVar[About] = About("V(9)(b), V.9", "destruction-past")

    kind: Literal["A5_ANNUAL_REPORT"]
    facilities: Annotated[list[FacilityDone], Field(min_length=1, max_length=100)]
    """The facilities. [V.9]"""


class A5Certificate(Completion, EventBase):
    """Production facilities: certificate that all are destroyed.

    `event_date` is the day of completion.
    """

    about: ClassVar[About] = About("V(9)(c)", "event")

    kind: Literal["A5_CERTIFICATE"]
    facilities: Annotated[list[Code], Field(min_length=1, max_length=500)]
    """Codes of the facilities that were destroyed. [V(9)(c)]"""


class Activity(Deferred):
    """What a converted facility does (V.85)."""

    product: Text
    """What is made. [V.85]"""
    quantity: MaybeAmount = None
    """How much of it was made in the year, where that can be said. [V.85]"""
    product_group: ProductGroup | None = None
    """Product type, from the list of product groups. [V.85]"""


class A5ConvertedAnnual(YearlyBase):
    """Converted production facility: activities of the year, for ten years after conversion."""

    about: ClassVar[About] = About("V.85", "past")

    kind: Literal["A5_CONVERTED_ANNUAL"]
    facility: FacilityBlock
    """The facility. [V.85]"""
    converted_on: Day
    """Day on which the conversion was certified. [V.85]"""
    activities: Annotated[list[Activity], Field(max_length=200)]
    """What it does now; none: it stands idle. [V.85]"""
    changes: LongText | None = None
    """Changes of equipment or use. [V.85]"""
