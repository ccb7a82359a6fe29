"""`python -m sextant_declarations`: settings are told, or refused by name."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sextant_declarations.app import create_app
from sextant_declarations.settings import DeclarationsSettings
from sextant_shared.chassis.serving import run_service
from sextant_shared.chassis.settings import load_settings
from sextant_shared.errors import PlatformError

pytestmark = pytest.mark.anyio
PREFIX = "SEXTANT_DECLARATIONS_"


def settings(folder: Path) -> dict[str, str]:
    return {
        "DATA_DIR": str(folder),
        "PORT": "8302",
        "BASE_URL": "http://127.0.0.1:8302",
        "TRUST_FILE": "trust.json",
        "EXCHANGE_URL": "http://127.0.0.1:8301",
        "EXCHANGE_CLIENT_ID": "SEC/worker-1",
        "EXCHANGE_KEY_FILE": "api.json",
        "AUDIT_URL": "http://127.0.0.1:8303",
        "AUDIT_CLIENT_ID": "secretariat",
        "AUDIT_KEY_FILE": "audit.json",
        "SEALING_KEY_FILES": '["seal-1.json", "seal-2.json"]',
        "SIGNING_KEY_FILES": '["ed25519.json", "ml-dsa.json"]',
        "STATES": '{"INT-1": "XIN"}',
    }


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings that fit; what a test changes in them is in the environment when it runs."""
    values = settings(tmp_path)
    for name, value in values.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    return values


def run(arguments: list[str]) -> int:
    return run_service("sextant_declarations", DeclarationsSettings, create_app, arguments)


def test_the_module_tells_its_settings(tmp_path: Path) -> None:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SEXTANT_")}  # noqa: TID251
    chosen = {f"{PREFIX}{name}": value for name, value in settings(tmp_path).items()}
    for name in re.findall(r"[a-z0-9-]+\.json", " ".join(chosen.values())):
        (tmp_path / name).touch()
    done = subprocess.run(
        [sys.executable, "-m", "sextant_declarations", "check-config"],
        env={**inherited, **chosen},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "seal-2.json" in done.stdout
    assert "states = {'INT-1': 'XIN'}" in done.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_LEASE", "3"),
        ("ISOLATION", "none"),
        ("WAIT_S", "0"),
        ("SIGNING_KEY_FILES", '["one.json"]'),
    ],
)
@pytest.mark.usefixtures("chosen")
def test_a_setting_that_does_not_fit_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}{name}", value)
    assert run(["check-config"]) == 1
    assert name in capsys.readouterr().err.upper()


@pytest.mark.usefixtures("chosen")
async def test_a_missing_trust_file_stops_the_service_with_its_name() -> None:
    app = create_app(load_settings(DeclarationsSettings))
    with pytest.raises(PlatformError, match=r"trust\.json"):
        async with app.router.lifespan_context(app):
            pytest.fail("the service started without trust")
