"""Figures as the rules compare them, in kilograms as decimals, and as they show them."""

from decimal import Decimal

from sextant_shared.models.declaration.amount import Amount
from sextant_shared.models.declaration.chemical import Substance
from sextant_shared.rules.policy import RulePolicy

NONE = Decimal(0)
_UNIT = Decimal(1000)  # from each unit of mass to the next


def key(chemical: Substance) -> str:
    """Return by what the same chemical is found in another declaration."""
    return chemical.cas or chemical.structure or chemical.name.casefold()


def known(amount: Amount | None) -> Decimal | None:
    """Return an amount in kilograms; None when it is blank, unknown or not applicable."""
    return amount.kilograms if amount else None


def kilograms(amount: Amount | None) -> Decimal:
    """Return an amount in kilograms; what is blank, unknown or not applicable counts as none."""
    return (amount.kilograms if amount else None) or NONE


def shown(kg: Decimal) -> str:
    """Return a mass as a finding shows it: in tonnes from one tonne on, without needless zeros."""
    number, unit = (kg / _UNIT, "t") if abs(kg) >= _UNIT else (kg, "kg")
    return f"{number.normalize():f} {unit}"


def near(one: Decimal, other: Decimal, policy: RulePolicy) -> Decimal:
    """Return the difference that rounding explains between two figures."""
    return policy.sum_tolerance * (abs(one) + abs(other))


def is_slip(one: Decimal, other: Decimal, policy: RulePolicy) -> bool:
    """Return whether two figures differ by a thousand or so, as kilograms entered as tonnes do."""
    low, high = sorted((one, other))
    if low <= NONE:
        return False
    return _UNIT / policy.slip_spread <= high / low <= _UNIT * policy.slip_spread


def folded(text: str) -> str:
    """Return a name as it is compared: without regard to case and spacing."""
    return " ".join(text.casefold().split())


def in_grams(kg: Decimal) -> str:
    """Return a mass of a Schedule 1 chemical as a finding shows it."""
    return f"{(kg * _UNIT).normalize():f} g"
