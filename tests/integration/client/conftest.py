"""Fixtures of all tests here; the lost platform is made once for what comes back of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.client.lost_platform import Lost, live_and_end
from tests.support.gaps import Gap
from tests.support.platform import open_platform


@pytest.fixture(scope="session")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    """Return what is left of a platform that ran, was backed up twice, and is gone."""
    return asyncio.run(live_and_end(tmp_path_factory.mktemp("lost")))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def gap(tmp_path: Path) -> AsyncIterator[Gap]:
    """Return a home without a network, on a platform that must verify in the end."""
    async with open_platform(tmp_path / "platform") as platform:
        yield Gap.at(platform, tmp_path)
        await platform.settled()
        await platform.check()
