"""Destruction of chemical weapons: plans, reports, facilities, certificate (Article IV)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.amount import MaybeAmount, MaybeShare
from sextant_shared.models.declaration.heading import About, Code, Day, EventBase, Files, LongText
from sextant_shared.models.declaration.site import Span
from sextant_shared.models.declaration.weapons import (
    Category,
    Completion,
    Count,
    DestructionBase,
    FacilityBlock,
    PhaseSpan,
    WeaponChemical,
)
from sextant_shared.models.strict import Deferred


class WeaponLine(Deferred):
    """Weapons of one type that a facility destroys, whether planned or done."""

    code: Code
    """The code of the line in the inventory, or of the find. [IV(A).29, IV(A).36]"""
    category: Category
    """Category 1, 2 or 3. [IV(A).16]"""
    type: Annotated[str, Field(min_length=1, max_length=300)]
    """Type of the weapons. [IV(A).29, IV(A).36]"""
    chemical: WeaponChemical | None = None
    """The fill, where there is one. [IV(A).29, IV(A).36]"""


class PlannedLine(WeaponLine):
    """What is planned for weapons of one type (IV(A).29)."""

    planned: MaybeAmount = None
    """Quantity of the chemical to be destroyed. [IV(A).29]"""
    planned_count: Count | None = None
    """Number of items to be destroyed, where they are counted. [IV(A).29]"""
    period: Span
    """From when to when. [IV(A).29]"""


class FacilityPlan(FacilityBlock):
    """What one destruction facility will do in the period (IV(A).29)."""

    lines: Annotated[list[PlannedLine], Field(max_length=2000)]
    """What it is to destroy; none: it only is built, tested or inactive. [IV(A).29]"""
    phases: Annotated[list[PhaseSpan], Field(max_length=200)]
    """Its schedule, with the times of inactivity. [IV(A).29]"""


class A4AnnualPlan(DestructionBase):
    """Chemical weapons: detailed annual plan for destruction."""

    about: ClassVar[About] = About("IV(7)(a), IV(A).29", "destruction-ahead")

    kind: Literal["A4_ANNUAL_PLAN"]
    facilities: Annotated[list[FacilityPlan], Field(min_length=1, max_length=100)]
    """The destruction facilities. [IV(A).29]"""


class DestroyedLine(WeaponLine):
    """What was destroyed of weapons of one type, beside what was planned (IV(A).36)."""

    planned: MaybeAmount = None
    """Quantity that was planned. [IV(A).36]"""
    destroyed: MaybeAmount = None
    """Quantity of the chemical that was destroyed. [IV(A).36]"""
    planned_count: Count | None = None
    """Number of items that was planned, where they are counted. [IV(A).36]"""
    destroyed_count: Count | None = None
    """Number of items that were destroyed, where they are counted. [IV(A).36]"""
    shortfall_reason: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    """Why less was destroyed than planned; blank where it was not less. [IV(A).36]"""


class FacilityReport(FacilityBlock):
    """What one destruction facility did in the period (IV(A).36)."""

    lines: Annotated[list[DestroyedLine], Field(max_length=2000)]
    """What it destroyed. [IV(A).36]"""
    shortfall_reason: Annotated[str, Field(min_length=1, max_length=5000)] | None = None
    """Why the facility as a whole fell behind the plan; blank where it did not. [IV(A).36]"""


class A4AnnualReport(DestructionBase):
    """Chemical weapons: annual report on destruction."""

    about: ClassVar[About] = About("IV(7)(b), IV(A).36", "destruction-past")

    kind: Literal["A4_ANNUAL_REPORT"]
    facilities: Annotated[list[FacilityReport], Field(min_length=1, max_length=100)]
    """The destruction facilities. [IV(A).36]"""


class A490DayReport(EventBase):
    """Chemical weapons: report on destruction during an extension, every 90 days.

    `event_date` is the last day of the 90 days.
    """

    about: ClassVar[About] = About("IV(A).28", "event")

    kind: Literal["A4_90DAY_REPORT"]
    period: Span
    """The 90 days. [IV(A).28]"""
    facilities: Annotated[list[FacilityReport], Field(min_length=1, max_length=100)]
    """The destruction facilities. [IV(A).28]"""
    activity: LongText
    """Destruction activity in these days. [IV(A).28]"""


class CategoryTotal(Deferred):
    """What was destroyed of one category in all years (IV(7)(c))."""

    category: Category
    """Category 1, 2 or 3. [IV(A).16]"""
    destroyed: MaybeAmount = None
    """Quantity of chemicals destroyed. [IV(7)(c)]"""
    destroyed_count: Count | None = None
    """Number of items destroyed, where they are counted. [IV(7)(c)]"""


class A4Certificate(Completion, EventBase):
    """Chemical weapons: certificate that all are destroyed.

    `event_date` is the day of completion.
    """

    about: ClassVar[About] = About("IV(7)(c)", "event")

    kind: Literal["A4_CERTIFICATE"]
    totals: Annotated[list[CategoryTotal], Field(min_length=1, max_length=3)]
    """Totals by category. [IV(7)(c)]"""


class DestructionFacility(FacilityBlock):
    """A destruction facility in detail (IV(A).30-34)."""

    owner_operator: Annotated[str, Field(min_length=1, max_length=300)]
    """Who operates it. [IV(A).30]"""
    feeds: Annotated[list[WeaponLine], Field(min_length=1, max_length=2000)]
    """What it is built to destroy. [IV(A).30]"""
    process: LongText
    """Destruction process, from unpacking to the residue. [IV(A).31]"""
    efficiency: MaybeShare = None
    """Designed destruction efficiency. [IV(A).31]"""
    drawings: Files = Field(default_factory=list)
    """Drawings of the facility, its process and its instruments. [IV(A).30-31]"""
    effluents: LongText
    """Effluents and their monitoring. [IV(A).31]"""
    safety: LongText
    """Measures for safety and health. [IV(A).31]"""
    inspectors: LongText
    """Living and working places for inspectors. [IV(A).31]"""
    verification: LongText
    """Proposed measures of verification. [IV(A).31]"""
    starts_on: Day
    """Day on which destruction is to begin. [IV(A).30]"""


class A4FacilityInfo(EventBase):
    """Chemical weapons: detailed information on one destruction facility.

    `event_date` is the day on which destruction is to begin there, or a change takes effect.
    """

    about: ClassVar[About] = About("IV(A).30-34", "event")

    kind: Literal["A4_FACILITY_INFO"]
    facility: DestructionFacility
    """The facility. [IV(A).30-34]"""
    changes: LongText | None = None
    """What changed against the information sent before; blank in the first. [IV(A).34]"""
