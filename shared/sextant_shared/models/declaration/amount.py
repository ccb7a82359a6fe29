"""A declared amount, or one of the ways in which there is none."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sextant_shared.models.strict import Strict

KG_PER_TONNE = 1000


class Amount(Strict):
    """A mass of the pure scheduled chemical.

    Either `value` (a decimal string) with `unit`, where "0" is a measured zero, or `nothing`, which
    says why no amount stands here: `nil` (there was no such activity), `not-applicable` (the
    question does not arise) or `unknown` (it should be known, and is not). Blank is the absence of
    the whole member, and is a finding where the treaty asks for an amount.
    """

    value: Annotated[str, Field(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$")] | None = None
    unit: Literal["t", "kg", "g", "t/a"] | None = None
    nothing: Literal["nil", "not-applicable", "unknown"] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        measured = self.value is not None and self.unit is not None
        if measured == (self.nothing is not None) or (self.value is None) != (self.unit is None):
            raise ValueError("give value and unit, or nothing, and not both")
        return self

    @property
    def kilograms(self) -> Decimal | None:
        """The amount in kilograms: zero for nil, None when it is not known or does not apply."""
        if self.nothing is not None:
            return Decimal(0) if self.nothing == "nil" else None
        factor = {"kg": Decimal(1), "g": Decimal("0.001")}.get(str(self.unit), KG_PER_TONNE)
        return Decimal(self.value or "0") * factor

    @property
    def text(self) -> str:
        """The amount as it is shown to people."""
        return self.nothing or f"{self.value} {self.unit}"


MaybeAmount = Amount | None
