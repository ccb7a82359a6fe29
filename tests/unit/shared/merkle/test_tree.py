import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.errors import PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT, leaf_hash, node_hash
from sextant_shared.merkle.proofs import verify_consistency, verify_inclusion
from sextant_shared.merkle.tree import Frontier, consistency_path_of, inclusion_path_of, root_of
from tests.unit.shared.merkle import naive


@pytest.mark.parametrize(
    ("size", "peaks"),
    [(1, []), (0, [naive.leaf(0)]), (3, [naive.leaf(0)]), (1, [b"short"]), (-1, [])],
)
def test_peaks_that_do_not_fit_the_size_are_refused(size: int, peaks: list[bytes]) -> None:
    with pytest.raises(PlatformError, match=r"E_INTEGRITY.*peaks"):
        Frontier(size, peaks)


def test_hashes_are_those_of_the_standard() -> None:
    # RFC 6962 test tree: SHA-256(0x00), SHA-256("").
    assert leaf_hash(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert EMPTY_ROOT.hex() == ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    assert node_hash(b"l", b"r") != leaf_hash(b"lr")


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_frontier_resumed_from_its_peaks_grows_as_if_never_stopped(first: int, more: int) -> None:
    leaves = [naive.leaf(n) for n in range(first + more)]
    frontier = Frontier()
    frontier.extend(leaves[:first])
    assert frontier.root() == naive.root(leaves[:first])
    resumed = Frontier(frontier.size, frontier.peaks)
    resumed.extend(leaves[first:])
    assert (resumed.size, resumed.root()) == (len(leaves), naive.root(leaves))
    assert frontier.size == first


@given(st.integers(1, 300), st.data())
def test_a_list_of_leaves_proves_each_of_them_and_each_size(size: int, data: st.DataObject) -> None:
    leaves = [naive.leaf(n) for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    root = root_of(leaves)
    assert root == naive.root(leaves)
    verify_inclusion(index, size, leaves[index], inclusion_path_of(leaves, index), root)
    path = consistency_path_of(leaves, index + 1)
    verify_consistency(index + 1, size, path, root_of(leaves[: index + 1]), root)
