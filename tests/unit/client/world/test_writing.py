"""A world in a folder: the same seed gives the same bytes, and every document can be read."""

import csv
import hashlib
import json
from pathlib import Path

import pytest

from sextant_client.world import WorldPlan, documents, make_world, write_world
from sextant_shared.errors import Code, PlatformError
from sextant_shared.rules import check
from tests.unit.client.world.meters import silent

SMALL = WorldPlan(states=6, years=3, seed=3)


def digest(folder: Path) -> str:
    """Return a digest over names, bytes and times of all files."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(str(path.relative_to(folder)).encode())
            found.update(path.read_bytes())
            found.update(str(path.stat().st_mtime_ns).encode())
    return found.hexdigest()


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(PlatformError) as refused:
        write_world(SMALL, tmp_path, 1, silent)
    assert refused.value.code is Code.STATE
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("plan", [WorldPlan(5000, 2, 1), WorldPlan(3, 90, 1), WorldPlan(3, 0, 1)])
def test_more_states_or_years_than_there_are_is_refused(plan: WorldPlan) -> None:
    with pytest.raises(PlatformError) as refused:
        make_world(plan)
    assert refused.value.code is Code.MALFORMED
    assert refused.value.expected


def test_the_same_seed_gives_the_same_bytes_in_any_number_of_processes(tmp_path: Path) -> None:
    write_world(SMALL, tmp_path / "one", 1, silent)
    write_world(SMALL, tmp_path / "two", 2, silent)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    write_world(SMALL, tmp_path / "one", 1, silent)
    write_world(WorldPlan(6, 3, 4), tmp_path / "two", 1, silent)
    assert digest(tmp_path / "one") != digest(tmp_path / "two")


def test_every_document_is_registered_by_the_rules(folder: Path) -> None:
    with (folder / "received.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 100
    for row in rows:
        data = (folder / row["document"]).read_bytes()
        report = check(data)
        assert report.verdict == "REGISTERED", (row["document"], report.findings)
        members = json.loads(data)
        for name in ("declaration_id", "kind"):
            assert members[name] == row[name]
        assert members["state_code"] == row["state"]


def test_the_loader_gives_the_documents_of_the_folder(folder: Path) -> None:
    world = make_world(WorldPlan(states=48, years=6, seed=11))
    given = {d.path: d.data for d in documents(world) if d.path is not None}
    with (folder / "received.csv").open() as file:
        listed = [row["document"] for row in csv.DictReader(file)]
    assert list(given) == listed
    assert all((folder / path).read_bytes() == data for path, data in given.items())
