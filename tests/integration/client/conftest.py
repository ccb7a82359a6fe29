"""Fixtures of all tests here; the lost platform is made once for what comes back of it."""

import asyncio

import pytest

from tests.integration.client.lost_platform import Lost, live_and_end


@pytest.fixture(scope="session")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    """Return what is left of a platform that ran, was backed up twice, and is gone."""
    return asyncio.run(live_and_end(tmp_path_factory.mktemp("lost")))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
