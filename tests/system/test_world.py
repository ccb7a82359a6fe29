"""A made-up world on a real platform: loaded by its parties, and only once."""

from pathlib import Path

import pytest

from deploy.local.stack import Stack, sextant
from sextant_client import errors as exits

pytestmark = [pytest.mark.processes, pytest.mark.long]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a world of three States, of which two are parties of the platform."""
    path = Path(tmp_path_factory.mktemp("world")) / "made"
    plan = ("--states", "3", "--years", "1", "--seed", "5", "--jobs", "1")
    sextant("world", "make", *plan, "--out", path)
    return path


def test_a_folder_without_a_world_is_refused(stack: Stack, tmp_path: Path) -> None:
    home = ("--home", stack.home("NA-XAL"))
    refused = sextant("world", "load", tmp_path, *home, expect=(exits.REFUSED,))
    assert "there is no world" in refused.stderr


def test_a_folder_without_homes_is_refused(folder: Path, tmp_path: Path) -> None:
    refused = sextant("world", "load", folder, "--home", tmp_path, expect=(exits.REFUSED,))
    assert "National Authority" in refused.stderr


def test_parties_load_their_declarations_once_and_states_can_be_enrolled(
    stack: Stack, folder: Path, tmp_path: Path
) -> None:
    total = sextant("world", "show", folder, "--json").json()["kinds"]
    home = ("--home", stack.root / "homes", "--json")
    first = sextant("world", "load", folder, *home, "--state", "XAL").json()
    assert first["sent"] > 3
    assert first["known"] == 0
    again = sextant("world", "load", folder, *home).json()
    assert again["known"] == first["sent"]
    assert again["homeless"] > 0
    enrol = ("--registrar", stack.home("REG-1"), "--new-homes", tmp_path / "homes")
    whole = sextant("world", "load", folder, *home, *enrol, "--jobs", "2").json()
    assert sorted(whole["states"]) == ["XAL", "XBO", "XCA"]
    assert whole["homeless"] == 0
    assert whole["sent"] == again["homeless"]
    assert whole["sent"] + whole["known"] == sum(total.values())
