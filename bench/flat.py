"""Memory of the exchange and the log over many deposits: it must not grow with what was deposited.

Containers are sealed a block at a time, so that this process stays small as well. Memory is the
resident set of each service after each block, which is what an operator must have.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.cpu import resident_bytes
from bench.deposits import seal_many, send_block
from deploy.local.stack import Stack
from sextant_client.home import Home

COUNT = 100_000
BLOCKS = 20
SENDERS = 64
NO_LIMIT = str(10 * COUNT)
LIMITS = (
    "DEPOSITS_PER_S",
    "REQUESTS_PER_S",
    "DEPOSIT_BURST",
    "REQUEST_BURST",
    "UNTAKEN_DELIVERIES",
)


@dataclass(frozen=True)
class FlatRow:
    """After `deposits` in all: latencies of the last block, resident bytes by service."""

    deposits: int
    p50_ms: float
    p99_ms: float
    resident: dict[str, int]


def measure_flat(count: int = COUNT) -> Iterator[FlatRow]:
    """Start the services, deposit block by block, and yield a row after each."""
    with tempfile.TemporaryDirectory(prefix="sextant-bench-") as folder:
        stack = Stack(Path(folder), sample_ratio=0.1, witnessed=False)
        try:
            stack.prepare()
            exchange = stack.services["exchange"]
            exchange.extra = {f"SEXTANT_EXCHANGE_{name}": NO_LIMIT for name in LIMITS}
            stack.start("audit", "exchange")
            stack.enrol()
            home = stack.home("NA-XAL")
            signer = Home(home).keys.api_signer()
            done = 0
            while done < count:
                size = min(-(-count // BLOCKS), count - done)
                block = [data for data, _ in seal_many(home, size)]
                latencies = sorted(asyncio.run(send_block(exchange, signer, SENDERS, block)))
                done += size
                yield FlatRow(
                    done,
                    latencies[size // 2] * 1000,
                    latencies[int(size * 0.99)] * 1000,
                    {
                        name: resident_bytes(service.process.pid)
                        for name, service in stack.services.items()
                        if service.process is not None
                    },
                )
        finally:
            stack.stop()


def print_flat(count: int) -> None:
    """Print each row as it comes."""
    for row in measure_flat(count):
        if row.deposits * BLOCKS < 2 * count:  # the first
            names = "".join(f"{name + ' MB':>13}" for name in row.resident)
            print(f"{'deposits':>9}{'p50 ms':>8}{'p99 ms':>8}{names}")
        sizes = "".join(f"{size / 1e6:>13.1f}" for size in row.resident.values())
        print(f"{row.deposits:>9,}{row.p50_ms:>8.1f}{row.p99_ms:>8.1f}{sizes}", flush=True)
