"""Schedule 1 facilities and transfers (Verification Annex Part VI). Amounts are in grams there."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sextant_shared.models.declaration.amount import Amount, MaybeAmount, Volume
from sextant_shared.models.declaration.chemical import Chemical, Schedule1Chemical
from sextant_shared.models.declaration.heading import (
    About,
    Code,
    Day,
    EventBase,
    Files,
    LongText,
    PurposeCode,
    StateCode,
    Text,
    YearlyBase,
)
from sextant_shared.models.declaration.site import Address, Span
from sextant_shared.models.strict import Deferred

FacilityType = Literal["S1_SSSF", "S1_PROTECTIVE", "S1_RMP"]


class Facility(Deferred):
    """A Schedule 1 facility: the single small-scale facility, or one outside it (VI.8-11)."""

    facility_code: Code
    """The State's stable code of the facility; never reused."""
    facility_type: FacilityType
    """Small-scale, protective, or research, medical and pharmaceutical. [VI.8, VI.10-11]"""
    name: Text
    """Name of the facility. [VI.13, VI.17]"""
    owner_operator: Text
    """Who operates it. [VI.13, VI.17]"""
    address: Address
    """Where it is. [VI.13, VI.17]"""


class Reactor(Deferred):
    """A reaction vessel of the small-scale facility (VI.9, VI.13)."""

    name: Text
    """Its name or number. [VI.13]"""
    volume: Volume
    """Its volume. [VI.9]"""


class TechnicalDescription(Deferred):
    """What the facility looks like and contains (VI.13, VI.17)."""

    text: LongText
    """Technical description. [VI.13]"""
    equipment: Annotated[list[Text], Field(max_length=1000)] = Field(default_factory=list)
    """Inventory of equipment, beside the reactors. [VI.13]"""
    reactors: Annotated[list[Reactor], Field(max_length=500)] = Field(default_factory=list)
    """Reaction vessels with their volumes. [VI.9, VI.13]"""
    diagrams: Files = Field(default_factory=list)
    """Diagrams. [VI.13]"""


class FacilityInitial(EventBase):
    """What both initial declarations of facilities share.

    `event_date` is the day of entry into force, or, for a new facility, of its first operation.
    """

    facility: Facility
    """The facility. [VI.13, VI.17]"""
    is_new: bool
    """Whether it comes into operation after entry into force: then 180 days ahead. [VI.13]"""
    description: TechnicalDescription
    """Technical description. [VI.13, VI.17]"""


class SssfInitial(FacilityInitial):
    """Single small-scale facility: initial declaration."""

    about: ClassVar[About] = About("VI.13", "once")

    kind: Literal["S1_SSSF_INITIAL"]


class OtherInitial(FacilityInitial):
    """Other Schedule 1 facility: initial declaration."""

    about: ClassVar[About] = About("VI.17", "once")

    kind: Literal["S1_OTHER_INITIAL"]


class FacilityChange(EventBase):
    """What both notices of planned changes share; `event_date` is the day of the change."""

    facility: Facility
    """The facility. [VI.14, VI.18]"""
    changes: LongText
    """What will change. [VI.14, VI.18]"""
    description: TechnicalDescription | None = None
    """The technical description as it will be then. [VI.14, VI.18]"""


class SssfChange(FacilityChange):
    """Single small-scale facility: planned change."""

    about: ClassVar[About] = About("VI.14", "event")

    kind: Literal["S1_SSSF_CHANGE"]


class OtherChange(FacilityChange):
    """Other Schedule 1 facility: planned change."""

    about: ClassVar[About] = About("VI.18", "event")

    kind: Literal["S1_OTHER_CHANGE"]


class Precursor(Deferred):
    """A scheduled chemical used to make one of Schedule 1 (VI.15(a), VI.19(a))."""

    chemical: Chemical
    """The precursor, from Schedules 1 to 3. [VI.15(a)(iii)]"""
    quantity: MaybeAmount = None
    """Quantity used. [VI.15(a)(iii)]"""


class Consumption(Deferred):
    """What a Schedule 1 chemical was consumed for (VI.15(a)(iv))."""

    quantity: MaybeAmount = None
    """Quantity consumed. [VI.15(a)(iv)]"""
    purpose: PurposeCode
    """Purpose, from the list of purposes. [VI.15(a)(iv)]"""


class Movement(Deferred):
    """A receipt from, or a shipment to, another facility in the same State (VI.15(a)(v))."""

    direction: Literal["RECEIVED", "SHIPPED"]
    """Which way. [VI.15(a)(v)]"""
    quantity: MaybeAmount = None
    """Quantity. [VI.15(a)(v)]"""
    counterpart: Text
    """The other facility. [VI.15(a)(v)]"""
    purpose: PurposeCode
    """Purpose, from the list of purposes. [VI.15(a)(v)]"""


class S1Chemical(Deferred):
    """One Schedule 1 chemical at one facility, in the reporting year (VI.15, VI.19)."""

    chemical: Schedule1Chemical
    """The chemical. [VI.15(a)(i)]"""
    methods: Annotated[str, Field(min_length=1, max_length=5000)] | None = None
    """Methods employed; for the small-scale and the protective facility. [VI.15(a), VI.19(a)]"""
    produced: MaybeAmount = None
    """Quantity produced. [VI.15(a)(ii)]"""
    precursors: Annotated[list[Precursor], Field(max_length=100)] = Field(default_factory=list)
    """Precursors used. [VI.15(a)(iii)]"""
    consumed: Annotated[list[Consumption], Field(max_length=100)] = Field(default_factory=list)
    """Quantities consumed, with purposes. [VI.15(a)(iv)]"""
    movements: Annotated[list[Movement], Field(max_length=500)] = Field(default_factory=list)
    """Receipts and shipments within the State. [VI.15(a)(v)]"""
    max_stored: MaybeAmount = None
    """Largest quantity stored at any time of the year. [VI.15(a)(vi)]"""
    stored_at_year_end: MaybeAmount = None
    """Quantity stored at the end of the year. [VI.15(a)(vi)]"""


class FacilityAdpa(YearlyBase):
    """What both declarations of a facility's past activities share."""

    facility: Facility
    """The facility. [VI.15, VI.19]"""
    chemicals: Annotated[list[S1Chemical], Field(max_length=500)]
    """Its Schedule 1 chemicals. [VI.15(a)]"""
    changes: Annotated[str, Field(min_length=1, max_length=5000)] | None = None
    """Changes against the technical description. [VI.15(b)]"""


class SssfAdpa(FacilityAdpa):
    """Single small-scale facility: past activities."""

    about: ClassVar[About] = About("VI.15", "past")

    kind: Literal["S1_SSSF_ADPA"]


class OtherAdpa(FacilityAdpa):
    """Other Schedule 1 facility: past activities."""

    about: ClassVar[About] = About("VI.19", "past")

    kind: Literal["S1_OTHER_ADPA"]


class S1Plan(Deferred):
    """One Schedule 1 chemical as planned for the year ahead (VI.16, VI.20)."""

    chemical: Schedule1Chemical
    """The chemical. [VI.16(a)]"""
    anticipated: MaybeAmount = None
    """Quantity planned to be produced. [VI.16(a)]"""
    purposes: Annotated[list[PurposeCode], Field(max_length=5)]
    """Purposes, from their list. [VI.16(a)]"""
    periods: Annotated[list[Span], Field(max_length=50)] = Field(default_factory=list)
    """When; asked of facilities outside the small-scale one. [VI.20(a)]"""


class FacilityAdaa(YearlyBase):
    """What both declarations of a facility's anticipated activities share."""

    facility: Facility
    """The facility. [VI.16, VI.20]"""
    chemicals: Annotated[list[S1Plan], Field(max_length=500)]
    """What is planned. [VI.16(a)]"""
    changes: Annotated[str, Field(min_length=1, max_length=5000)] | None = None
    """Anticipated changes of the facility. [VI.16(b)]"""


class SssfAdaa(FacilityAdaa):
    """Single small-scale facility: anticipated activities."""

    about: ClassVar[About] = About("VI.16", "ahead")

    kind: Literal["S1_SSSF_ADAA"]


class OtherAdaa(FacilityAdaa):
    """Other Schedule 1 facility: anticipated activities."""

    about: ClassVar[About] = About("VI.20", "ahead")

    kind: Literal["S1_OTHER_ADAA"]


class Party(Deferred):
    """Who sends or receives a Schedule 1 chemical (VI.6(b))."""

    name: Text
    """Name of the facility or institution. [VI.6(b)]"""
    address: Address
    """Its address. [VI.6(b)]"""


class TransferNotice(EventBase):
    """What both notices of one transfer share; `event_date` is the planned day (VI.5)."""

    sending_state: StateCode
    """State that sends. [VI.3, VI.5]"""
    receiving_state: StateCode
    """State that receives; it may not transfer it on. [VI.4-5]"""
    chemical: Schedule1Chemical
    """The chemical. [VI.5]"""
    quantity: Amount
    """Quantity to be transferred. [VI.5]"""
    sender: Party
    """Who sends. [VI.5]"""
    recipient: Party
    """Who receives. [VI.6(b)]"""
    purpose: PurposeCode
    """Purpose, from the list of purposes. [VI.3]"""


class S1TransferNotif(TransferNotice):
    """Schedule 1: notice of one transfer."""

    about: ClassVar[About] = About("VI.5", "event")

    kind: Literal["S1_TRANSFER_NOTIF"]


class S1TransferNotifStx(TransferNotice):
    """Schedule 1: notice of one transfer of saxitoxin, for medical or diagnostic purposes."""

    about: ClassVar[About] = About("VI.5 bis", "event")

    kind: Literal["S1_TRANSFER_NOTIF_STX"]


class StateQuantity(Deferred):
    """What was acquired from, or transferred to, one State in the year (VI.6(a))."""

    state_code: StateCode
    """The other State. [VI.6]"""
    quantity: MaybeAmount = None
    """Quantity of the year. [VI.6]"""


class Transfer(Deferred):
    """One transfer of the year (VI.6(b))."""

    direction: Literal["RECEIVED", "SENT"]
    """Which way. [VI.6(b)]"""
    state_code: StateCode
    """The other State. [VI.6(b)]"""
    day: Day
    """Day of the transfer. [VI.6(b)]"""
    quantity: Amount
    """Quantity. [VI.6(b)]"""
    recipient: Text
    """Who received it. [VI.6(b)]"""
    purpose: PurposeCode
    """Purpose, from the list of purposes. [VI.6(b)]"""


class S1TransferRecord(Deferred):
    """All transfers of one chemical in the year (VI.6)."""

    chemical: Schedule1Chemical
    """The chemical. [VI.6(a)]"""
    acquired: Annotated[list[StateQuantity], Field(max_length=300)] = Field(default_factory=list)
    """Quantities acquired, by State. [VI.6(a)]"""
    transferred: Annotated[list[StateQuantity], Field(max_length=300)] = Field(default_factory=list)
    """Quantities transferred, by State. [VI.6(a)]"""
    transfers: Annotated[list[Transfer], Field(max_length=2000)] = Field(default_factory=list)
    """Each transfer. [VI.6(b)]"""


class S1TransferAnnual(YearlyBase):
    """Schedule 1: detailed list of the year's transfers."""

    about: ClassVar[About] = About("VI.6", "past")

    kind: Literal["S1_TRANSFER_ANNUAL"]
    records: Annotated[list[S1TransferRecord], Field(min_length=1, max_length=200)]
    """One record for each chemical. [VI.6]"""
