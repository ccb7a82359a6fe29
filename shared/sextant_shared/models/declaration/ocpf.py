"""Other chemical production facilities: the yearly list (Verification Annex Part IX.3-6)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.heading import (
    About,
    ActivityCode,
    Code,
    DocRange,
    EventBase,
    ProductGroup,
    PsfRange,
    Year,
    YearlyBase,
)
from sextant_shared.models.declaration.site import SiteBlock
from sextant_shared.models.strict import Deferred


class PsfPlant(Deferred):
    """A plant that made more than 30 tonnes of one PSF chemical, by range (IX.6)."""

    plant_code: Code
    """The State's stable code of the plant."""
    range: PsfRange
    """Range of the aggregate of PSF chemicals of this plant. [IX.6]"""


class OcpfSite(SiteBlock):
    """One plant site of the list (IX.4). No chemical is named."""

    main_activities: Annotated[list[ActivityCode], Field(min_length=1, max_length=50)]
    """Main activities, from the list of activities. [IX.4(c)]"""
    product_groups: Annotated[list[ProductGroup], Field(min_length=1, max_length=50)]
    """Product groups, from their list. [IX.4(c)]"""
    n_plants_doc: Annotated[int, Field(ge=0)]
    """Approximate number of plants that make such chemicals. [IX.4(d)]"""
    doc_range: DocRange | None = None
    """Range of the aggregate of discrete organic chemicals, for sites under IX.1(a). [IX.5]"""
    n_psf_plants: Annotated[int, Field(ge=0)] | None = None
    """Exact number of PSF plants, for sites under IX.1(b). [IX.6]"""
    psf_plants: Annotated[list[PsfPlant], Field(max_length=500)] = Field(default_factory=list)
    """The PSF plants with their ranges. [IX.6]"""
    above_verification_threshold: bool | None = None
    """Whether one PSF plant made more than 200 tonnes of one PSF chemical; blank: not a PSF site,
    or declared in version 1, which did not ask. [IX.9(b)]"""


Sites = Annotated[list[OcpfSite], Field(min_length=1, max_length=5000)]


class OcpfInitial(EventBase):
    """Other chemical production facilities: initial list."""

    about: ClassVar[About] = About("IX.3", "once", form="4.1")

    kind: Literal["OCPF_INITIAL"]
    reporting_year: Year
    """The year before entry into force. [IX.3]"""
    sites: Sites
    """The plant sites. [IX.4]"""


class OcpfAnnual(YearlyBase):
    """Other chemical production facilities: yearly update of the list."""

    about: ClassVar[About] = About("IX.3", "past", form="4.1", version=2)

    kind: Literal["OCPF_ANNUAL"]
    sites: Sites
    """The plant sites. [IX.4]"""
