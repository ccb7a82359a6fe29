"""The least a deposit can cost: what no design of ours could leave out.

Two signature checks, one SHA-256 of the body, one raw-body FastAPI POST, and one share of a 64-row
group commit, as CPU microseconds, measured in the same run as the deposits: each part alone, and
all of them together in a server that does nothing else (`bare`), under as many senders. Together
they cost more than the sum: what runs alone again and again finds the processor's caches warm, and
its neighbour idle. A deposit has neither, so it is compared with the server.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bench.bare import CONTAINER, PAIR, ROWS, Rows
from bench.cpu import cpu_per_call_us, process_cpu_s
from bench.wire import Connection
from deploy.local.processes import free_port
from sextant_shared.crypto.signing import Verifier
from sextant_shared.protocol.manifest import Manifest, verify_manifest

POSTS = 40 * ROWS
WARM_UP = 4 * ROWS


@dataclass(frozen=True)
class Floor:
    """CPU microseconds of each part alone, and of the server that does them all."""

    signatures_us: float
    digest_us: float
    post_us: float
    commit_us: float
    together_us: float

    @property
    def sum_us(self) -> float:
        """The parts alone, added up."""
        return self.signatures_us + self.digest_us + self.post_us + self.commit_us


def measure_floor(manifest: Manifest, pair: list[Verifier], container: bytes) -> Floor:
    """Measure each part on this machine, now."""
    body = container[-manifest.body_len :]
    with tempfile.TemporaryDirectory(prefix="sextant-floor-") as name:
        folder = Path(name)
        (folder / CONTAINER).write_bytes(container)
        (folder / PAIR).write_text(json.dumps([one.jwk for one in pair]))
        post_us, together_us = _served_us(folder, container)
        return Floor(
            signatures_us=cpu_per_call_us(lambda: verify_manifest(manifest, pair)),
            digest_us=cpu_per_call_us(lambda: sha256(body).digest()),
            post_us=post_us,
            commit_us=_commit_share_us(folder, container),
            together_us=together_us,
        )


def _served_us(folder: Path, container: bytes) -> tuple[float, float]:
    """CPU of the bare server for a POST that is only read, and for one with all of its parts."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port), str(folder)])
    try:
        return asyncio.run(_post_many(server.pid, port, container))
    finally:
        server.terminate()
        server.wait()


async def _post_many(pid: int, port: int, body: bytes) -> tuple[float, float]:
    connections = [Connection(port) for _ in range(ROWS)]
    deadline = time.monotonic() + 30
    while True:
        try:
            await connections[0].request("POST", "/raw", {}, body)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)

    async def send(connection: Connection, path: str, count: int) -> None:
        for _ in range(count):
            await connection.request("POST", path, {}, body)

    spent = []
    for path in ("/raw", "/whole"):
        await asyncio.gather(*(send(one, path, WARM_UP // ROWS) for one in connections))
        before = process_cpu_s(pid)
        await asyncio.gather(*(send(one, path, POSTS // ROWS) for one in connections))
        spent.append((process_cpu_s(pid) - before) / POSTS * 1e6)
    for connection in connections:
        await connection.close()
    return spent[0], spent[1]


def _commit_share_us(folder: Path, container: bytes) -> float:
    """CPU of one row's share of a durable 64-row commit."""
    rows = Rows(folder / "share.db")
    share = cpu_per_call_us(lambda: rows.commit([container] * ROWS), seconds=1.0) / ROWS
    rows.close()
    return share
