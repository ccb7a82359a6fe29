"""Declared quantities, or one of the ways in which there is none."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sextant_shared.models.strict import Deferred

_KG = {"t": Decimal(1000), "kg": Decimal(1), "g": Decimal("1e-3"), "mg": Decimal("1e-6")}


class Quantity(Deferred):
    """What all quantities share: a decimal string with its unit, or the reason why there is none.

    Either `value` with `unit`, where "0" is a measured zero, or `nothing`: `nil` (there was no such
    activity), `not-applicable` (the question does not arise) or `unknown` (it should be known, and
    is not). Blank is the absence of the whole member, and is a finding where the treaty asks.
    """

    value: Annotated[str, Field(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$")] | None = None
    """The number as a decimal string; "0" is a measured zero."""
    unit: str | None = None
    """Its unit."""
    nothing: Literal["nil", "not-applicable", "unknown"] | None = None
    """Why there is no number: no such activity, the question does not arise, or not known."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        measured = self.value is not None and self.unit is not None
        if measured == (self.nothing is not None) or (self.value is None) != (self.unit is None):
            raise ValueError("give value and unit, or nothing, and not both")
        return self

    @property
    def number(self) -> Decimal | None:
        """The number in its own unit: zero for nil, None when not known or not applicable."""
        if self.nothing is not None:
            return Decimal(0) if self.nothing == "nil" else None
        return Decimal(self.value or "0")

    @property
    def text(self) -> str:
        """The quantity as it is shown to people."""
        return self.nothing or f"{self.value} {self.unit}"


class Amount(Quantity):
    """A mass of the pure chemical: grams for Schedule 1 (saxitoxin in mg), else tonnes or kg."""

    unit: Literal["t", "kg", "g", "mg"] | None = None

    @property
    def kilograms(self) -> Decimal | None:
        """The amount in kilograms: zero for nil, None when it is not known or does not apply."""
        number = self.number
        return None if number is None else number * _KG.get(self.unit or "kg", Decimal(1))


class Capacity(Quantity):
    """What a plant can make in a year: nameplate capacity, else design capacity (II(10))."""

    unit: Literal["t/a", "kg/a"] | None = None

    @property
    def kilograms(self) -> Decimal | None:
        """The kilograms of one year; None when it is not known or does not apply."""
        number = self.number
        return None if number is None else number * (1000 if self.unit == "t/a" else 1)


class Volume(Quantity):
    """A volume, such as a reactor's (VI.9)."""

    unit: Literal["L", "m3"] | None = None

    @property
    def litres(self) -> Decimal | None:
        """The litres; None when the volume is not known or does not apply."""
        number = self.number
        return None if number is None else number * (1000 if self.unit == "m3" else 1)


class Share(Quantity):
    """A share by weight, such as a purity or one chemical's part of a mixture (IV(A).2)."""

    unit: Literal["%"] | None = None


class Money(Quantity):
    """A sum of money in the currency of its unit, ISO 4217 (X(7)(a))."""

    unit: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None


MaybeAmount = Amount | None
MaybeCapacity = Capacity | None
MaybeVolume = Volume | None
MaybeShare = Share | None
MaybeMoney = Money | None
