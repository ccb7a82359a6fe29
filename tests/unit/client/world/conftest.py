"""One middling world for all tests of this folder: large enough for every kind of fault."""

import json
from pathlib import Path
from typing import Any

import pytest

from sextant_client.world import World, WorldPlan, make_world, write_world
from tests.unit.client.world.meters import silent

PLAN = WorldPlan(states=48, years=6, seed=11)


@pytest.fixture(scope="session")
def world() -> World:
    return make_world(PLAN)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(tmp_path_factory.mktemp("world")) / "made"
    write_world(PLAN, path, 1, silent)
    return path


@pytest.fixture(scope="session")
def key(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]
