"""A run on PostgreSQL takes the tests it should, and never the embedded file in silence."""

import runpy
from pathlib import Path

import pytest

from deploy.local.postgresql import programs
from tests.support.engines import leads

PROGRAMS = Path(programs.__file__)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("tests.integration.exchange.world", True),  # by itself
        ("tests.integration.exchange.test_sixteen", True),  # by what it imports
        ("tests.system.conftest", True),  # by the platform of real processes
        ("tests.unit.shared.test_clock", False),
        ("tests.unit.shared.protocol.test_envelope", False),
        ("tests.nowhere", False),
    ],
)
def test_what_leads_to_a_server_is_found_by_imports(module: str, *, expected: bool) -> None:
    assert leads(module) is expected


@pytest.mark.parametrize("wanted", ["sqlite", "postgresql-14", "PostgreSQL"])
def test_an_engine_that_nobody_knows_stops_the_run(
    wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEXTANT_TEST_DATABASE", wanted)
    with pytest.raises(ValueError, match=f"not '{wanted}'"):
        runpy.run_path(str(PROGRAMS))
