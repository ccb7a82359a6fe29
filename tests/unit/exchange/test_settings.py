"""Every setting has a reason, and the room's page names it."""

from pathlib import Path

import pytest

from sextant_exchange.settings import ExchangeSettings
from sextant_shared.chassis.settings import ServiceSettings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "limits.md"
OWN = sorted(set(ExchangeSettings.model_fields) - set(ServiceSettings.model_fields))


@pytest.mark.parametrize("name", OWN)
def test_a_setting_says_why_it_is_there_and_stands_in_the_page(name: str) -> None:
    assert ExchangeSettings.model_fields[name].description
    assert f"`{name.upper()}`" in PAGE.read_text(encoding="utf-8")


def test_no_limit_is_switched_off_by_default() -> None:
    fields = ExchangeSettings.model_fields
    numbers = [
        fields[name].default for name in OWN if isinstance(fields[name].default, int | float)
    ]
    assert len(numbers) > 10
    assert all(number > 0 for number in numbers)
