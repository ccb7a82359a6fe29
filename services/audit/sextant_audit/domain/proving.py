"""Proofs out of the tree: loads the tiles a proof lacks, once for all proofs made together.

Responsible for the current tree and its tile cache. Not responsible for which sizes may be shown
(`reading`) nor for growth (`sequencing`).
"""

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from sextant_audit.domain.ports import Ledger, Rows
from sextant_audit.domain.tree import (
    FullTile,
    Levels,
    Nodes,
    TileCache,
    TileKey,
    TileTree,
    split_tile,
)
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.proofs import Node, consistency_path, inclusion_path, subtree_root

T = TypeVar("T")


class Prover:
    """The tree in force, and every proof about it.

    Only the sequencer replaces the tree, on the event loop, after its transaction is durable.
    """

    def __init__(self, ledger: Ledger, tree: TileTree, cache: TileCache) -> None:
        self._ledger = ledger
        self._cache = cache
        self._tree = tree

    @property
    def tree(self) -> TileTree:
        """The tree of all durable entries."""
        return self._tree

    def advance(self, tree: TileTree, full: Sequence[FullTile]) -> None:
        """Make the larger tree the one in force and keep its new tiles warm."""
        for tile in full:
            self._cache.put((tile.level, tile.index), tile.levels)
        self._tree = tree

    async def root(self, size: int) -> bytes:
        """Return the root of the first `size` entries."""
        return await self._prove(lambda node: subtree_root(0, size, node))

    async def inclusion(self, indexes: Sequence[int], size: int) -> list[list[bytes]]:
        """Return the inclusion paths of entries in the tree of `size`, in the order asked."""
        return await self._prove(
            lambda node: [inclusion_path(index, size, node) for index in indexes]
        )

    async def consistency(self, first: int, second: int) -> list[bytes]:
        """Return the proof that the tree of `second` continues the tree of `first`."""
        return await self._prove(lambda node: consistency_path(first, second, node))

    async def _prove(self, build: Callable[[Node], T]) -> T:
        """Build a proof; if tiles were missing, load them all in one read and build it again."""
        tree = self._tree
        nodes = Nodes(tree, self._cache.get)
        proof = build(nodes)
        if not nodes.missing:
            return proof
        loaded = await self._ledger.read(lambda rows: _load(rows, nodes.missing))
        proof = build(Nodes(tree, lambda key: loaded.get(key) or self._cache.get(key)))
        for key, levels in loaded.items():
            self._cache.put(key, levels)
        return proof


def _load(rows: Rows, keys: Collection[TileKey]) -> dict[TileKey, Levels]:
    """Return full tiles with their inner levels; runs in a worker thread."""
    loaded: dict[TileKey, Levels] = {}
    for level, index in keys:
        data = rows.tile(level, index)
        if data is None:
            raise PlatformError(
                Code.INTEGRITY,
                f"the ledger lacks full tile {index} of level {level}",
                fix="Run `python -m sextant_audit verify` and restore the ledger.",
            )
        loaded[level, index] = split_tile(data)
    return loaded
