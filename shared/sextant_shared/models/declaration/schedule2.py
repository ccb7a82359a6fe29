"""Schedule 2 plant sites (Verification Annex Part VII.4, 6-10)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.amount import MaybeAmount, MaybeCapacity
from sextant_shared.models.declaration.chemical import Schedule2Chemical
from sextant_shared.models.declaration.heading import (
    About,
    EventBase,
    Text,
    Year,
    YearlyBase,
)
from sextant_shared.models.declaration.site import PlantBlock, Purposes, SiteBlock, Span
from sextant_shared.models.strict import Deferred

Activity = Literal["PRODUCE", "PROCESS", "CONSUME"]


class YearAmounts(Deferred):
    """Amounts of an earlier year of the three-year look-back (VII.3)."""

    year: Year
    """The earlier year. [VII.3]"""
    produced: MaybeAmount = None
    """Quantity produced in it. [VII.8(b)]"""
    processed: MaybeAmount = None
    """Quantity processed in it. [VII.8(b)]"""
    consumed: MaybeAmount = None
    """Quantity consumed in it. [VII.8(b)]"""


class S2ChemicalRow(Deferred):
    """What all declarations say of one Schedule 2 chemical at one plant."""

    chemical: Schedule2Chemical
    """The chemical. [VII.8(a)]"""
    capacity: MaybeCapacity = None
    """Production capacity of the plant for it. [VII.7(e)]"""
    purposes: Purposes = Field(default_factory=list)
    """What it was, or will be, made or used for. [VII.8(e)]"""


class S2Chemical(S2ChemicalRow):
    """One Schedule 2 chemical at one plant, in the reporting year (VII.8)."""

    produced: MaybeAmount = None
    """Quantity produced in the year. [VII.8(b)]"""
    processed: MaybeAmount = None
    """Quantity processed in the year. [VII.8(b)]"""
    consumed: MaybeAmount = None
    """Quantity consumed in the year. [VII.8(b)]"""
    imported: MaybeAmount = None
    """Quantity imported in the year. [VII.8(b)-(c)]"""
    exported: MaybeAmount = None
    """Quantity exported in the year. [VII.8(b)-(c)]"""
    earlier: Annotated[list[YearAmounts], Field(max_length=2)] = Field(default_factory=list)
    """The two years before, for the look-back. [VII.3, VII.8(b)]"""


class InitialYear(YearAmounts):
    """Amounts of an earlier year, as the initial declaration asks for them (VII.8(b))."""

    imported: MaybeAmount = None
    """Quantity imported in it. [VII.8(b)]"""
    exported: MaybeAmount = None
    """Quantity exported in it. [VII.8(b)]"""


class S2InitialChemical(S2Chemical):
    """One Schedule 2 chemical at one plant, in three years (VII.8(b))."""

    # Narrower items are sound here: the models are frozen, so nobody adds others to the list.
    earlier: Annotated[list[InitialYear], Field(max_length=2)] = Field(  # type: ignore[assignment]
        default_factory=list
    )
    """The two years before the reporting year. [VII.8(b)]"""


class PlannedActivity(Deferred):
    """When an activity is planned (VII.8(d))."""

    activity: Activity
    """Which activity. [VII.8(d)]"""
    period: Span
    """From when to when. [VII.8(d)]"""


class S2Plan(S2ChemicalRow):
    """One Schedule 2 chemical at one plant, as planned for the year ahead (VII.8(d))."""

    anticipated_produced: MaybeAmount = None
    """Quantity planned to be produced. [VII.8(d)]"""
    anticipated_processed: MaybeAmount = None
    """Quantity planned to be processed. [VII.8(d)]"""
    anticipated_consumed: MaybeAmount = None
    """Quantity planned to be consumed. [VII.8(d)]"""
    periods: Annotated[list[PlannedActivity], Field(max_length=100)] = Field(default_factory=list)
    """When. [VII.8(d)]"""


class S2PlantBlock(PlantBlock):
    """One plant of a Schedule 2 site (VII.7)."""

    s2_activity: Annotated[list[Activity], Field(max_length=3)]
    """What the plant does with Schedule 2 chemicals. [VII.7(d)(i)]"""
    dedication: Literal["DEDICATED", "MULTIPURPOSE"]
    """Dedicated to them, or multipurpose. [VII.7(d)(ii)]"""
    other_s2_activity: Annotated[list[Text], Field(max_length=20)] = Field(default_factory=list)
    """Other activities with them, such as storage. [VII.7(d)(iii)]"""


class S2Plant(S2PlantBlock):
    """One plant with what it did (VII.7, VII.8)."""

    chemicals: Annotated[list[S2Chemical], Field(max_length=500)]
    """Its Schedule 2 chemicals. [VII.8]"""


class S2InitialPlant(S2Plant):
    """One plant with what it did in three years (VII.7, VII.8(b))."""

    # As above: a list of a frozen model.
    chemicals: Annotated[list[S2InitialChemical], Field(max_length=500)]  # type: ignore[assignment]
    """Its Schedule 2 chemicals. [VII.8(b)]"""


class S2PlannedPlant(S2PlantBlock):
    """One plant with what it plans (VII.7, VII.8(d))."""

    chemicals: Annotated[list[S2Plan], Field(max_length=500)]
    """Its Schedule 2 chemicals. [VII.8]"""


class S2Site(SiteBlock):
    """A plant site that comprises Schedule 2 plants (VII.6)."""

    n_s3_plants: Annotated[int, Field(ge=0)]
    """Number of plants of this site declared under Part VIII. [VII.6(c)]"""
    above_verification_threshold: bool
    """Whether the site is above the threshold for inspection. [VII.12]"""


class S2SiteInitial(S2Site, EventBase):
    """Schedule 2 plant site: initial declaration, three previous years."""

    about: ClassVar[About] = About("VII.4(a), VII.8(b)", "once", form="2.3", version=2)

    kind: Literal["S2_SITE_INITIAL"]
    reporting_year: Year
    """The last of the three years. [VII.8(b)]"""
    plants: Annotated[list[S2InitialPlant], Field(max_length=500)]
    """Its plants. [VII.7]"""


class S2SiteAdpa(S2Site, YearlyBase):
    """Schedule 2 plant site: past activities."""

    about: ClassVar[About] = About("VII.4(b)", "past", form="2.3")

    kind: Literal["S2_SITE_ADPA"]
    plants: Annotated[list[S2Plant], Field(max_length=500)]
    """Its plants. [VII.7]"""


class S2SiteAdaa(S2Site, YearlyBase):
    """Schedule 2 plant site: anticipated activities."""

    about: ClassVar[About] = About("VII.4(c)", "ahead", form="2.3")

    kind: Literal["S2_SITE_ADAA"]
    plants: Annotated[list[S2PlannedPlant], Field(max_length=500)]
    """Its plants. [VII.7]"""


class S2Additional(S2Site, EventBase):
    """Schedule 2 plant site: activity additionally planned.

    `event_date` is the day on which the activity begins.
    """

    about: ClassVar[About] = About("VII.4(c)", "event", form="2.3")

    kind: Literal["S2_ADDITIONAL"]
    plants: Annotated[list[S2PlannedPlant], Field(min_length=1, max_length=500)]
    """Its plants, with what is additionally planned. [VII.7]"""


class PastProduction(Deferred):
    """What was made for chemical weapons purposes, and where it went (VII.10, VIII.10)."""

    produced: Span
    """Dates when it was produced. [VII.10]"""
    quantity: MaybeAmount = None
    """Quantity produced. [VII.10]"""
    delivered_to: Text
    """Location to which it was delivered. [VII.10]"""
    final_product: Text | None = None
    """Final product made there, if known. [VII.10]"""


class S2PastChemical(PastProduction):
    """A Schedule 2 chemical that a plant made for chemical weapons purposes (VII.10)."""

    chemical: Schedule2Chemical
    """The chemical. [VII.10]"""


class S2PastPlant(S2PlantBlock):
    """A plant that made Schedule 2 chemicals for chemical weapons purposes (VII.10)."""

    chemicals: Annotated[list[S2PastChemical], Field(min_length=1, max_length=500)]
    """What it made. [VII.10]"""


class S2PastCw(SiteBlock, EventBase):
    """Schedule 2: past production for chemical weapons purposes since 1946."""

    about: ClassVar[About] = About("VII.9-10", "once")

    kind: Literal["S2_PAST_CW"]
    plants: Annotated[list[S2PastPlant], Field(min_length=1, max_length=500)]
    """The plants. [VII.10]"""
