"""The stores that the tests of the port run on: a folder, and a real S3 server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.chassis.objects import ObjectStore
from sextant_shared.chassis.objects.opening import open_objects
from sextant_shared.chassis.objects.settings import ObjectSettings
from tests.support.objects import S3

Opening = Callable[..., ObjectStore]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def settings_in(folder: Path, **given: Any) -> ObjectSettings:
    """Return the settings of a service, with small parts and few tries."""
    short = {"s3_retries": 1, "s3_part_bytes": 5 << 20}
    base = {"data_dir": folder, "port": 1, "base_url": "http://exchange.example"}
    return ObjectSettings(**{**base, **short, **given})


@pytest.fixture
def over_s3(tmp_path: Path) -> Opening:
    """Open a fresh store behind S3, with changed settings."""
    fresh = S3.started().settings()

    def opened(**given: Any) -> ObjectStore:
        return open_objects(settings_in(tmp_path, **{**fresh, **given}), "objects")

    return opened


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """A fresh store of each kind."""
    given = {} if request.param == "folder" else S3.started().settings()
    return open_objects(settings_in(tmp_path, **given), "objects")
