"""Every setting has a reason, and the room's page names it."""

from pathlib import Path

import pytest

from sextant_exchange.settings import ExchangeSettings
from sextant_shared.chassis.settings import ServiceSettings

README = Path(__file__).parents[3] / "services" / "exchange" / "README.md"
OWN = sorted(set(ExchangeSettings.model_fields) - set(ServiceSettings.model_fields))


@pytest.mark.parametrize("name", OWN)
def test_a_setting_says_why_it_is_there_and_stands_in_the_readme(name: str) -> None:
    assert ExchangeSettings.model_fields[name].description
    assert f"`{name.upper()}`" in README.read_text()


def test_no_limit_is_switched_off_by_default() -> None:
    fields = ExchangeSettings.model_fields
    numbers = [
        fields[name].default for name in OWN if isinstance(fields[name].default, int | float)
    ]
    assert len(numbers) > 10
    assert all(number > 0 for number in numbers)
