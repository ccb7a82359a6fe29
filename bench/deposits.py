"""Deposits of sealed 8 KiB declarations: rate, latency, and CPU per service, bounded in count.

The exchange and the log run as separate processes on loopback, tracing sampled at 10 %; the load
generator runs here, on the same machine, with keep-alive connections and a fresh proof a request.
"""

import asyncio
import gc
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.cpu import process_cpu_s
from bench.floor import Floor, measure_floor
from bench.wire import Connection
from deploy.local.processes import ServiceProcess
from deploy.local.stack import Stack
from sextant_client.client import Client
from sextant_client.home import Home
from sextant_shared.clock import system_clock, timestamp_s, uuid7
from sextant_shared.crypto.signing import Signer, Verifier
from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.envelope import SealedEnvelope, SealRequest, seal_bytes
from sextant_shared.protocol.tokens import make_dpop_proof, make_token_request

CONTENT_BYTES = 8 << 10
LEVELS = {1: 150, 16: 1000, 64: 2000}
WARM_UP = 100
CLIENT_ID = "NA-XAL/submit-1"
CREATED = 201


@dataclass(frozen=True)
class DepositRow:
    """One level of concurrency; CPU in milliseconds per deposit, by service."""

    senders: int
    count: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: dict[str, float]


@dataclass(frozen=True)
class DepositReport:
    """All levels, and the floor measured in the same run."""

    rows: list[DepositRow]
    floor: Floor

    @property
    def ratio(self) -> float:
        """Floor ÷ actual CPU of the exchange, at the highest concurrency."""
        return self.floor.together_us / (self.rows[-1].cpu_ms["exchange"] * 1000)

    @property
    def ratio_of_sum(self) -> float:
        """The same, with the parts of the floor measured alone and added up."""
        return self.floor.sum_us / (self.rows[-1].cpu_ms["exchange"] * 1000)

    @property
    def ratio_with_log(self) -> float:
        """The same, with the log's CPU counted in."""
        return self.floor.together_us / (sum(self.rows[-1].cpu_ms.values()) * 1000)


def measure_deposits() -> DepositReport:
    """Start the services, seal beforehand, deposit, stop."""
    with tempfile.TemporaryDirectory(prefix="sextant-bench-") as folder:
        stack = Stack(Path(folder), sample_ratio=0.1, witnessed=False)
        try:
            stack.prepare()
            stack.start("audit", "exchange")
            stack.enrol()
            total = WARM_UP + sum(LEVELS.values())
            sealed = seal_many(stack.home("NA-XAL"), total)
            signer = Home(stack.home("NA-XAL")).keys.api_signer()
            # Or this generator's searches for garbage, through all that is sealed, would be
            # measured as the exchange's slowest answers.
            gc.collect()
            gc.freeze()
            rows = asyncio.run(_measure(stack, signer, [data for data, _ in sealed]))
            data, envelope = sealed[0]
            pair = [
                Verifier.from_jwk(s.jwk) for s in Home(stack.home("NA-XAL")).keys.pair(KeyUse.SIG)
            ]
        finally:
            stack.stop()
    return DepositReport(rows, measure_floor(envelope.manifest, pair, data))


def seal_many(home: Path, count: int) -> list[tuple[bytes, SealedEnvelope]]:
    """Seal so many declarations of the party at `home` to the Secretariat."""
    with Client(Home(home)) as client:
        recipient = client.parties.sealing_key("SEC", "C2")
        signers = client.home.keys.pair(KeyUse.SIG)
    sealed = []
    for _ in range(count):
        request = SealRequest(
            id=uuid7(system_clock),
            sender="NA-XAL",
            signers=signers,
            recipients=[("SEC", recipient)],
            type="declaration.annual",
            cty="application/vnd.sextant.declaration+json",
            classification="C2",
            created=timestamp_s(system_clock()),
        )
        sealed.append(seal_bytes(os.urandom(CONTENT_BYTES), request))
    return sealed


async def send_block(
    exchange: ServiceProcess, signer: Signer, senders: int, containers: Sequence[bytes]
) -> list[float]:
    """Deposit under a fresh token over so many connections; return seconds each took."""
    token = await _token(exchange.port, exchange.url, signer)
    return await _Sender(exchange.port, exchange.url, signer, token).send_all(senders, containers)


async def send_spread(
    exchanges: Sequence[ServiceProcess], signer: Signer, senders: int, containers: Sequence[bytes]
) -> tuple[float, list[list[float]]]:
    """Deposit over connections dealt out to the exchanges; each takes the next when it is done.

    Return the seconds of the whole, and those that each deposit took, by exchange.
    """
    tokens = [await _token(one.port, one.url, signer) for one in exchanges]
    to = [_Sender(e.port, e.url, signer, t) for e, t in zip(exchanges, tokens, strict=True)]
    queue, begun = list(containers), time.perf_counter()
    taken = await asyncio.gather(*(one.empty(queue, senders // len(to)) for one in to))
    return time.perf_counter() - begun, taken


async def _measure(stack: Stack, signer: Signer, containers: list[bytes]) -> list[DepositRow]:
    exchange = stack.services["exchange"]
    token = await _token(exchange.port, exchange.url, signer)
    sender = _Sender(exchange.port, exchange.url, signer, token)
    await sender.send_all(4, containers[:WARM_UP])
    rows, start = [], WARM_UP
    for senders, count in LEVELS.items():
        batch = containers[start : start + count]
        start += count
        before = _cpu(stack)
        begun = time.perf_counter()
        latencies = await sender.send_all(senders, batch)
        took = time.perf_counter() - begun
        after = _cpu(stack)
        latencies.sort()
        rows.append(
            DepositRow(
                senders=senders,
                count=count,
                per_second=count / took,
                p50_ms=statistics.median(latencies) * 1000,
                p99_ms=latencies[int(len(latencies) * 0.99)] * 1000,
                cpu_ms={name: (after[name] - before[name]) / count * 1000 for name in after},
            )
        )
    return rows


def _cpu(stack: Stack) -> dict[str, float]:
    return {
        name: process_cpu_s(service.process.pid)
        for name, service in stack.services.items()
        if service.process is not None
    }


async def _token(port: int, url: str, signer: Signer) -> str:
    token_url = f"{url}/oauth/token"
    form, proof = make_token_request(CLIENT_ID, url, token_url, signer, system_clock())
    headers = {"Content-Type": "application/x-www-form-urlencoded", "DPoP": proof}
    connection = Connection(port)
    answer = await connection.request("POST", "/oauth/token", headers, urlencode(form).encode())
    await connection.close()
    return str(json.loads(answer.body)["access_token"])


class _Sender:
    def __init__(self, port: int, url: str, signer: Signer, token: str) -> None:
        self._port = port
        self._url = f"{url}/v1/envelopes"
        self._signer = signer
        self._token = token

    async def send_all(self, senders: int, containers: Sequence[bytes]) -> list[float]:
        """Deposit all containers over `senders` connections; return seconds each took."""
        return await self.empty(list(containers), senders)

    async def empty(self, queue: list[bytes], senders: int) -> list[float]:
        """The same, taking the containers from a queue that others may take from too."""
        latencies: list[float] = []
        connections = [Connection(self._port) for _ in range(senders)]
        # Before the clock runs: what is measured is keep-alive, and 64 new connections at once
        # would be more than the slowest hundredth of 2,000 deposits.
        await asyncio.gather(*(connection.open() for connection in connections))

        async def work(connection: Connection) -> None:
            while queue:
                latencies.append(await self._send(connection, queue.pop()))
            await connection.close()

        await asyncio.gather(*(work(connection) for connection in connections))
        return latencies

    async def _send(self, connection: Connection, container: bytes) -> float:
        proof = make_dpop_proof("POST", self._url, self._signer, system_clock(), self._token)
        headers = {
            "Authorization": f"DPoP {self._token}",
            "DPoP": proof,
            "Content-Type": MEDIA_TYPE,
        }
        begun = time.perf_counter()
        answer = await connection.request("POST", "/v1/envelopes", headers, container)
        took = time.perf_counter() - begun
        if answer.status != CREATED:
            raise RuntimeError(f"a deposit got {answer.status}: {answer.body[:300]!r}")
        return took
