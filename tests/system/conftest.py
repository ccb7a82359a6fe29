"""One platform of real processes for all system tests of a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Stack


@pytest.fixture(scope="session")
def reported() -> list[str]:
    """Return what setting up the platform reported."""
    return []


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, reported: list[str]) -> Iterator[Stack]:
    """Return three running services with SEC, NA-XAL and NA-XBO enrolled."""
    platform = Stack(Path(tmp_path_factory.mktemp("platform")), report=reported.append)
    platform.prepare()
    platform.start()
    platform.enrol()
    yield platform
    platform.stop()
