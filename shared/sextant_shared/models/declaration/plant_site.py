"""Schedule 2 plant sites, past activities (Verification Annex Part VII.4(b), 6-8)."""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.declaration.amount import MaybeAmount
from sextant_shared.models.declaration.heading import (
    Chemical,
    Code,
    DeclarationBase,
    StateCode,
    Text,
    Year,
)
from sextant_shared.models.strict import Strict


class Address(Strict):
    """Where a plant site is (VII.6(b)); coordinates in WGS 84 degrees as decimal strings."""

    street: Text
    city: Text
    region: Annotated[str, Field(max_length=120)] | None = None
    postal_code: Annotated[str, Field(max_length=20)] | None = None
    country: StateCode
    latitude: Annotated[str, Field(pattern=r"^-?[0-9]{1,2}(\.[0-9]{1,6})?$")] | None = None
    longitude: Annotated[str, Field(pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,6})?$")] | None = None


class Purpose(Strict):
    """What a chemical was used for (VII.8(e)); `states` for direct export."""

    code: Code
    product_group: Annotated[str, Field(max_length=8)] | None = None
    states: Annotated[list[StateCode], Field(max_length=300)] = Field(default_factory=list)
    text: Annotated[str, Field(max_length=300)] | None = None


class YearAmounts(Strict):
    """Amounts of an earlier year of the three-year look-back (VII.3)."""

    year: Year
    produced: MaybeAmount = None
    processed: MaybeAmount = None
    consumed: MaybeAmount = None


class S2Chemical(Strict):
    """One Schedule 2 chemical at one plant, in the reporting year (VII.8)."""

    chemical: Chemical
    produced: MaybeAmount = None
    processed: MaybeAmount = None
    consumed: MaybeAmount = None
    imported: MaybeAmount = None
    exported: MaybeAmount = None
    capacity: MaybeAmount = None
    purposes: Annotated[list[Purpose], Field(max_length=50)] = Field(default_factory=list)
    earlier: Annotated[list[YearAmounts], Field(max_length=2)] = Field(default_factory=list)


class S2Plant(Strict):
    """One plant of a site (VII.7)."""

    plant_code: Code
    name: Text
    owner_operator: Text
    location_in_site: Text
    main_activities: Annotated[list[Code], Field(max_length=50)]
    s2_activity: Annotated[list[Literal["PRODUCE", "PROCESS", "CONSUME"]], Field(max_length=3)]
    dedication: Literal["DEDICATED", "MULTIPURPOSE"]
    chemicals: Annotated[list[S2Chemical], Field(max_length=500)]


class S2SiteAdpa(DeclarationBase):
    """A plant site's past activities; due 90 days after the end of the year (VII.4(b))."""

    kind: Literal["S2_SITE_ADPA"]
    plant_site_code: Code
    name: Text
    owner_operator: Text
    address: Address
    n_s3_plants: Annotated[int, Field(ge=0)]
    above_verification_threshold: bool
    plants: Annotated[list[S2Plant], Field(max_length=500)]
