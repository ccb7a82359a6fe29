"""Each reader of foreign bytes, for a bounded time: `make fuzz` goes on for longer."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_shared.encoding import canonical_json
from tests.fuzz.made import seeds
from tests.fuzz.targets import TARGETS, try_one

EXAMPLES = 60  # of each kind and target: about twenty seconds in all
SEEDS = seeds()
SEEDS_TO_REFUSE = {"assertion", "policy", "witnessed_head", "tile", "refusal"}
STRUCTURED = (
    "manifest_payload",
    "manifest_header",
    "party_payload",
    "statement_payload",
    "dpop_claims",
    "receipt",
    "recall_payload",
    "act",
    "entry",
    "message",
)
JUNK: list[Any] = [
    None, True, False, 0, 1, -1, 2**53 - 1, "", " ", "\u00e9", "A" * 43, "A" * 5000, [], {}, [[]],
    {"kid": "A" * 43}, [None], "2026-02-30T25:61:61Z",
]  # fmt: skip


def mutated(original: bytes, draw: Any) -> bytes:
    """Return the bytes with a few places cut out, doubled or overwritten."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        cut = draw(st.integers(0, 8))
        put = draw(st.binary(max_size=8) | st.just(bytes(data[at : at + 24])))
        data[at : at + cut] = put
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_refused_is_refused_with_a_code(name: str) -> None:
    taken = 0

    @settings(max_examples=EXAMPLES, deadline=None, database=None)
    @given(st.data())
    def run(data: st.DataObject) -> None:
        nonlocal taken
        original = data.draw(st.sampled_from(SEEDS[name]))
        taken += try_one(TARGETS[name], mutated(original, data.draw))
        try_one(TARGETS[name], data.draw(st.binary(max_size=300)))

    run()


@pytest.mark.parametrize("name", sorted(set(TARGETS) - SEEDS_TO_REFUSE))
def test_a_seed_is_taken(name: str) -> None:
    assert any(try_one(TARGETS[name], seed) for seed in SEEDS[name])


@pytest.mark.parametrize("name", STRUCTURED)
def test_junk_in_each_place_of_signed_json_is_taken_or_refused(name: str) -> None:
    document = json.loads(SEEDS[name][0])
    for path in _places(document):
        for junk in JUNK:
            try_one(TARGETS[name], canonical_json(_with(document, path, junk)))


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return each place of a document, a list's first items only."""
    if isinstance(value, dict):
        inner = [place for name, item in value.items() for place in _places(item, (*path, name))]
        return ([path] if path else []) + inner
    if isinstance(value, list):
        inner = [p for i, item in enumerate(value[:2]) for p in _places(item, (*path, i))]
        return [path, *inner]
    return [path]


def _with(document: Any, path: tuple[Any, ...], junk: Any) -> Any:
    copy = json.loads(json.dumps(document))
    target = copy
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = junk
    return copy
