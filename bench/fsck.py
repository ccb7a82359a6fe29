"""A copy of a log of N entries in a folder, and its check: how long, and where the time goes.

The entries are of the usual size, and the copy is laid out as the audit service lays out its own.
"""

import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sextant_audit.domain.tree import TileTree
from sextant_client.copies.checking import CopyCheck
from sextant_client.copies.hashing import leaf_hashes, split, tile_root
from sextant_client.copies.sources import FolderSource
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import Signer, SoftwareSigner
from sextant_shared.encoding import b64u, sha256
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, bundle_of, parse_bundle
from sextant_shared.models.entries import EnvelopeAcceptedEntry, format_entry
from sextant_shared.protocol.checkpoints import LogKeys, sign_checkpoint

COUNT = 100_000
ORIGIN = "log.example/bench"
TIME = 1_795_519_680.0


@dataclass(frozen=True)
class FsckReport:
    """One check of one folder."""

    entries: int
    bytes_read: int
    made_s: float
    took_s: float
    peak_bytes: int
    parts_us: tuple[tuple[str, float], ...]


def lay_out(
    folder: Path, leaves: Iterable[bytes], signers: tuple[Signer, Signer], origin: str = ORIGIN
) -> LogKeys:
    """Write leaves as a published log into a folder, without waiting for the disk."""
    keys = LogKeys.of_signers(origin, signers)
    tree, rest = TileTree(), iter(leaves)
    while entries := list(islice(rest, TILE_WIDTH)):
        index = tree.size // TILE_WIDTH
        _write(folder, Tile(None, index, len(entries)), bundle_of(entries))
        tree, full = tree.grown([leaf_hash(entry) for entry in entries])
        for tile in full:
            _write(folder, Tile(tile.level, tile.index), tile.data)
    for level, edge in enumerate(tree.edges):
        if edge[0]:
            index = tree.size >> (TILE_HEIGHT * (level + 1))
            _write(folder, Tile(level, index, len(edge[0])), b"".join(edge[0]))
    note = sign_checkpoint(origin, tree.size, tree.root(), signers, TIME)
    (folder / "checkpoint").write_text(note)
    return keys


def measure_fsck(count: int = COUNT) -> FsckReport:
    """Make a copy of `count` entries and check it."""
    signers = (SoftwareSigner.generate(Alg.ED25519), SoftwareSigner.generate(Alg.ML_DSA_44))
    with tempfile.TemporaryDirectory(prefix="sextant-bench-") as name:
        folder = Path(name)
        begun = time.perf_counter()
        keys = lay_out(folder, leaves_of(count), signers)
        made_s = time.perf_counter() - begun
        begun = time.perf_counter()
        report = CopyCheck(keys).run(FolderSource(folder))
        took_s = time.perf_counter() - begun
        if report.faults.gravest or report.entries != count:
            raise RuntimeError(f"the copy is not sound: {report.faults.kept[:3]}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        parts = _parts(folder)
    return FsckReport(count, report.bytes_read, made_s, took_s, peak, parts)


def print_fsck(count: int) -> None:
    """Print the measurement."""
    found = measure_fsck(count)
    rate = found.entries / found.took_s
    print(f"\ncopy of {found.entries:,} entries, {found.bytes_read:,} bytes, made in", end=" ")
    print(f"{found.made_s:.1f} s")
    print(f"checked in {found.took_s:.1f} s by one process, {rate:,.0f} entries/s;", end=" ")
    print(f"peak {found.peak_bytes / 1e6:.0f} MB")
    print("where it goes (µs an entry, measured alone):")
    for name, cost in found.parts_us:
        print(f"  {cost:>7.2f}  {name}")


def _parts(folder: Path) -> tuple[tuple[str, float], ...]:
    """Return what each step costs for one full bundle, by entry."""
    path = folder / "tile" / Tile(None, 0).path
    data = path.read_bytes()
    hashes = leaf_hashes(data)
    steps: dict[str, Callable[[], object]] = {
        "read the bundle": path.read_bytes,
        "split it": lambda: parse_bundle(data),
        "split and hash the leaves": lambda: leaf_hashes(data),
        "hash the nodes": lambda: tile_root(hashes),
        "split the tile": lambda: split(hashes),
    }
    costs: list[tuple[str, float]] = []
    for name, step in steps.items():
        begun = time.perf_counter()
        for _ in range(200):
            step()
        costs.append((name, (time.perf_counter() - begun) / 200 / TILE_WIDTH * 1e6))
    return tuple(costs)


def leaves_of(count: int, first: int = 0) -> Iterator[bytes]:
    """Yield entries that differ: one is formatted by its model, the others by its pattern."""
    one = EnvelopeAcceptedEntry(
        v=1,
        type="envelope.accepted",
        id="I" * 21 + "A",
        t="2026-11-28T12:00:00.000Z",
        nonce="N" * 21 + "A",
        env="0193a3c0-0000-7000-8000-000000000000",
        man=b64u(bytes(32)),
        reg=1,
    )
    pattern = format_entry(one)
    for number in range(first, first + count):
        drawn = b64u(sha256(number.to_bytes(8, "big")))
        yield pattern.replace(b"I" * 21 + b"A", drawn[:21].encode() + b"A")


def _write(folder: Path, tile: Tile, data: bytes) -> None:
    path = folder / "tile" / tile.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
