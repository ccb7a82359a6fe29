"""The units of systemd: nothing in them that systemd does not know, and little they may do."""

import re
import subprocess
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from sextant_audit.settings import AuditSettings
from sextant_audit.signer.settings import SignerSettings
from sextant_declarations.settings import DeclarationsSettings
from sextant_exchange.settings import ExchangeSettings
from tests.support.debian import NoProgramError, installed
from tests.support.vectors import IN_CI, ROOT

FOLDER = ROOT / "deploy" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
SETTINGS: dict[str, type[BaseSettings]] = {
    "sextant-signer": SignerSettings,
    "sextant-audit": AuditSettings,
    "sextant-exchange": ExchangeSettings,
    "sextant-declarations": DeclarationsSettings,
}
WORST = 20  # of 100: systemd's own word for it is OK
GRACE_S = 10  # in which a service finishes what is under way


def systemd_analyze(*words: str) -> str:
    """Return status and words of systemd's checker; without it skip, in CI fail."""
    try:
        (program,) = installed(("systemd-analyze",), ("systemd",))
    except NoProgramError as error:
        if IN_CI:
            pytest.fail(f"systemd-analyze is needed in CI: {error}")
        pytest.skip(str(error))
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("path", [*UNITS, FOLDER / "sextant.target"], ids=lambda path: path.name)
def test_systemd_understands_every_line(path: Path, tmp_path: Path) -> None:
    for unit in FOLDER.iterdir():
        text = unit.read_text().replace("/opt/sextant/bin/python", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    said = systemd_analyze("verify", "--man=no", str(tmp_path / path.name))
    # A misspelt line is a warning, and the status stays 0: any word is one too many.
    assert [line for line in said.splitlines()[1:] if "sextant" in line] == []


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_service_may_do_little(path: Path) -> None:
    said = systemd_analyze("security", "--offline=true", f"--threshold={WORST}", str(path))
    assert said.startswith("0\n"), said[-2000:]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_variable_is_a_setting_and_every_secret_a_credential(path: Path) -> None:
    model = SETTINGS[path.stem]
    prefix = str(model.model_config["env_prefix"])
    variables = dict(
        re.findall(r"^Environment=([A-Z0-9_]+)=(\S+)$", path.read_text(), re.MULTILINE)
    )
    known = {f"{prefix}{name}".upper() for name in model.model_fields}
    assert variables[f"{prefix}ENVIRONMENT"] == "production"
    assert variables.keys() - known == set()
    secrets = {value.removeprefix("%d/") for value in variables.values() if "%d/" in value}
    assert secrets == set(
        re.findall(r"^LoadCredential=([^:]+):/etc/sextant/secrets/", path.read_text(), re.MULTILINE)
    )


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_stop_waits_for_what_is_under_way(path: Path) -> None:
    (wait,) = re.findall(r"^TimeoutStopSec=(\d+)$", path.read_text(), re.MULTILINE)
    assert int(wait) > GRACE_S
