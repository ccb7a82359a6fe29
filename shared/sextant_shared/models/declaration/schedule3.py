"""Schedule 3 plant sites (Verification Annex Part VIII.4, 6-10). Amounts are ranges there."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.chemical import Schedule3Chemical
from sextant_shared.models.declaration.heading import About, EventBase, S3Range, Year, YearlyBase
from sextant_shared.models.declaration.schedule2 import PastProduction
from sextant_shared.models.declaration.site import PlantBlock, Purposes, SiteBlock, Span
from sextant_shared.models.strict import Deferred


class S3Chemical(Deferred):
    """One Schedule 3 chemical at one plant; exact amounts are not asked (VIII.8)."""

    chemical: Schedule3Chemical
    """The chemical. [VIII.8(a)]"""
    production_range: S3Range
    """Range of the quantity produced, from the list of ranges. [VIII.8(b)]"""
    purposes: Purposes = Field(default_factory=list)
    """What it is made for. [VIII.8(c)]"""


class S3Plant(PlantBlock):
    """One plant of a Schedule 3 site (VIII.7)."""

    chemicals: Annotated[list[S3Chemical], Field(max_length=500)]
    """Its Schedule 3 chemicals. [VIII.8]"""


class S3Site(SiteBlock):
    """A plant site that comprises Schedule 3 plants (VIII.6)."""

    n_s2_plants: Annotated[int, Field(ge=0)]
    """Number of plants of this site declared under Part VII. [VIII.6(c)]"""
    above_verification_threshold: bool
    """Whether the site's aggregate is above 200 tonnes. [VIII.12]"""
    plants: Annotated[list[S3Plant], Field(max_length=500)]
    """Its plants. [VIII.7]"""


class S3SiteInitial(S3Site, EventBase):
    """Schedule 3 plant site: initial declaration, previous year."""

    about: ClassVar[About] = About("VIII.4(a)", "once", form="3.3")

    kind: Literal["S3_SITE_INITIAL"]
    reporting_year: Year
    """The year before entry into force. [VIII.4(a)]"""


class S3SiteAdpa(S3Site, YearlyBase):
    """Schedule 3 plant site: past activities."""

    about: ClassVar[About] = About("VIII.4(b)", "past", form="3.3")

    kind: Literal["S3_SITE_ADPA"]


class S3SiteAdaa(S3Site, YearlyBase):
    """Schedule 3 plant site: anticipated activities."""

    about: ClassVar[About] = About("VIII.4(c)", "ahead", form="3.3")

    kind: Literal["S3_SITE_ADAA"]


class S3Additional(S3Site, EventBase):
    """Schedule 3 plant site: activity additionally planned.

    `event_date` is the day on which the activity begins.
    """

    about: ClassVar[About] = About("VIII.4(c)", "event", form="3.3")

    kind: Literal["S3_ADDITIONAL"]
    period: Span
    """When the activity is planned. [VIII.4(c)]"""


class S3PastChemical(PastProduction):
    """A Schedule 3 chemical that a plant made for chemical weapons purposes (VIII.10)."""

    chemical: Schedule3Chemical
    """The chemical. [VIII.10]"""


class S3PastPlant(PlantBlock):
    """A plant that made Schedule 3 chemicals for chemical weapons purposes (VIII.10)."""

    chemicals: Annotated[list[S3PastChemical], Field(min_length=1, max_length=500)]
    """What it made. [VIII.10]"""


class S3PastCw(SiteBlock, EventBase):
    """Schedule 3: past production for chemical weapons purposes since 1946."""

    about: ClassVar[About] = About("VIII.9-10", "once")

    kind: Literal["S3_PAST_CW"]
    plants: Annotated[list[S3PastPlant], Field(min_length=1, max_length=500)]
    """The plants. [VIII.10]"""
