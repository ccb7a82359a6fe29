"""Copies of a running log: checked with and without access, kept, served as files."""

from pathlib import Path

import pytest

from deploy.local.stack import Stack, sextant
from sextant_client import errors as exits
from tests.support.copies import web_server
from tests.system.test_witnesses import submitted

pytestmark = pytest.mark.processes
NOT_WITNESSED = (exits.OK, exits.WARNINGS)  # the newest head may wait for its witnesses


def test_an_auditor_checks_and_mirrors_the_log_and_a_state_checks_the_mirror(
    stack: Stack, tmp_path: Path
) -> None:
    auditor, state, copy = stack.home("auditor"), stack.home("NA-XAL"), tmp_path / "copy"
    url = stack.services["audit"].url
    done = sextant("log", "fsck", url, "--json", "--home", auditor, expect=NOT_WITNESSED).json()
    assert (done["sound"], done["entries_checked"], done["findings"]) == (True, True, [])
    first = sextant("log", "mirror", url, copy, "--json", "--home", auditor).json()
    submitted(state)
    second = sextant("log", "mirror", url, copy, "--json", "--home", auditor).json()
    assert (second["before"], first["before"]) == (first["head"]["size"], 0)
    assert second["head"]["size"] > first["head"]["size"]
    with web_server(copy) as mirror:
        found = sextant("log", "fsck", mirror, "--json", "--home", state, expect=NOT_WITNESSED)
        assert found.json()["head"] == second["head"]
        assert (found.json()["sound"], found.json()["entries_checked"]) == (True, True)


def test_a_state_checks_and_mirrors_the_hashes_and_is_told_that_entries_were_not_read(
    stack: Stack, tmp_path: Path
) -> None:
    home, url = stack.home("NA-XBO"), stack.services["audit"].url
    done = sextant("log", "fsck", url, "--home", home, expect=(exits.WARNINGS,))
    assert done.stdout.startswith("SOUND")
    assert "the entries were NOT checked" in done.stdout
    refused = sextant("log", "mirror", url, tmp_path / "c", "--home", home, expect=(exits.REFUSED,))
    assert "--hashes-only" in refused.stderr
    sextant("log", "mirror", url, tmp_path / "c", "--hashes-only", "--home", home)
    sextant("log", "fsck", tmp_path / "c", "--hashes-only", "--home", home, expect=NOT_WITNESSED)
