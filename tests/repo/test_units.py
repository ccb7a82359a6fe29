"""The units of systemd: nothing in them that systemd does not know, and little they may do."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from deploy.local.debian import NoProgramError, installed
from sextant_audit.settings import AuditSettings
from sextant_audit.signer.settings import SignerSettings
from sextant_declarations.settings import DeclarationsSettings
from sextant_exchange.settings import ExchangeSettings
from sextant_shared.chassis.serving import GRACEFUL_SHUTDOWN_S
from tests.support.vectors import IN_CI, ROOT

FOLDER = ROOT / "deploy" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
SETTINGS: dict[str, type[BaseSettings]] = {
    "sextant-signer": SignerSettings,
    "sextant-audit": AuditSettings,
    "sextant-exchange": ExchangeSettings,
    "sextant-declarations": DeclarationsSettings,
}


def room_of(path: Path) -> str:
    """Return the service whose settings a unit has: its own, or those of what it prepares."""
    return path.stem.removesuffix("-init").removesuffix("-refill").rstrip("@")


OF_ROOMS = [path for path in UNITS if room_of(path) in SETTINGS]
TIMERS = sorted(FOLDER.glob("*.timer"))
PROGRAMS = re.compile(r"/opt/sextant/bin/\w+|/usr/bin/pgbackrest|/usr/lib/postgresql/\S+")
WORST = 20  # of 100: systemd's own word for it is OK


@pytest.fixture(scope="module")
def unit_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of units as a machine has them, with a program that is there."""
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    for unit in folder.glob("*.service"):
        unit.write_text(PROGRAMS.sub("/bin/true", unit.read_text()))
    return folder


def systemd_analyze(units: Path, *words: str) -> str:
    """Return status and words of systemd's checker; without it skip, in CI fail."""
    try:
        (program,) = installed(("systemd-analyze",), ("systemd",))
    except NoProgramError as error:
        if IN_CI:
            pytest.fail(f"systemd-analyze is needed in CI: {error}")
        pytest.skip(str(error))
    environment = {"SYSTEMD_UNIT_PATH": f"{units}:"}  # the drop-in counts only on the path
    done = subprocess.run(
        [program, *words], env=environment, capture_output=True, text=True, check=False
    )
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize(
    "name", [path.name for path in (*UNITS, *TIMERS, FOLDER / "sextant.target")]
)
def test_systemd_understands_every_line(name: str, unit_path: Path) -> None:
    said = systemd_analyze(unit_path, "verify", "--man=no", name)
    # A misspelt line is a warning, and the status stays 0: any word is one too many.
    assert [
        line for line in said.splitlines()[1:] if "sextant" in line or "backup-of" in line
    ] == []


@pytest.mark.parametrize("name", [path.name for path in UNITS])
def test_a_service_may_do_little(name: str, unit_path: Path) -> None:
    # One reads the files of all services, and runs pgBackRest as the server's user.
    worst = WORST + 5 if name == "backup-of-sextant.service" else WORST
    threshold = f"--threshold={worst}"
    said = systemd_analyze(unit_path, "security", "--offline=true", threshold, name)
    assert said.startswith("0\n"), said[-2000:]


def test_no_unit_takes_the_memory_of_the_server_with_it_when_it_stops() -> None:
    as_server = [unit for unit in UNITS if "\nUser=postgres\n" in unit.read_text()]
    assert len(as_server) >= 3
    for file in (*as_server, *FOLDER.glob("*.service.d/*.conf")):
        assert "\nRemoveIPC=yes" not in file.read_text(), file.name


@pytest.mark.parametrize("path", OF_ROOMS, ids=lambda path: path.name)
def test_every_variable_is_a_setting_and_every_secret_a_credential(path: Path) -> None:
    text = path.read_text()
    model = SETTINGS[room_of(path)]
    prefix = str(model.model_config["env_prefix"])
    variables = dict(re.findall(r"^Environment=([A-Z0-9_]+)=(\S+)$", text, re.MULTILINE))
    known = {f"{prefix}{name}".upper() for name in model.model_fields}
    assert variables[f"{prefix}ENVIRONMENT"] == "production"
    assert variables.keys() - known == set()
    secrets = {value.removeprefix("%d/") for value in variables.values() if "%d/" in value}
    credentials = re.findall(r"^LoadCredential=([^:]+):/etc/sextant/secrets/", text, re.MULTILINE)
    assert secrets == set(credentials)


@pytest.mark.parametrize(
    "path", [u for u in OF_ROOMS if "Type=notify" in u.read_text()], ids=lambda p: p.name
)
def test_a_stop_waits_for_what_is_under_way(path: Path) -> None:
    (wait,) = re.findall(r"^TimeoutStopSec=(\d+)$", path.read_text(), re.MULTILINE)
    assert int(wait) > GRACEFUL_SHUTDOWN_S


@pytest.mark.parametrize(
    "path", [u for u in OF_ROOMS if "_TRACE_FILE=" in u.read_text()], ids=lambda p: p.name
)
def test_traces_lie_in_a_folder_of_their_own_that_the_service_alone_writes(path: Path) -> None:
    text = path.read_text()
    (folder,) = re.findall(r"^LogsDirectory=(\S+)$", text, re.MULTILINE)
    places = re.findall(r"_TRACE_FILE=%L/(\S+)/[^/\s]+\.jsonl\b", text)
    assert {folder, *places} == {room_of(path).replace("-", "/")}
    assert "LogsDirectoryMode=0700" in text.splitlines()


def test_every_service_under_a_watchdog_that_has_traces_writes_them() -> None:
    serving = [u.name for u in OF_ROOMS if "Type=notify" in u.read_text()]
    writing = [u.name for u in OF_ROOMS if "_TRACE_FILE=" in u.read_text()]
    assert sorted(writing) == sorted(set(serving) - {"sextant-signer.service"})


@pytest.mark.parametrize(
    ("room", "of_its_own"), [("exchange", {"WORK_DIR"}), ("declarations", set[str]())]
)
def test_one_more_process_has_its_own_of_what_is_not_shared_and_all_else_of_the_first(
    room: str, of_its_own: set[str]
) -> None:
    first = (FOLDER / f"sextant-{room}.service").read_text()
    more = (FOLDER / f"sextant-{room}@.service").read_text()
    own = set(re.findall(rf"SEXTANT_{room.upper()}_([A-Z_]+)=\S*%i", more))
    # Not BASE_URL: an edge shares callers out, and what they prove names the edge at each process.
    assert own == {"PORT", "METRICS_PORT", "TRACE_FILE"} | of_its_own
    assert f"EnvironmentFile=-/etc/sextant/{room}-%i.env" in more.splitlines()
    shared = [line for line in first.splitlines() if not line.startswith(("#", "Desc", "Exec"))]
    assert [line for line in shared if line not in more.splitlines()] == []
