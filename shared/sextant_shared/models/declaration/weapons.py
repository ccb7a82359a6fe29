"""What Articles III to V share: places, weapons and their contents, destruction and closure."""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.declaration.amount import MaybeAmount, MaybeShare, MaybeVolume
from sextant_shared.models.declaration.chemical import Substance
from sextant_shared.models.declaration.heading import (
    Code,
    Day,
    Files,
    LongText,
    StateCode,
    Text,
    Year,
    YearlyBase,
)
from sextant_shared.models.declaration.site import Address, Latitude, Longitude, Span
from sextant_shared.models.strict import Deferred

Category = Annotated[int, Field(ge=1, le=3)]
"""Category of chemical weapons. [IV(A).16]"""
Form = Literal["MUNITION", "SUBMUNITION", "DEVICE", "EQUIPMENT", "BULK_CONTAINER"]
Count = Annotated[int, Field(ge=0)]


class Position(Deferred):
    """Where something is, as Articles III to V ask for it: WGS 84 degrees as decimal strings."""

    latitude: Latitude
    """Degrees north. [IV(A).1(b)]"""
    longitude: Longitude
    """Degrees east. [IV(A).1(b)]"""
    address: Address | None = None
    """The address, where there is one. [IV(A).30]"""
    description: Annotated[str, Field(max_length=2000)] | None = None
    """What else helps to find it, such as the nearest place and how the area is bounded."""


class FacilityBlock(Deferred):
    """A facility that Articles III to V ask for."""

    facility_code: Code
    """The State's stable code of the facility; never reused."""
    name: Text
    """Name of the facility. [IV(A).1(b), V.1]"""
    position: Position
    """Precise location. [IV(A).1(b), V.1]"""
    diagrams: Files = Field(default_factory=list)
    """Site diagrams: boundaries, buildings, bunkers and stores. [IV(A).1(b), V.1(g)]"""


class WeaponChemical(Substance):
    """A chemical of chemical weapons; it need not stand in a schedule (IV(A).2)."""

    schedule: Literal["1A", "1B", "2A", "2A*", "2B", "3A", "3B"] | None = None
    """Part of the schedules; blank: it stands in none. [IV(A).2]"""
    entry: Annotated[int, Field(ge=1, le=99)] | None = None
    """Number of the entry within the part. [IV(A).2]"""
    toxicity: Annotated[str, Field(max_length=500)] | None = None
    """Toxicity of a chemical that stands in no schedule, or of a precursor's final product.
    [IV(A).2]"""
    final_product: Text | None = None
    """For a precursor: the principal final product of its reaction. [IV(A).2]"""


class Component(Deferred):
    """One chemical of a mixture, with its share (IV(A).2)."""

    chemical: WeaponChemical
    """The chemical. [IV(A).2]"""
    share: MaybeShare = None
    """Its share of the mixture by weight; of a pure fill: its purity, if known. [IV(A).2]"""


class Filled(Deferred):
    """Chemical weapons of one type and one fill, in munitions, devices or containers (IV(A).2)."""

    code: Code
    """The State's stable code of this line of the inventory; never reused."""
    category: Category
    """Category 1, 2 or 3. [IV(A).16]"""
    form: Form
    """Munition, sub-munition, device, equipment or bulk container. [IV(A).2]"""
    type: Text
    """Type of the munition, device or container. [IV(A).2]"""
    calibre: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """Calibre or size. [IV(A).2]"""
    count: Count | None = None
    """Number of items; blank: not known. [IV(A).2]"""
    contents: Annotated[list[Component], Field(min_length=1, max_length=20)]
    """The fill: one chemical, or each of a mixture. [IV(A).2]"""
    nominal_fill: MaybeAmount = None
    """Nominal weight of the fill in one item. [IV(A).2]"""
    total_weight: MaybeAmount = None
    """Weight of the fill in all items. [IV(A).2]"""


class Unfilled(Deferred):
    """Munitions, devices or equipment of one type without a fill (IV(A).3)."""

    code: Code
    """The State's stable code of this line of the inventory; never reused."""
    category: Category
    """Category: 3, as a rule. [IV(A).16]"""
    form: Form
    """Munition, sub-munition, device, equipment or bulk container. [IV(A).3]"""
    type: Text
    """Type. [IV(A).3]"""
    calibre: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """Calibre or size. [IV(A).3]"""
    count: Count | None = None
    """Number of items; blank: not known. [IV(A).3]"""
    fill_volume: MaybeVolume = None
    """Nominal fill volume of one item. [IV(A).3]"""
    intended_fill: Text | None = None
    """Chemical that it was meant for. [IV(A).3]"""


class StorageFacility(FacilityBlock):
    """A storage facility with its inventory (IV(A).1-3)."""

    filled: Annotated[list[Filled], Field(max_length=5000)] = Field(default_factory=list)
    """Chemicals, in munitions, devices and containers. [IV(A).2]"""
    unfilled: Annotated[list[Unfilled], Field(max_length=5000)] = Field(default_factory=list)
    """Unfilled munitions, devices and equipment. [IV(A).3]"""


class DestructionBase(YearlyBase):
    """The heading of what is declared for one annual destruction period (Articles IV and V)."""

    reporting_year: Year
    """The calendar year in which the annual destruction period begins. [IV(A).29, V.8]"""
    period: Span
    """The annual destruction period, which need not be a calendar year. [IV(A).29, V.8]"""


class PhaseSpan(Deferred):
    """When a facility is built, tested, at work or inactive (IV(A).29)."""

    phase: Literal[
        "DESIGN", "CONSTRUCTION", "INSTALLATION", "CHECKOUT", "TRAINING", "OPERATION", "INACTIVITY"
    ]
    """What happens. [IV(A).29]"""
    period: Span
    """From when to when. [IV(A).29]"""


class Completion(Deferred):
    """What all certificates say (IV(7)(c), V(9)(c))."""

    completed_on: Day
    """Day on which the destruction was completed. [IV(7)(c), V(9)(c)]"""
    statement: LongText
    """The certification, in the State's own words. [IV(7)(c), V(9)(c)]"""


class FoundWeapons(Deferred):
    """Old or abandoned chemical weapons of one type at one place (IV(B).3, IV(B).8-10)."""

    code: Code
    """The State's stable code of this find; never reused."""
    position: Position
    """Where they are. [IV(B).3, IV(B).8]"""
    form: Form
    """Munition, sub-munition, device, equipment or bulk container. [IV(B).3, IV(B).8]"""
    type: Text
    """Type. [IV(B).3, IV(B).8]"""
    calibre: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """Calibre or size. [IV(B).3]"""
    count: Count | None = None
    """Number of items; blank: not known. [IV(B).3, IV(B).8]"""
    contents: Annotated[list[Component], Field(max_length=20)] = Field(default_factory=list)
    """The fill, as far as it is known. [IV(B).3, IV(B).8]"""
    quantity: MaybeAmount = None
    """Weight of the fill in all items. [IV(B).3, IV(B).8]"""
    condition: LongText
    """Their condition, such as corroded, leaking or fuzed. [IV(B).3, IV(B).8]"""
    evidence: Files = Field(default_factory=list)
    """Photographs, X-ray pictures and reports. [IV(B).3]"""


class ForeignPlace(Deferred):
    """A place at which a State's chemical weapons, or equipment, are known to be."""

    state_code: StateCode
    """The State on whose territory it is. [III(1)(a)(iii)]"""
    description: Text
    """Where it is there, as far as it is known. [III(1)(a)(iii)]"""
