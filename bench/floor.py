"""The least a deposit can cost: what no design of ours could leave out.

Two signature checks, one SHA-256 of the body, one raw-body FastAPI POST, and one share of a 64-row
group commit; each as CPU microseconds, measured in the same run as the deposits.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bench.cpu import cpu_per_call_us, process_cpu_s
from bench.wire import Connection
from deploy.local.processes import free_port
from sextant_shared.crypto.signing import Verifier
from sextant_shared.protocol.manifest import Manifest, verify_manifest

ROWS = 64
POSTS = 2000
CONNECTIONS = 16


@dataclass(frozen=True)
class Floor:
    """CPU microseconds of each part."""

    signatures_us: float
    digest_us: float
    post_us: float
    commit_us: float

    @property
    def total_us(self) -> float:
        """Their sum."""
        return self.signatures_us + self.digest_us + self.post_us + self.commit_us


def measure_floor(manifest: Manifest, pair: list[Verifier], container: bytes) -> Floor:
    """Measure each part on this machine, now."""
    body = container[-manifest.body_len :]
    return Floor(
        signatures_us=cpu_per_call_us(lambda: verify_manifest(manifest, pair)),
        digest_us=cpu_per_call_us(lambda: sha256(body).digest()),
        post_us=_bare_post_us(container),
        commit_us=_commit_share_us(container),
    )


def _bare_post_us(body: bytes) -> float:
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port)])
    try:
        return asyncio.run(_post_many(server.pid, port, body))
    finally:
        server.terminate()
        server.wait()


async def _post_many(pid: int, port: int, body: bytes) -> float:
    connections = [Connection(port) for _ in range(CONNECTIONS)]
    deadline = time.monotonic() + 30
    while True:
        try:
            await connections[0].request("POST", "/raw", {}, body)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)

    async def send(connection: Connection, count: int) -> None:
        for _ in range(count):
            await connection.request("POST", "/raw", {}, body)

    before = process_cpu_s(pid)
    await asyncio.gather(*(send(c, POSTS // CONNECTIONS) for c in connections))
    spent = process_cpu_s(pid) - before
    for connection in connections:
        await connection.close()
    return spent / POSTS * 1e6


def _commit_share_us(container: bytes) -> float:
    """CPU of one row's share of a durable 64-row commit, by the bare driver."""
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        database.execute("PRAGMA page_size = 8192")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE row (id BLOB PRIMARY KEY, data BLOB)")

        def commit() -> None:
            database.execute("BEGIN IMMEDIATE")
            rows = [(os.urandom(16), container) for _ in range(ROWS)]
            database.executemany("INSERT INTO row VALUES (?, ?)", rows)
            database.execute("COMMIT")

        share = cpu_per_call_us(commit, seconds=1.0) / ROWS
        database.close()
        return share
