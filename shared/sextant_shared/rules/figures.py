"""Figures as the rules compare and show them: kilograms, as decimals."""

from decimal import Decimal

from sextant_shared.models.declaration.amount import Amount

NONE = Decimal(0)


def kilograms(amount: Amount | None) -> Decimal:
    """Return an amount in kilograms; what is blank, unknown or not applicable counts as none."""
    return (amount.kilograms if amount else None) or NONE


def shown(kg: Decimal) -> str:
    """Return a mass as a finding shows it, in kilograms without needless zeros."""
    return f"{kg.normalize():f} kg"
