"""Thousands who wait for news at one exchange: memory each costs, and how soon all are woken.

The exchange is a process of its own; the waiting callers are raw connections here. Memory is the
growth of its resident set while they wait, which is what an operator must have.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.cpu import process_cpu_s, resident_bytes
from bench.wire import Connection
from deploy.local.stack import Stack
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_shared.clock import system_clock
from sextant_shared.crypto.signing import Signer
from sextant_shared.protocol.tokens import make_dpop_proof, make_token_request

COUNTS = (1000, 2000)
KINDS = {"long poll": "/v1/mailbox", "events": "/v1/mailbox/events"}
CLIENT_ID = "NA-XBO/submit-1"
SETTLE_S = 2.0
WATCH_S = 5.0
AT_ONCE = 50
PATIENCE_S = 30.0
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class WaitRow:
    """So many waiters of one kind: memory, CPU while nothing happens, seconds to wake them all."""

    kind: str
    count: int
    grown_bytes: int
    idle_cpu_share: float
    woken_s: float


def measure_waiters(counts: Sequence[int] = COUNTS) -> list[WaitRow]:
    """Start the exchange afresh for each row: a process keeps the memory that it had before."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="sextant-bench-") as folder:
        stack = Stack(Path(folder), sample_ratio=0.0, witnessed=False)
        try:
            stack.prepare()
            exchange = stack.services["exchange"]
            exchange.extra = {"SEXTANT_EXCHANGE_MAX_POLLERS": str(2 * max(counts))}
            stack.start("audit", "exchange")
            stack.enrol()
            for seen, (kind, count) in enumerate((k, c) for k in KINDS for c in counts):
                exchange.stop()
                exchange.start()
                exchange.wait_ready()
                rows.append(asyncio.run(_wait(stack, kind, count, seen)))
        finally:
            stack.stop()
    return rows


async def _wait(stack: Stack, kind: str, count: int, seen: int) -> WaitRow:
    """Measure one row; `seen` deliveries lie in the mailbox already.

    Raises:
        RuntimeError: when a waiter is not served.
    """
    exchange = stack.services["exchange"]
    process = exchange.process
    if process is None:
        raise RuntimeError("the exchange does not run")
    signer = Home(stack.home("NA-XBO")).keys.api_signer()
    opener = _Opener(exchange.port, exchange.url, KINDS[kind], signer, seen)
    await opener.begin()
    for waiter in await opener.open_many(AT_ONCE):  # what the first ones build once is no growth
        waiter[1].close()
    await asyncio.sleep(SETTLE_S)
    before = resident_bytes(process.pid)
    waiters = await opener.open_many(count)
    await asyncio.sleep(SETTLE_S)
    grown = resident_bytes(process.pid) - before
    cpu = process_cpu_s(process.pid)
    await asyncio.sleep(WATCH_S)
    idle = (process_cpu_s(process.pid) - cpu) / WATCH_S
    woken_s = await _wake(stack, waiters, seen + 1)
    for _, writer in waiters:
        writer.close()
    return WaitRow(kind, count, grown, idle, woken_s)


class _Opener:
    def __init__(self, port: int, url: str, path: str, signer: Signer, seen: int) -> None:
        self._seen = seen
        self._port, self._url, self._path, self._signer = port, url, path, signer
        self._token = ""

    async def begin(self) -> None:
        """Fetch the one token that all use."""
        token_url = f"{self._url}/oauth/token"
        now = system_clock()
        form, proof = make_token_request(CLIENT_ID, self._url, token_url, self._signer, now)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "DPoP": proof}
        connection = Connection(self._port)
        answer = await connection.request("POST", "/oauth/token", headers, urlencode(form).encode())
        await connection.close()
        self._token = str(json.loads(answer.body)["access_token"])

    async def open_many(self, count: int) -> list[_Streams]:
        """Open so many waiters, a few at a time."""
        opened: list[_Streams] = []
        while len(opened) < count:
            some = min(AT_ONCE, count - len(opened))
            opened += await asyncio.gather(*(self._open() for _ in range(some)))
        return opened

    async def _open(self) -> _Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        url = f"{self._url}{self._path}"
        proof = make_dpop_proof("GET", url, self._signer, system_clock(), self._token)
        head = f"GET {self._path}?after={self._seen}&wait=60 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        head += f"Authorization: DPoP {self._token}\r\nDPoP: {proof}\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        return reader, writer


async def _wake(
    stack: Stack,
    waiters: Sequence[_Streams],
    number: int,
) -> float:
    """Deposit one envelope for all; return the seconds from the first to the last to hear."""

    async def hear(reader: asyncio.StreamReader) -> float:
        text = b""
        while f'"seq":{number},'.encode() not in text:
            block = await reader.read(65_536)
            if not block:
                raise RuntimeError(f"a waiter was sent away: {text[:300]!r}")
            text += block
        return time.perf_counter()

    hearing = [asyncio.create_task(hear(reader)) for reader, _ in waiters]
    await asyncio.sleep(0)
    await asyncio.to_thread(_deposit, stack)
    async with asyncio.timeout(PATIENCE_S):
        heard = await asyncio.gather(*hearing)
    return max(heard) - min(heard)


def _deposit(stack: Stack) -> None:
    with Client(Home(stack.home("NA-XAL"))) as client:
        content = stack.root / "news.txt"
        content.write_text("news")
        sealed = client.seal(
            content,
            type_="correspondence",
            cty="text/plain",
            classification="C1",
            to=["NA-XBO"],
        )
        client.deposit(sealed)


def table_of(rows: Sequence[WaitRow]) -> list[str]:
    """Return the table that `make bench` prints."""
    lines = [f"{'kind':<11}{'waiters':>8}{'MB':>8}{'kB each':>9}{'idle CPU':>10}{'woken s':>9}"]
    lines += [
        f"{row.kind:<11}{row.count:>8,}{row.grown_bytes / 1e6:>8.1f}"
        f"{row.grown_bytes / row.count / 1e3:>9.1f}{row.idle_cpu_share:>10.1%}{row.woken_s:>9.2f}"
        for row in rows
    ]
    return lines
