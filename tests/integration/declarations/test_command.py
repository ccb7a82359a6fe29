"""`python -m sextant_declarations`: settings are told, or refused by name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def run(command: str, chosen: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SEXTANT_")}  # noqa: TID251
    return subprocess.run(
        [sys.executable, "-m", "sextant_declarations", command],
        env={**inherited, **{f"{PREFIX}{name}": value for name, value in chosen.items()}},
        capture_output=True,
        text=True,
        check=False,
    )


def test_settings_are_told(tmp_path: Path) -> None:
    done = run("check-config", settings(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "seal-2.json" in done.stdout
    assert "states = {'INT-1': 'XIN'}" in done.stdout


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"MAX_LEASE": "3"}, "MAX_LEASE"),
        ({"ISOLATION": "none"}, "ISOLATION"),
        ({"SIGNING_KEY_FILES": '["one.json"]'}, "SIGNING_KEY_FILES"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(
    tmp_path: Path, change: dict[str, str], named: str
) -> None:
    done = run("check-config", {**settings(tmp_path), **change})
    assert done.returncode == 1
    assert named in done.stderr.upper()


def test_a_missing_key_file_stops_the_service_with_its_name(tmp_path: Path) -> None:
    done = run("serve", settings(tmp_path))
    assert done.returncode != 0
    assert "trust.json" in done.stderr
