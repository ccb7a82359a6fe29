"""One platform of real processes for all system tests of a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.support.stacks import make_stack

PUBLISHED_EVERY_S = 0.2
"""A head is out this soon after its last entry, so that tests wait less than operators would."""


@pytest.fixture(scope="session")
def reported() -> list[str]:
    """Return what setting up the platform reported."""
    return []


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, reported: list[str]) -> Iterator[Stack]:
    """Return three running services with SEC, NA-XAL and NA-XBO enrolled."""
    platform = make_stack(Path(tmp_path_factory.mktemp("platform")), report=reported.append)
    platform.prepare()
    audit = platform.services["audit"]
    often = ("PUBLISH_INTERVAL_S", "WITNESS_INTERVAL_S")
    sooner = {f"SEXTANT_AUDIT_{name}": str(PUBLISHED_EVERY_S) for name in often}
    audit.settings = {**audit.settings, **sooner}
    platform.start()
    platform.enrol()
    yield platform
    platform.stop()
