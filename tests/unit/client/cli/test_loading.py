"""The table of commands: a command loads what it needs, and all of them are there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sextant_client.cli import COMMANDS
from tests.support.command import sextant

ROOT = Path(__file__).resolve().parents[4]
HEAVY = (
    "openpyxl",
    "fpdf",
    "httpx",
    "sqlalchemy",
    "fontTools",
    "icalendar",
    "sextant_client.world",
)


def loaded_by(*arguments: str) -> list[str]:
    """Return which heavy modules a run of its own has loaded at its end, and validators of kinds.

    The first validator made is left out: it is that of the document which the run reads.
    """
    code = (
        "import atexit, json, sys\n"
        "from sextant_shared.models.declaration import CATALOGUE\n"
        f"heavy = {HEAVY!r}\n"
        "made = lambda: [k for k, one in CATALOGUE.items() if one.model.__pydantic_complete__]\n"
        "told = lambda: [m for m in heavy if m in sys.modules] + made()[1:]\n"
        "atexit.register(lambda: print(json.dumps(told())))\n"
        "from sextant_client.cli import main\n"
        "main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    loaded: list[str] = json.loads(done.stdout.splitlines()[-1])
    return loaded


@pytest.mark.parametrize(
    "arguments", [("version",), ("check", str(ROOT / "examples" / "NA-XAL" / "nil-2025.json"))]
)
def test_a_run_pays_for_no_library_of_another_command(arguments: tuple[str, ...]) -> None:
    assert loaded_by(*arguments) == []


def test_a_command_that_needs_a_library_loads_it() -> None:
    assert "sextant_client.world" in loaded_by("world", "--help")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_of_the_table_can_be_called(name: str) -> None:
    done = sextant(name, "--help")
    assert done.status == 0
    assert f" {name} [OPTIONS]" in done.stdout


def test_help_lists_the_commands_in_the_order_of_the_table_and_the_exit_statuses() -> None:
    shown = sextant("--help").stdout
    places = [shown.index(f"│ {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert "Exit status: 0 done, or valid" in shown


def test_versions_are_told_by_option_as_by_command() -> None:
    assert sextant("--version").stdout == sextant("version").stdout != ""


def test_a_command_that_is_not_there_is_refused_with_its_neighbours() -> None:
    done = sextant("chek")
    assert done.status == 2
    assert "Did you mean 'check'" in done.stderr


def test_the_sdk_still_gives_what_it_names() -> None:
    code = (
        "import sextant_client\n"
        "from sextant_client import *\n"
        "assert all(hasattr(sextant_client, name) for name in sextant_client.__all__)\n"
        "assert Client.__name__ == 'Client'\n"
        "try: sextant_client.Nothing\n"
        "except AttributeError: pass"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
