"""Nothing but the answer key tells a struck document from a clean one."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sextant_client.world import documents, make_world
from sextant_client.world.truth import make_truth
from tests.unit.client.world.conftest import PLAN

WORDS = ("shortfall_reason", "changes", "reason", "text", "answer", "name", "title", "activity")
Key = list[dict[str, Any]]
Documents = Mapping[str, bytes]


@pytest.fixture(scope="module")
def written(folder: Path) -> Documents:
    with (folder / "received.csv").open() as file:
        return {
            row["document"]: (folder / row["document"]).read_bytes() for row in csv.DictReader(file)
        }


@pytest.fixture(scope="module")
def struck(key: Key) -> set[str]:
    places = [place for line in key if line["planted"] for place in line["places"]]
    return {place["document"] for place in places if place["document"] is not None}


def shapes(value: Any, path: str = "") -> Iterator[str]:
    """Yield each object's place and its members in their order."""
    if isinstance(value, dict):
        yield f"{path}: {' '.join(value)}"
        for name, item in value.items():
            yield from shapes(item, f"{path}/{name}")
    elif isinstance(value, list):
        for item in value:
            yield from shapes(item, f"{path}[]")


def texts(value: Any, path: str = "") -> Iterator[str]:
    """Yield each free text with its place, digits and names left out."""
    if isinstance(value, dict):
        for name, item in value.items():
            if (name.endswith("note") or name in WORDS) and isinstance(item, str):
                yield f"{name} {re.sub(r'[0-9]+|[A-Z][a-z]+', '', item)}"
            yield from texts(item, f"{path}/{name}")
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, path)


def digits(value: Any) -> Iterator[int]:
    """Yield how many significant digits each amount has."""
    if isinstance(value, dict):
        if "value" in value:
            yield len(value["value"].replace(".", "").strip("0"))
        for item in value.values():
            yield from digits(item)
    elif isinstance(value, list):
        for item in value:
            yield from digits(item)


def test_struck_documents_have_members_and_orders_that_clean_ones_have(
    written: Documents, struck: set[str]
) -> None:
    clean = {
        shape
        for path, data in written.items()
        if path not in struck
        for shape in shapes(json.loads(data))
    }
    assert len(struck) > 30
    for path in sorted(struck):
        assert set(shapes(json.loads(written[path]))) <= clean, path


def test_struck_documents_say_in_words_what_clean_ones_say(
    written: Documents, struck: set[str]
) -> None:
    clean = {
        text
        for path, data in written.items()
        if path not in struck
        for text in texts(json.loads(data))
    }
    assert clean
    for path in sorted(struck):
        assert set(texts(json.loads(written[path]))) <= clean, path


def test_struck_figures_are_rounded_as_their_state_rounds(
    written: Documents, struck: set[str]
) -> None:
    habits: dict[str, int] = {}
    for path, data in written.items():
        if path not in struck and "_AND-" in path:
            habits[path[:3]] = max(habits.get(path[:3], 0), *digits(json.loads(data)), 0)
    compared = 0
    for path in sorted(struck):
        if "_AND-" in path and habits.get(path[:3], 0) > 2:
            assert max(digits(json.loads(written[path])), default=0) <= habits[path[:3]], path
            compared += 1
    assert compared > 20


def test_all_files_are_spaced_and_dated_alike(written: Documents, folder: Path) -> None:
    times = {path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert len(times) == 1
    for data in written.values():
        assert json.dumps(json.loads(data), ensure_ascii=False).encode() + b"\n" == data


def test_numbers_run_without_a_gap_where_something_is_missing(written: Documents, key: Key) -> None:
    numbers: dict[str, list[int]] = {}
    for path, data in written.items():
        name = json.loads(data)["declaration_id"]
        assert re.fullmatch(r"[A-Z]{3}-[0-9]{4}-[0-9]{4}", name)
        assert name[:8] == path[:8].replace("/", "-")
        numbers.setdefault(name[:8], []).append(int(name[-4:]))
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values())
    missing = [p for line in key for p in line.get("places", []) if p.get("document") is None]
    assert missing


def test_only_what_the_key_names_differs_from_a_world_without_faults(
    written: Documents, struck: set[str], key: Key
) -> None:
    sent = {
        (line["declarant"], year)
        for line in key
        if line["planted"] and any(p["pointer"] is None for p in line["places"])
        for year in line["years"]
    }
    compared = 0
    for document in documents(make_truth(PLAN)):
        assert document.path is not None, "without faults everything is sent"
        assert not document.struck
        if (document.state, document.year) in sent:
            continue  # another day of sending, another number
        compared += 1
        assert (written[document.path] != document.data) == (document.path in struck)
    assert compared > 500


def test_the_world_with_faults_has_the_same_truth() -> None:
    plain, faulty = make_truth(PLAN), make_world(PLAN)
    assert plain.ledger.balances == faulty.ledger.balances
    assert plain.ledger.sent == faulty.ledger.sent
    assert faulty.faults.faults
    assert not plain.faults.faults
