"""The answer key: every kind is planted, each fault makes a difference, and is where it says."""

import json
from pathlib import Path
from typing import Any

from sextant_client.world import World
from sextant_client.world.faults import KINDS

Key = list[dict[str, Any]]


def resolve(document: dict[str, Any], pointer: str) -> Any:
    found: Any = document
    for part in pointer.split("/")[1:]:
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found


def planted(key: Key) -> Key:
    return [line for line in key if line["planted"]]


def test_every_kind_of_fault_is_planted(key: Key) -> None:
    assert {line["kind"] for line in planted(key)} == set(KINDS)


def test_every_fault_has_an_id_of_its_own_and_its_states_are_of_the_world(
    key: Key, world: World
) -> None:
    ids = [line["id"] for line in key]
    assert len(ids) == len(set(ids)) > 100
    assert all(line["states"] and set(line["states"]) <= set(world.profiles) for line in key)


def test_each_place_of_a_fault_differs_from_the_truth(key: Key) -> None:
    for line in planted(key):
        assert line["places"], line
        for place in line["places"]:
            if place["pointer"] is not None:
                assert place["true"] != place["declared"], line
            else:
                assert place["received"] is None or place["received"] > place["due"], line


def test_what_the_key_says_is_declared_stands_there(key: Key, folder: Path) -> None:
    seen = 0
    for line in planted(key):
        for place in line["places"]:
            if place["document"] is None or place["pointer"] is None:
                continue
            document = json.loads((folder / place["document"]).read_text())
            found = resolve(document, place["pointer"])
            if isinstance(found, dict) and "value" in found:
                assert place["declared"] == f"{found['value']} {found['unit']}"
                seen += 1
            elif isinstance(found, dict) and "nothing" in found:
                assert place["declared"] in {None, found["nothing"]}
            elif isinstance(found, str | int | bool):
                assert place["declared"] == str(found)
                seen += 1
    assert seen > 40


def test_honest_differences_are_listed_as_such_and_have_causes(key: Key) -> None:
    honest = [line for line in key if not line["planted"]]
    assert {line["kind"] for line in honest} >= {
        "YEAR_SHIFT",
        "LOW_CONCENTRATION",
        "THRESHOLD_BASIS",
    }
    explained = [line for line in honest if line["causes"]]
    assert len(explained) > 0.95 * len(honest)
