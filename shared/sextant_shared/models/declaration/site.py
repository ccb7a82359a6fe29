"""Plant sites and plants, as Schedules 2, 3 and other chemical production facilities share them."""

from typing import Annotated

from pydantic import Field

from sextant_shared.models.declaration.heading import (
    ActivityCode,
    Code,
    Day,
    Files,
    ProductGroup,
    PurposeCode,
    StateCode,
    Text,
)
from sextant_shared.models.strict import Deferred

Latitude = Annotated[str, Field(pattern=r"^-?[0-9]{1,2}(\.[0-9]{1,6})?$")]
Longitude = Annotated[str, Field(pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,6})?$")]


class Address(Deferred):
    """Where something is (VII.6(b), VIII.6(b), IX.4(b)); WGS 84 degrees as decimal strings."""

    street: Text
    """Street and number. [VII.6(b)]"""
    city: Text
    """City. [VII.6(b)]"""
    region: Annotated[str, Field(max_length=120)] | None = None
    """Province or district. [VII.6(b)]"""
    postal_code: Annotated[str, Field(max_length=20)] | None = None
    """Postal code. [VII.6(b)]"""
    country: StateCode
    """State on whose territory it is. [VII.6(b)]"""
    latitude: Latitude | None = None
    """Degrees north, as the precise location. [VII.6(b)]"""
    longitude: Longitude | None = None
    """Degrees east, as the precise location. [VII.6(b)]"""
    maps: Files = Field(default_factory=list)
    """Maps that show the precise location. [VII.6(b)]"""


class Purpose(Deferred):
    """What a chemical was made or used for (VII.8(e), VIII.8(c)); `states` for direct export."""

    code: PurposeCode
    """Purpose, from the list of purposes. [VII.8(e)]"""
    product_group: ProductGroup | None = None
    """Product type, from the list of product groups. [VII.8(e)]"""
    states: Annotated[list[StateCode], Field(max_length=300)] = Field(default_factory=list)
    """States of destination, for direct export. [VII.8(e)(iii)]"""
    text: Annotated[str, Field(max_length=300)] | None = None
    """What else, for «other». [VII.8(e)(iv)]"""


Purposes = Annotated[list[Purpose], Field(max_length=50)]


class SiteBlock(Deferred):
    """Where a plant site is and who operates it (VII.6(a)-(b), VIII.6(a)-(b), IX.4(a)-(b))."""

    plant_site_code: Code
    """The State's stable code of the plant site; never reused."""
    name: Text
    """Name of the plant site. [VII.6(a)]"""
    owner_operator: Text
    """Owner, company or enterprise operating it. [VII.6(a)]"""
    address: Address
    """Precise location, with the address. [VII.6(b)]"""


class PlantBlock(Deferred):
    """One plant of a site (VII.7(a)-(c), VIII.7(a)-(c))."""

    plant_code: Code
    """The State's stable code of the plant; never reused."""
    name: Text
    """Name of the plant. [VII.7(a)]"""
    owner_operator: Text
    """Owner, company or enterprise operating it. [VII.7(a)]"""
    location_in_site: Text
    """Where in the site; building and structure number, if any. [VII.7(b)]"""
    main_activities: Annotated[list[ActivityCode], Field(max_length=50)]
    """Main activities, from the list of activities. [VII.7(c)]"""


class Span(Deferred):
    """From one day to another, both included."""

    start: Day
    """First day."""
    end: Day
    """Last day."""
