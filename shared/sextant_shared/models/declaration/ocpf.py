"""Other chemical production facilities: the yearly list (Verification Annex Part IX.3-6)."""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.declaration.heading import Code, DeclarationBase, Text
from sextant_shared.models.declaration.plant_site import Address
from sextant_shared.models.strict import Strict


class PsfPlant(Strict):
    """A plant that made more than 30 tonnes of one PSF chemical, by range (IX.6)."""

    plant_code: Code
    range: Code


class OcpfSite(Strict):
    """One plant site of the list (IX.4). No chemical is named."""

    plant_site_code: Code
    name: Text
    owner_operator: Text
    address: Address
    main_activities: Annotated[list[Code], Field(min_length=1, max_length=50)]
    product_groups: Annotated[list[str], Field(min_length=1, max_length=50)]
    n_plants_doc: Annotated[int, Field(ge=0)]
    doc_range: Code | None = None
    n_psf_plants: Annotated[int, Field(ge=0)] | None = None
    psf_plants: Annotated[list[PsfPlant], Field(max_length=500)] = Field(default_factory=list)


class OcpfAnnual(DeclarationBase):
    """The yearly update of the list; due 90 days after the year's beginning that follows (IX.3)."""

    kind: Literal["OCPF_ANNUAL"]
    sites: Annotated[list[OcpfSite], Field(min_length=1, max_length=5000)]
