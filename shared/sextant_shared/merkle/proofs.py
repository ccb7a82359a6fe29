"""Inclusion and consistency proofs: building them from nodes, and checking them.

Responsible for RFC 6962 §2.1.1 and §2.1.2, checked with the iterative algorithms of RFC 9162
§2.1.3.2 and §2.1.4.2. Not responsible for where nodes are kept: builders take a function
`node(level, index)` that returns the root of the full subtree over the leaves
`index * 2**level … (index + 1) * 2**level - 1`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT, HASH_SIZE, node_hash

Node = Callable[[int, int], bytes]
MAX_PATH = 63  # a tree of 2**63 leaves; longer paths are nonsense or an attack


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A claim: the leaf hash `leaf` stands at `index`, as `path` shows."""

    index: int
    leaf: bytes
    path: Sequence[bytes]


def verify_inclusion(
    index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf hash `leaf` stands at `index` of the tree `(size, root)`.

    Raises:
        PlatformError: `E_INTEGRITY`, with what was computed as evidence.
    """
    computed = root_from_inclusion(index, size, leaf, path)
    if computed != root:
        raise PlatformError(
            Code.INTEGRITY,
            f"the inclusion proof of entry {index} does not lead to the root of size {size}",
            expected=b64(root),
            received=b64(computed),
            evidence={"leaf": b64(leaf), "path": "\n".join(b64(node) for node in path)},
        )


def verify_inclusions(claims: Iterable[Inclusion], size: int, root: bytes) -> None:
    """Check each claim as `verify_inclusion` does, all of them under one root.

    Leaves that stand together share most of their ways up: where one joins that of the claim
    before it, the rest is compared and not computed again.

    Raises:
        PlatformError: `E_INTEGRITY`, what `verify_inclusion` says of the first that fails.
    """
    before: Inclusion | None = None
    for claim in claims:
        if before is None or not _joins(claim, before, size):
            verify_inclusion(claim.index, size, claim.leaf, claim.path, root)
        before = claim


def _joins(claim: Inclusion, before: Inclusion, size: int) -> bool:
    """Return whether a claim's way up joins, inside a full subtree, one that was checked.

    In a full subtree no level is missing, so both ways come to its root after as many steps; from
    there on the same hashes lead to the same root.
    """
    height = (claim.index ^ before.index).bit_length()  # of their least common subtree
    is_full = claim.index >= 0 and ((claim.index >> height) + 1) << height <= size
    return (
        is_full
        and len(claim.path) == len(before.path)
        and claim.path[height:] == before.path[height:]
        and all(len(node) == HASH_SIZE for node in (claim.leaf, *claim.path[:height]))
        and _root_at(height, claim) == _root_at(height, before)
    )


def _root_at(height: int, claim: Inclusion) -> bytes:
    """Return the root of the full subtree of that height that a claim's way leads through."""
    computed = claim.leaf
    for level, sibling in enumerate(claim.path[:height]):
        is_right = claim.index >> level & 1
        computed = node_hash(sibling, computed) if is_right else node_hash(computed, sibling)
    return computed


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """Return the root that `path` leads to from the leaf hash at `index`.

    Raises:
        PlatformError: `E_INTEGRITY` when the index lies outside the tree or the path has not the
            one length this position needs.
    """
    if not 0 <= index < size:
        raise _refused(f"entry {index} lies outside a tree of size {size}")
    _check_hashes(leaf, *path)
    # RFC 9162 §2.1.3.2: `fn` walks up from the leaf, `sn` from the last leaf of the tree.
    fn, sn, computed = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            raise _refused("the inclusion proof is longer than the tree is high")
        if fn & 1 or fn == sn:
            computed = node_hash(sibling, computed)
            fn, sn = _skip_missing_levels(fn, sn)
        else:
            computed = node_hash(computed, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise _refused("the inclusion proof is shorter than the tree is high")
    return computed


def verify_consistency(
    size1: int, size2: int, path: Sequence[bytes], root1: bytes, root2: bytes
) -> None:
    """Check that the tree `(size2, root2)` only appends to the tree `(size1, root1)`.

    The empty tree proves nothing about what follows it, so `size1` must be at least 1.

    Raises:
        PlatformError: `E_INTEGRITY`, with both states and the proof as evidence.
    """
    _check_hashes(*path)
    computed = roots_from_consistency(size1, size2, path, root1)
    if computed != (root1, root2):
        raise PlatformError(
            Code.INTEGRITY,
            f"the tree of size {size2} does not continue the tree of size {size1}",
            expected=f"{b64(root1)} then {b64(root2)}",
            received=f"{b64(computed[0])} then {b64(computed[1])}",
            evidence={
                "first": f"{size1}\n{b64(root1)}",
                "second": f"{size2}\n{b64(root2)}",
                "path": "\n".join(b64(node) for node in path),
            },
        )


def roots_from_consistency(
    size1: int, size2: int, path: Sequence[bytes], root1: bytes
) -> tuple[bytes, bytes]:
    """Return the two roots that the path leads to (RFC 9162 §2.1.4.2).

    For a first size that is a power of two the path holds no root of it: there `root1` counts.

    Raises:
        PlatformError: `E_INTEGRITY` when the path has not the one length these sizes need.
    """
    if not 0 < size1 <= size2:
        raise _refused(f"there is no consistency proof from size {size1} to size {size2}")
    if size1 == size2:
        if path:
            raise _refused("the consistency proof of a tree with itself is not empty")
        return root1, root1
    if not path:
        raise _refused("the consistency proof is empty")
    nodes = [root1, *path] if size1 & (size1 - 1) == 0 else list(path)
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = nodes[0]
    for node in nodes[1:]:
        if sn == 0:
            raise _refused("the consistency proof is longer than the tree is high")
        if fn & 1 or fn == sn:
            first, second = node_hash(node, first), node_hash(node, second)
            fn, sn = _skip_missing_levels(fn, sn)
        else:
            second = node_hash(second, node)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise _refused("the consistency proof is shorter than the tree is high")
    return first, second


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """Return the path of the leaf at `index` in the tree of `size`, sibling of the leaf first.

    Raises:
        PlatformError: `E_INTEGRITY` when the index lies outside the tree.
    """
    if not 0 <= index < size:
        raise _refused(f"entry {index} lies outside a tree of size {size}")
    above: list[bytes] = []
    start, end = 0, size
    while (width := end - start) & (width - 1):  # until the leaf's subtree is full
        middle = start + _split(width)
        if index < middle:
            above.append(subtree_root(middle, end, node))
            end = middle
        else:
            above.append(subtree_root(start, middle, node))
            start = middle
    height = width.bit_length() - 1
    path = [node(level, (index >> level) ^ 1) for level in range(height)]
    path.extend(reversed(above))
    return path


def consistency_path(size1: int, size2: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of `size2` continues the tree of `size1`.

    Raises:
        PlatformError: `E_INTEGRITY` when no proof exists between these sizes.
    """
    if not 0 < size1 <= size2:
        raise _refused(f"there is no consistency proof from size {size1} to size {size2}")
    path: list[bytes] = []
    start, end = 0, size2
    while size1 != end:
        middle = start + _split(end - start)
        if size1 <= middle:
            path.append(subtree_root(middle, end, node))
            end = middle
        else:
            path.append(subtree_root(start, middle, node))
            start = middle
    if start > 0:  # RFC 6962 §2.1.2: the first tree itself is known to the verifier, parts are not
        path.append(subtree_root(start, end, node))
    path.reverse()
    return path


def subtree_root(start: int, end: int, node: Node) -> bytes:
    """Return the RFC 6962 root over the leaves `start … end - 1` of a subtree met in a proof."""
    width = end - start
    if width == 0:
        return EMPTY_ROOT
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(width)
    return node_hash(subtree_root(start, middle, node), subtree_root(middle, end, node))


def _split(width: int) -> int:
    """Return the largest power of two smaller than `width` (RFC 6962 §2.1)."""
    return 1 << ((width - 1).bit_length() - 1)


def _skip_missing_levels(fn: int, sn: int) -> tuple[int, int]:
    """Climb over the levels at which a right-edge node has no sibling."""
    while fn and not fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return fn, sn


def _check_hashes(*hashes: bytes) -> None:
    if any(len(node) != HASH_SIZE for node in hashes):
        raise _refused(f"a hash is not {HASH_SIZE} bytes long")
    if len(hashes) > MAX_PATH + 2:
        raise _refused(f"the proof is longer than {MAX_PATH} hashes")


def _refused(detail: str) -> PlatformError:
    return PlatformError(Code.INTEGRITY, detail)
