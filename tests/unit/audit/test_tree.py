import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_audit.domain.tree import Levels, Nodes, TileCache, TileTree, edge_widths, split_tile
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.proofs import consistency_path, inclusion_path, subtree_root
from sextant_shared.merkle.tiles import tiles_of
from tests.unit.shared.merkle import naive

LEAVES = [naive.leaf(n) for n in range(70_000)]
ROOTS = {300: naive.root(LEAVES[:300]), 70_000: naive.root(LEAVES)}


@pytest.mark.parametrize(
    ("size", "widths"), [(0, [1]), (1, []), (256, [0]), (256, [1, 1]), (3, [2]), (3, [3, 0])]
)
def test_edges_that_do_not_fit_the_size_are_refused(size: int, widths: list[int]) -> None:
    with pytest.raises(PlatformError, match=r"E_INTEGRITY.*edge"):
        TileTree.from_edges(size, [LEAVES[:width] for width in widths])


@pytest.mark.parametrize("length", [0, 8191, 8193, 32])
def test_a_tile_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        split_tile(bytes(length))


def test_a_node_of_a_tile_at_hand_nowhere_is_reported_missing() -> None:
    tree, full = TileTree().grown(LEAVES[:600])
    nodes = Nodes(tree, lambda _: None)
    inclusion_path(3, 600, nodes)
    assert nodes.missing == {(0, 0)}
    tiles = {(tile.level, tile.index): tile.levels for tile in full}
    assert inclusion_path(3, 600, Nodes(tree, tiles.get)) == naive.inclusion(3, LEAVES[:600])


def test_growing_leaves_the_tree_before_as_it_was() -> None:
    before, _ = TileTree().grown(LEAVES[:300])
    before.grown(LEAVES[300:900])
    assert before.root() == ROOTS[300]
    assert before.grown([])[0] == before


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=4))
def test_a_tree_grown_in_batches_is_that_of_the_definition(batches: list[int]) -> None:
    tree = TileTree()
    tiles: dict[tuple[int, int], Levels] = {}
    for batch in batches:
        tree, full = tree.grown(LEAVES[tree.size : tree.size + batch])
        tiles |= {(tile.level, tile.index): tile.levels for tile in full}
    leaves = LEAVES[: tree.size]
    assert tree.root() == naive.root(leaves)
    assert sorted(tiles) == [(t.level, t.index) for t in tiles_of(tree.size) if t.width == 256]
    nodes = Nodes(tree, tiles.get)
    for size in {1, tree.size // 3, tree.size} - {0}:
        if size <= tree.size:
            assert subtree_root(0, size, nodes) == naive.root(leaves[:size])
            assert consistency_path(size, tree.size, nodes) == naive.consistency(size, leaves)
    assert not nodes.missing


def test_a_tree_of_three_levels_resumes_from_its_edges() -> None:
    tree, full = TileTree().grown(LEAVES)
    assert tree.root() == ROOTS[70_000]
    assert [len(edge[0]) for edge in tree.edges] == edge_widths(70_000) == [112, 17, 1]
    assert len(full) == 273 + 1
    resumed = TileTree.from_edges(70_000, [edge[0] for edge in tree.edges])
    assert resumed == tree
    assert tree.edge(0, 273) == LEAVES[69_888:]
    assert tree.edge(0, 272) is None
    assert tree.edge(3, 0) is None


def test_the_cache_forgets_the_tile_used_longest_ago() -> None:
    cache = TileCache(2)
    for index in (1, 2):
        cache.put((0, index), [[]])
    assert cache.get((0, 1)) == [[]]
    cache.put((0, 3), [[]])
    assert [cache.get((0, index)) for index in (1, 2, 3)] == [[[]], None, [[]]]
