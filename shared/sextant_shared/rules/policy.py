"""What the rules take from memory or practice rather than from the treaty's text.

Each member says where it comes from; none of them may become a constant in a rule.
"""

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from sextant_shared.models.strict import Strict


class RulePolicy(Strict):
    """Configuration of the rule pack; its values are part of the pack's digest."""

    max_significant_digits: Annotated[
        int, Field(description="[M] C-I/DEC.15, remembered as three significant digits")
    ] = 6
    units_schedule_1: Annotated[
        tuple[str, ...],
        Field(description="[N:DE 7(3)] Schedule 1 in grams; [P] saxitoxin in milligrams"),
    ] = ("g", "mg")
    units_schedules_2_3: Annotated[
        tuple[str, ...],
        Field(description="[N:DE 7(3)] Schedules 2 and 3 in tonnes; [P] small amounts in kg"),
    ] = ("t", "kg")
    convention_from: Annotated[
        dt.date, Field(description="[O] day on which the Convention entered into force")
    ] = dt.date(1997, 4, 29)
    schedule_2_closed_from: Annotated[
        dt.date, Field(description="[T] VII.31, three years later; [O] the day itself")
    ] = dt.date(2000, 4, 29)
    national_thresholds: Annotated[
        bool, Field(description="[M] C-7/DEC.14: national totals up to the threshold are not asked")
    ] = True
    activities_summed: Annotated[
        bool, Field(description="[U] whether the sum of activities counts for VII.3 is not said")
    ] = False
    retransfer_years: Annotated[
        int, Field(ge=1, description="[P] years back in which received Schedule 1 is looked for")
    ] = 3
    capacity_factor: Annotated[
        Decimal, Field(description="[P] produced may exceed the stated capacity by a tenth")
    ] = Decimal("1.1")
    sum_tolerance: Annotated[
        Decimal, Field(description="[P] relative difference that rounding explains")
    ] = Decimal("0.005")
    slip_spread: Annotated[
        Decimal,
        Field(gt=0, description="[P] a figure is a wrong unit within so much of a thousand"),
    ] = Decimal(2)
    excess_factor: Annotated[
        Decimal, Field(description="[P] national totals above so much of the sites' are told")
    ] = Decimal(2)
    small_producers: Annotated[
        int, Field(description="[P] so many Schedule 3 plants may lie below their threshold")
    ] = 10
    plan_factor: Annotated[
        Decimal, Field(gt=0, description="[P] what was done may be so much of the plan, or less")
    ] = Decimal(2)
    empty_plan_allowed: Annotated[
        bool, Field(description="[U] a site in the look-back without plans may say so by no plant")
    ] = True
    coordinate_tolerance: Annotated[
        Decimal, Field(description="[P] degrees; a map read again gives other coordinates")
    ] = Decimal("0.01")
    notice_days: Annotated[
        int, Field(description="[P] a transfer may take place so many days from the noticed one")
    ] = 45
    extracted: Annotated[
        tuple[str, ...],
        Field(description="[P] Schedule 1 toxins, extracted and not made from precursors"),
    ] = ("9009-86-3", "35523-89-8")
    swap_factor: Annotated[
        Decimal, Field(description="[P] imports within so much of last year's exports are swapped")
    ] = Decimal("1.5")
    history_years: Annotated[
        int, Field(ge=2, description="[P] own history shorter than this is no measure")
    ] = 5
    outlier_score: Annotated[
        Decimal, Field(description="[P] modified z-score of an outlier, on logarithms")
    ] = Decimal("3.5")
    outlier_floor: Annotated[
        Decimal, Field(gt=0, description="[P] least spread of a history, on logarithms")
    ] = Decimal("0.1")
    less_than_allowed: Annotated[
        bool, Field(description="[M/U] C-7/DEC.14: country rows may say less than the threshold")
    ] = True
    years_back: Annotated[
        int, Field(ge=3, description="[T] VII.3: filings of so many earlier years are compared")
    ] = 3
    years_ahead: Annotated[
        int, Field(ge=1, description="[T] VII.4(c): filings of so many later years are compared")
    ] = 1
    history_back: Annotated[
        int, Field(ge=5, description="[P] filings of the same kind are compared from so far back")
    ] = 10
    non_party_export_needs_certificate: Annotated[
        bool, Field(description="[T] VIII.26; switchable while the transfer regime is modelled")
    ] = True


DEFAULT_POLICY = RulePolicy()
