"""An officer sees what States owe, and what they would be reminded of, by command."""

from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.support.command import sextant

pytestmark = pytest.mark.processes


def test_an_officer_lists_exports_and_draws_what_is_owed(stack: Stack, tmp_path: Path) -> None:
    home = ("--home", stack.home("officer"))
    table, picture = tmp_path / "owed.csv", tmp_path / "owed.svg"
    wrong = sextant("officer", "obligations", "--status", "excused", *home, "--json")
    assert wrong.status != 0
    assert wrong.json()["error"]["code"] == "E_MALFORMED"

    files = ("--export", table, "--picture", picture)
    listed = sextant("officer", "obligations", "--kind", "X4_PROTECTIVE", *files, *home, "--json")
    assert listed.status == 0
    owed = listed.json()["obligations"]
    assert {one["kind"] for one in owed} <= {"X4_PROTECTIVE"}
    assert len(table.read_text().splitlines()) == len(owed) + 1
    assert picture.read_text().startswith("<svg")

    shown = sextant("officer", "remind", "--dry-run", *home, "--json")
    assert shown.status == 0
    assert shown.json()["sent"] == []
