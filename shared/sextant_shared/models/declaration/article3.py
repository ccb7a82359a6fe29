"""Chemical weapons at entry into force, development sites, riot control agents (Article III)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.amount import MaybeAmount, MaybeMoney
from sextant_shared.models.declaration.chemical import Substance
from sextant_shared.models.declaration.heading import (
    About,
    EventBase,
    LongText,
    StateCode,
    Text,
    Year,
)
from sextant_shared.models.declaration.site import Span
from sextant_shared.models.declaration.weapons import (
    Category,
    Count,
    FacilityBlock,
    ForeignPlace,
    StorageFacility,
    WeaponChemical,
)
from sextant_shared.models.strict import Deferred


class Aggregate(Deferred):
    """What a State holds of one chemical, all facilities together (IV(A).1)."""

    chemical: WeaponChemical
    """The chemical. [IV(A).1]"""
    category: Category
    """Category 1, 2 or 3. [IV(A).16]"""
    quantity: MaybeAmount = None
    """Aggregate quantity. [IV(A).1]"""


class A3Cw(EventBase):
    """Chemical weapons: declaration at entry into force.

    The Article asks «whether»: both questions are answered, also with no.
    """

    about: ClassVar[About] = About("III(1)(a), IV(A).1-4", "once")

    kind: Literal["A3_CW"]
    possesses: bool
    """Whether the State owns or possesses any, or has any under its jurisdiction. [III(1)(a)]"""
    others_on_territory: bool
    """Whether another State has any on its territory. [III(1)(a)]"""
    aggregates: Annotated[list[Aggregate], Field(max_length=500)] = Field(default_factory=list)
    """Aggregate quantity of each chemical. [IV(A).1]"""
    facilities: Annotated[list[StorageFacility], Field(max_length=500)] = Field(
        default_factory=list
    )
    """Storage facilities with their inventories. [IV(A).1-3]"""
    abroad: Annotated[list[ForeignPlace], Field(max_length=100)] = Field(default_factory=list)
    """Weapons of this State at places abroad. [IV(A).4]"""
    held_by: Annotated[list[StateCode], Field(max_length=50)] = Field(default_factory=list)
    """States that have chemical weapons on the territory. [III(1)(a), IV(A).4]"""


class WeaponTransfer(Deferred):
    """Chemical weapons sent or received since 1946, of one chemical, from or to one State."""

    direction: Literal["SENT", "RECEIVED"]
    """Which way. [IV(A).5]"""
    state_code: StateCode
    """The other State. [IV(A).5]"""
    year: Year
    """Year of the transfer; the threshold is per chemical and year. [IV(A).5]"""
    chemical: WeaponChemical
    """The chemical. [IV(A).5]"""
    form: Literal["BULK", "MUNITIONS"]
    """In bulk, or in munitions. [IV(A).5]"""
    quantity: MaybeAmount = None
    """Quantity of the chemical in that year; more than one tonne. [IV(A).5]"""
    location_now: Annotated[str, Field(max_length=1000)] | None = None
    """Where the weapons are now, if known. [IV(A).5]"""


class A3CwTransfers(EventBase):
    """Chemical weapons: transfers since 1 January 1946."""

    about: ClassVar[About] = About("III(1)(a)(iv), IV(A).5", "once")

    kind: Literal["A3_CW_TRANSFERS"]
    transferred: bool
    """Whether the State has transferred or received any. [III(1)(a)(iv)]"""
    transfers: Annotated[list[WeaponTransfer], Field(max_length=5000)] = Field(default_factory=list)
    """Transfers of more than one tonne of one chemical in one year. [IV(A).5]"""


class PlannedDestruction(Deferred):
    """What one facility is to destroy in one annual destruction period (IV(A).6)."""

    year: Year
    """The calendar year in which the period begins. [IV(A).6]"""
    category: Category
    """Category 1, 2 or 3. [IV(A).16]"""
    type: Text
    """Type of the weapons. [IV(A).6]"""
    quantity: MaybeAmount = None
    """Approximate quantity of chemicals. [IV(A).6]"""
    count: Count | None = None
    """Approximate number of items, where they are counted. [IV(A).6]"""


class PlannedFacility(FacilityBlock):
    """A destruction facility that works or is planned (IV(A).6)."""

    exists: bool
    """Whether it exists already. [IV(A).6]"""
    schedule: Annotated[list[PlannedDestruction], Field(max_length=1000)]
    """What it is to destroy, by annual destruction period. [IV(A).6]"""


class A3CwGeneralPlan(EventBase):
    """Chemical weapons: general plan for destruction."""

    about: ClassVar[About] = About("III(1)(a)(v), IV(A).6", "once")

    kind: Literal["A3_CW_GENERAL_PLAN"]
    period: Span
    """From the begin of destruction to its planned end. [IV(A).6]"""
    facilities: Annotated[list[PlannedFacility], Field(min_length=1, max_length=100)]
    """Destruction facilities, existing and planned. [IV(A).6]"""
    training: LongText | None = None
    """Plans for the training of personnel. [IV(A).6]"""
    standards: LongText | None = None
    """National standards for safety and emissions. [IV(A).6]"""
    methods: LongText | None = None
    """Development of new methods, and improvement of existing ones. [IV(A).6]"""
    cost_estimate: MaybeMoney = None
    """Estimate of the costs. [IV(A).6]"""
    obstacles: LongText | None = None
    """What could affect the programme. [IV(A).6]"""


class DevelopmentFacility(FacilityBlock):
    """A laboratory or test site primarily for the development of chemical weapons (III(1)(d))."""

    nature: Literal["LABORATORY", "TEST_SITE", "OTHER"]
    """What it is. [III(1)(d)]"""
    activities: LongText
    """Nature and general scope of its activities. [III(1)(d)]"""
    used: Span
    """From when to when it was so used. [III(1)(d)]"""
    state_now: LongText | None = None
    """What became of it. [III(1)(d)]"""


class A3OtherFacility(EventBase):
    """Facilities primarily for the development of chemical weapons since 1 January 1946."""

    about: ClassVar[About] = About("III(1)(d)", "once")

    kind: Literal["A3_OTHER_FACILITY"]
    existed: bool
    """Whether there were any. [III(1)(d)]"""
    facilities: Annotated[list[DevelopmentFacility], Field(max_length=500)] = Field(
        default_factory=list
    )
    """The facilities. [III(1)(d)]"""


class A3Rca(EventBase):
    """Riot control agents.

    `event_date` is the day of entry into force, or of the change that makes an update due.
    """

    about: ClassVar[About] = About("III(1)(e)", "event")

    kind: Literal["A3_RCA"]
    holds: bool
    """Whether the State holds chemicals for riot control purposes. [III(1)(e)]"""
    agents: Annotated[list[Substance], Field(max_length=100)] = Field(default_factory=list)
    """Each by name, structural formula and CAS number, if assigned. [III(1)(e)]"""
