from base64 import b64decode
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT
from sextant_shared.merkle.proofs import (
    Inclusion,
    consistency_path,
    inclusion_path,
    subtree_root,
    verify_consistency,
    verify_inclusion,
    verify_inclusions,
)
from sextant_shared.merkle.tree import node_of
from tests.support.vectors import load_shared, needs_shared_vectors
from tests.unit.shared.merkle import naive

LEAVES = [naive.leaf(n) for n in range(70)]


def vectors(kind: str) -> list[Any]:
    cases = load_shared(f"merkle/{kind}.json")
    return [pytest.param(case, id=name) for name, case in cases.items()]


def refused(check: Callable[[], object]) -> str:
    with pytest.raises(PlatformError) as caught:
        check()
    assert caught.value.code is Code.INTEGRITY
    return caught.value.detail


@needs_shared_vectors
def test_the_published_vectors_are_all_there() -> None:
    assert len(vectors("inclusion")) == 98
    assert len(vectors("consistency")) == 98


@needs_shared_vectors
@pytest.mark.parametrize("case", vectors("inclusion"))
def test_published_inclusion_vector(case: dict[str, Any]) -> None:
    def check() -> None:
        verify_inclusion(
            case["leafIdx"],
            case["treeSize"],
            b64decode(case["leafHash"]),
            [b64decode(node) for node in case["proof"] or ()],
            b64decode(case["root"]),
        )

    if case["wantErr"]:
        refused(check)
    else:
        check()


@needs_shared_vectors
@pytest.mark.parametrize("case", vectors("consistency"))
def test_published_consistency_vector(case: dict[str, Any]) -> None:
    def check() -> None:
        verify_consistency(
            case["size1"],
            case["size2"],
            [b64decode(node) for node in case["proof"] or ()],
            b64decode(case["root1"]),
            b64decode(case["root2"]),
        )

    if case["wantErr"]:
        refused(check)
    else:
        check()


@pytest.mark.parametrize("index", [-1, 70, 2**64 - 1])
def test_an_index_outside_the_tree_has_no_proof(index: int) -> None:
    assert "outside" in refused(lambda: inclusion_path(index, 70, node_of(LEAVES)))
    assert "outside" in refused(
        lambda: verify_inclusion(index, 70, LEAVES[0], [], naive.root(LEAVES))
    )


@pytest.mark.parametrize(("first", "second"), [(0, 7), (0, 0), (8, 7), (-1, 7)])
def test_sizes_without_a_consistency_proof_are_refused(first: int, second: int) -> None:
    assert "no consistency proof" in refused(
        lambda: consistency_path(first, second, node_of(LEAVES))
    )
    assert "no consistency proof" in refused(
        lambda: verify_consistency(first, second, [], EMPTY_ROOT, EMPTY_ROOT)
    )


def test_a_hash_of_another_length_is_refused() -> None:
    root = naive.root(LEAVES)
    path = naive.inclusion(3, LEAVES)
    assert "32 bytes" in refused(lambda: verify_inclusion(3, 70, LEAVES[3], [*path, b""], root))
    assert "32 bytes" in refused(lambda: verify_inclusion(3, 70, LEAVES[3][:31], path, root))


def test_an_endless_path_is_refused_before_it_is_hashed() -> None:
    path = [LEAVES[0]] * 10_000
    assert "longer than" in refused(
        lambda: verify_inclusion(0, 2**63 - 1, LEAVES[0], path, LEAVES[0])
    )


def test_a_refusal_carries_both_states_as_evidence() -> None:
    first, second = naive.root(LEAVES[:9]), naive.root(LEAVES)
    path = naive.consistency(9, LEAVES)
    with pytest.raises(PlatformError) as caught:
        verify_consistency(9, 70, path, second, second)
    assert set(caught.value.evidence) == {"first", "second", "path"}
    verify_consistency(9, 70, path, first, second)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 33])
def test_each_path_is_that_of_the_definition(size: int) -> None:
    leaves = LEAVES[:size]
    node = node_of(leaves)
    root = naive.root(leaves)
    assert subtree_root(0, size, node) == root
    for index in range(size):
        path = inclusion_path(index, size, node)
        assert path == naive.inclusion(index, leaves)
        verify_inclusion(index, size, leaves[index], path, root)
    for first in range(1, size + 1):
        path = consistency_path(first, size, node)
        assert path == naive.consistency(first, leaves)
        verify_consistency(first, size, path, naive.root(leaves[:first]), root)


@given(data=st.data())
def test_a_changed_inclusion_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 70))
    index = data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    path = naive.inclusion(index, leaves)
    position = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = [*path]
    changed[position] = flip(path[position], bit)
    root = naive.root(leaves)
    for wrong in (changed, path[:-1], path[1:], [*path, path[0]], [LEAVES[0], *path]):
        refused(partial(verify_inclusion, index, size, leaves[index], wrong, root))
    refused(partial(verify_inclusion, index, size, flip(leaves[index], bit), path, root))


@given(data=st.data())
def test_a_changed_consistency_proof_is_refused(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, 70))
    first = data.draw(st.integers(1, second - 1))
    leaves = LEAVES[:second]
    path = naive.consistency(first, leaves)
    position = data.draw(st.integers(0, len(path) - 1))
    changed = [*path]
    changed[position] = flip(path[position], data.draw(st.integers(0, 255)))
    roots = naive.root(leaves[:first]), naive.root(leaves)
    for wrong in (changed, path[:-1], [*path, path[-1]], [path[0], *path]):
        refused(partial(verify_consistency, first, second, wrong, *roots))


def flip(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")


def claims_of(indexes: list[int], size: int) -> list[Inclusion]:
    node = node_of(LEAVES[:size])
    return [Inclusion(i, LEAVES[i], inclusion_path(i, size, node)) for i in indexes]


@given(st.integers(1, 70), st.data())
def test_claims_under_one_root_pass_together_in_any_order_and_twice(
    size: int, data: st.DataObject
) -> None:
    indexes = data.draw(st.lists(st.integers(0, size - 1), max_size=12))
    verify_inclusions(claims_of(indexes, size), size, naive.root(LEAVES[:size]))


@given(st.integers(2, 70), st.data())
def test_one_false_claim_among_true_ones_is_refused_as_it_is_alone(
    size: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, size - 1))
    claims = claims_of(list(range(start, min(size, start + 9))), size)
    at = data.draw(st.integers(0, len(claims) - 1))
    true, root = claims[at], naive.root(LEAVES[:size])
    wrong = [
        Inclusion(true.index, naive.leaf(99), true.path),
        Inclusion(true.index ^ 1, true.leaf, true.path),
        Inclusion(-1 - true.index, true.leaf, true.path),
        Inclusion(size, true.leaf, true.path),
        Inclusion(true.index, true.leaf, [*true.path, true.leaf]),
        Inclusion(true.index, true.leaf, true.path[:-1]),
        Inclusion(true.index, true.leaf, true.path[1:]),
        *(
            Inclusion(true.index, true.leaf, [*true.path[:n], other, *true.path[n + 1 :]])
            for n in range(len(true.path))
            for other in (naive.leaf(98), true.path[n][:-1])
        ),
    ]
    false = data.draw(st.sampled_from(wrong))
    claims[at] = false
    alone = refused(lambda: verify_inclusion(false.index, size, false.leaf, false.path, root))
    assert refused(lambda: verify_inclusions(claims, size, root)) == alone
