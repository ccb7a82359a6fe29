"""Every setting has a reason, and the room's page names it."""

from pathlib import Path

import pytest

from sextant_exchange.settings import ExchangeSettings
from sextant_shared.chassis.settings import ServiceSettings, load_settings
from sextant_shared.errors import PlatformError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "limits.md"
OWN = sorted(set(ExchangeSettings.model_fields) - set(ServiceSettings.model_fields))


@pytest.mark.parametrize("name", OWN)
def test_a_setting_says_why_it_is_there_and_stands_in_the_page(name: str) -> None:
    assert ExchangeSettings.model_fields[name].description
    assert f"`{name.upper()}`" in PAGE.read_text(encoding="utf-8")


def test_no_limit_is_switched_off_by_default() -> None:
    fields = ExchangeSettings.model_fields
    numbers = [
        default
        for name in OWN
        if isinstance(default := fields[name].default, int | float) and default is not False
    ]
    assert len(numbers) > 10
    assert all(number > 0 for number in numbers)


def test_drills_and_production_do_not_start_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = {
        "DATA_DIR": tmp_path,
        "PORT": "1",
        "BASE_URL": "http://exchange.example",
        "AUDIT_URL": "http://audit.example",
        "SCENARIOS": "true",
        **dict.fromkeys(
            ("ISSUER_KEY_FILE", "REGISTRARS_FILE", "AUDIT_KEY_FILE", "LOG_FILE"), tmp_path / "x"
        ),
    }
    for name, value in given.items():
        monkeypatch.setenv(f"SEXTANT_EXCHANGE_{name}", str(value))
    assert load_settings(ExchangeSettings).scenarios
    monkeypatch.setenv("SEXTANT_EXCHANGE_ENVIRONMENT", "production")
    with pytest.raises(PlatformError, match="never for production"):
        load_settings(ExchangeSettings)
