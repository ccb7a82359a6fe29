"""How the log ages: append, proof, start and bytes on disk, from 10,000 entries on.

One log grows on disk in this process, by the real sequencer with its publisher beside it, which
stores a head a second. At each size it is closed and opened again. Proofs are of entries drawn
evenly from the whole log: `first` reads their tiles from the ledger, `again` finds them warm.

Memory is of another log, which is never closed: past the size at which its cache of tiles is full,
with proofs from all over it between any two looks.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.audit import BATCH, make_batch
from bench.cpu import resident_bytes
from sextant_audit.app.opening import OpenLog, begin_log, open_log
from sextant_audit.domain.entries import read_entries
from sextant_audit.settings import AuditSettings
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import system_clock
from sextant_shared.protocol.access import Role

SIZES = (10_000, 100_000, 1_000_000)
PROOFS = 400
PROVED_TWICE = 100  # these fit the cache of tiles, whatever the log's size
REMEMBERED, STEP = 300_000, 20_000  # more than twice the entries that fill the cache of tiles


@dataclass(frozen=True)
class GrowthRow:
    """The log at `size` entries; milliseconds unless a name says otherwise."""

    size: int
    bytes_each: float
    entries_per_s: float
    batch_p50: float
    batch_p99: float
    batch_max: float
    proof_first: float
    proof_again: float
    start_s: float
    resident: int


def measure_growth(sizes: Sequence[int] = SIZES) -> Iterator[GrowthRow]:
    """Yield a row at each size."""
    with (
        tempfile.TemporaryDirectory(prefix="sextant-bench-") as folder,
        asyncio.Runner() as runner,
    ):
        settings = AuditSettings(
            data_dir=Path(folder), port=1, base_url="http://127.0.0.1:1", origin="log.example/bench"
        )
        runner.run(begin_log(settings))
        for size in sizes:
            yield runner.run(_grow(settings, size))


def measure_memory(largest: int = REMEMBERED) -> Iterator[tuple[int, int]]:
    """Yield the size and the resident bytes of one log that is never closed, step by step."""
    with (
        tempfile.TemporaryDirectory(prefix="sextant-bench-") as folder,
        asyncio.Runner() as runner,
    ):
        settings = AuditSettings(
            data_dir=Path(folder), port=1, base_url="http://127.0.0.1:1", origin="log.example/bench"
        )
        runner.run(begin_log(settings))
        log = runner.run(_open(settings))
        for size in range(STEP, largest + 1, STEP):
            runner.run(_append_until(log, size))
            drawn = random.Random(size).choices(range(size // 2), k=PROVED_TWICE)  # noqa: S311
            runner.run(_prove(log, drawn))
            yield size, resident_bytes(os.getpid())
        runner.run(log.close())


async def _grow(settings: AuditSettings, size: int) -> GrowthRow:
    log = await _open(settings)
    took = await _append_until(log, size)
    await log.close()
    begun = time.perf_counter()
    log = await _open(settings)
    start_s = time.perf_counter() - begun
    chance = random.Random(size)  # noqa: S311 -- which entries are proved, no secret
    drawn = [chance.randrange(size) for _ in range(PROOFS)]
    first = await _prove(log, drawn)
    await _prove(log, drawn[:PROVED_TWICE])
    again = await _prove(log, drawn[:PROVED_TWICE])
    await log.close()
    stored = sum(path.stat().st_size for path in settings.data_dir.rglob("*") if path.is_file())
    newest = sorted(took[-(10_000 // BATCH) :])
    return GrowthRow(
        size=size,
        bytes_each=stored / size,
        entries_per_s=BATCH * len(took) / sum(took),
        batch_p50=1e3 * newest[len(newest) // 2],
        batch_p99=1e3 * newest[int(len(newest) * 0.99)],
        batch_max=1e3 * max(took),
        proof_first=1e3 * first[len(first) // 2],
        proof_again=1e3 * again[len(again) // 2],
        start_s=start_s,
        resident=resident_bytes(os.getpid()),
    )


async def _open(settings: AuditSettings) -> OpenLog:
    return await open_log(settings, Telemetry("bench"), system_clock, lambda _: None)


async def _append_until(log: OpenLog, size: int) -> list[float]:
    """Append batches up to a size; return how long each took, which is all but its making."""
    took = []
    publishing = asyncio.create_task(log.publisher.run())
    try:
        while (left := size - log.sequencer.head.size) > 0:
            batch = make_batch(min(BATCH, left))
            begun = time.perf_counter()
            await log.append(read_entries(batch, Role.EXCHANGE))
            took.append(time.perf_counter() - begun)
    finally:
        publishing.cancel()
    return took


async def _prove(log: OpenLog, indexes: Sequence[int]) -> list[float]:
    took = []
    for index in indexes:
        begun = time.perf_counter()
        await log.reading.inclusion(index, log.publisher.size)
        took.append(time.perf_counter() - begun)
    return sorted(took)


def print_memory() -> None:
    """Print the memory of a log past the size at which its cache is full."""
    print(f"{'entries':>11}{'MB':>8}")
    for size, resident in measure_memory():
        print(f"{size:>11,}{resident / 1e6:>8.1f}", flush=True)


def print_growth(largest: int) -> None:
    """Print a row for each power of ten up to the largest size, then the memory of another log."""
    sizes = [10**power for power in range(4, 10) if 10**power <= largest]
    head = f"{'entries':>11}{'bytes':>7}{'per s':>8}{'batch p50':>10}{'p99':>7}{'max':>7}"
    print(head + f"{'proof first':>12}{'again':>7}{'start s':>9}{'MB':>6}")
    for row in measure_growth(sizes):
        print(
            f"{row.size:>11,}{row.bytes_each:>7.0f}{row.entries_per_s:>8,.0f}"
            f"{row.batch_p50:>10.1f}{row.batch_p99:>7.1f}{row.batch_max:>7.0f}"
            f"{row.proof_first:>12.2f}{row.proof_again:>7.2f}"
            f"{row.start_s:>9.2f}{row.resident / 1e6:>6.0f}",
            flush=True,
        )
    print("\nmemory of a log that is never closed (resident, with the maker of its entries)")
    print_memory()
