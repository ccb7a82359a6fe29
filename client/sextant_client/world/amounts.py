"""How a true mass becomes a declared figure: rounded as the State rounds, in its unit."""

from typing import Any

GRAMS_PER_TONNE = 10**6
GRAMS_PER_KILOGRAM = 1000
NIL = {"nothing": "nil"}
NOT_APPLICABLE = {"nothing": "not-applicable"}


def rounded(grams: int, digits: int) -> int:
    """Return `grams` with so many significant digits, halves away from zero."""
    surplus = len(str(grams)) - digits
    if surplus <= 0:
        return grams
    step = int(10**surplus)
    return (grams + step // 2) // step * step


def tonnes(grams: int) -> str:
    """Return grams in tonnes, as an exact decimal."""
    return _decimal(grams, GRAMS_PER_TONNE, 6)


def in_tonnes(grams: int) -> dict[str, Any]:
    """Return an `Amount` in tonnes."""
    return {"value": tonnes(grams), "unit": "t"}


def amount(grams: int, schedule: str) -> dict[str, Any]:
    """Return an `Amount`: kilograms for Schedule 2A, where tonnes would be tiny, else tonnes."""
    if schedule.startswith("2A"):
        return {"value": _decimal(grams, GRAMS_PER_KILOGRAM, 3), "unit": "kg"}
    return in_tonnes(grams)


def grams_text(milligrams: int) -> str:
    """Return milligrams in grams, as an exact decimal."""
    return _decimal(milligrams, 1000, 3)


def _decimal(number: int, unit: int, places: int) -> str:
    whole, part = divmod(number, unit)
    return f"{whole}.{part:0{places}d}".rstrip("0").rstrip(".") if part else str(whole)
