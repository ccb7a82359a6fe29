"""What the rules take from memory or practice rather than from the treaty's text.

Each member says where it comes from; none of them may become a constant in a rule.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from sextant_shared.models.strict import Strict


class RulePolicy(Strict):
    """Configuration of the rule pack; its values are part of the pack's digest."""

    max_significant_digits: Annotated[
        int, Field(description="[M] C-I/DEC.15, remembered as three significant digits")
    ] = 6
    capacity_factor: Annotated[
        Decimal, Field(description="[P] produced may exceed the stated capacity by a tenth")
    ] = Decimal("1.1")
    sum_tolerance: Annotated[
        Decimal, Field(description="[P] relative difference that rounding explains")
    ] = Decimal("0.005")
    less_than_allowed: Annotated[
        bool, Field(description="[M/U] C-7/DEC.14: country rows may say less than the threshold")
    ] = True
    non_party_export_needs_certificate: Annotated[
        bool, Field(description="[T] VIII.26; switchable while the transfer regime is modelled")
    ] = True


DEFAULT_POLICY = RulePolicy()
