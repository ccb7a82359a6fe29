"""One platform of real processes for all system tests of a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return three running services with SEC, NA-XAL and NA-XBO enrolled."""
    platform = Stack(Path(tmp_path_factory.mktemp("platform")))
    platform.prepare()
    platform.start()
    platform.enrol()
    yield platform
    platform.stop()
