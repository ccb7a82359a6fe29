"""How deposits grow from one to two processes of the exchange on one PostgreSQL database.

All run on this machine: the exchanges, the log, the server (durable, as for real data) and the load
generator. Every trace is recorded. Rounds with one and with two processes take turns, so that what
else the machine does falls on both. A run with the embedded file comes last, for comparison.
"""

import asyncio
import os
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url

from bench.cpu import family_cpu_s, process_cpu_s
from bench.deposits import seal_many, send_spread
from deploy.local.postgresql.server import PostgresqlServer, started_server
from deploy.local.several import ServerStack, databases_on
from deploy.local.stack import Stack, sextant
from sextant_client.home import Home

SENDERS = 64
WARM_UP = 128  # for each process
EACH = 1500
ROUNDS = (1, 2, 2, 1)
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "NA-XBO" / "nil-2025.json"
SENDER, OTHER = "NA-XAL", "NA-XBO"
COUNTED = ("deliveries", "envelopes", "receipts", "entries of the log")
COUNTING = """
SELECT count(delivery.seq), count(DISTINCT id), count(DISTINCT receipt.number),
       count(DISTINCT log_index)
FROM envelope LEFT JOIN receipt USING (number) LEFT JOIN delivery USING (number)
WHERE sender = %(sender)s
"""


@dataclass
class Tally:
    """What was measured of one way to run, over all its rounds."""

    took_s: float = 0.0
    latencies: list[float] = field(default_factory=list)
    by_process: dict[str, int] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Deposits answered with a receipt."""
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        """Deposits a second."""
        return self.count / self.took_s

    def percentile_ms(self, share: float) -> float:
        """Return the latency that such a share of the deposits did not exceed."""
        return statistics.quantiles(self.latencies, n=1000)[round(share * 1000) - 1] * 1000

    @property
    def cpu_ms(self) -> dict[str, float]:
        """CPU of a deposit, by what ran; the exchanges together."""
        return {name: spent / self.count * 1000 for name, spent in self.cpu_s.items()}

    def bound(self, cores: int) -> float:
        """Deposits a second at which those cores would do nothing else, however many processes."""
        return cores * self.count / sum(self.cpu_s.values())


@dataclass
class Several:
    """The whole report."""

    version: int
    embedded: Tally = field(default_factory=Tally)
    by_exchanges: dict[int, Tally] = field(default_factory=lambda: {1: Tally(), 2: Tally()})
    rows: dict[str, int] = field(default_factory=dict)
    receipts: int = 0
    trace: dict[str, int] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Deposits a second with two ÷ with one."""
        return self.by_exchanges[2].per_second / self.by_exchanges[1].per_second


def measure_several() -> Several:
    """Measure one and two processes on a server, then one with the embedded file.

    Raises:
        RuntimeError: when a deposit was lost, doubled or refused, or the trace has a gap.
    """
    with started_server(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        report = Several(server.version)
        databases = databases_on(server, "exchange")
        stack = ServerStack(Path(folder), witnessed=False, databases=databases)
        try:
            stack.prepare()
            stack.start()
            stack.enrol()
            report.trace = _trace(stack)
            stack.services["declarations"].stop()
            asyncio.run(_rounds(stack, server, report))
            _check(stack, server, report)
            for name in stack.exchange_names:
                stack.services[name].stop()
            server.stop("fast")
            asyncio.run(_embedded(stack, report))
        finally:
            stack.stop()
    return report


async def _embedded(stack: ServerStack, report: Several) -> None:
    """Let the exchange begin afresh in a folder, beside the same log."""
    exchange = stack.services["exchange"]
    exchange.settings = {k: v for k, v in exchange.settings.items() if "_DATABASE_" not in k}
    exchange.extra = {"SEXTANT_EXCHANGE_DATA_DIR": str(stack.root / "data" / "embedded")}
    stack.start("exchange")
    stack.enrol()
    await _measure(stack, ["exchange"], 0, WARM_UP, Tally())
    await _measure(stack, ["exchange"], 0, EACH, report.embedded)


async def _rounds(stack: ServerStack, server: PostgresqlServer, report: Several) -> None:
    names = stack.exchange_names
    warm = Tally()
    await _measure(stack, names, server.pid, WARM_UP * len(names), warm)
    for exchanges in ROUNDS:
        count = EACH // ROUNDS.count(exchanges)
        tally = report.by_exchanges[exchanges]
        await _measure(stack, names[:exchanges], server.pid, count, tally)
    report.receipts = warm.count + sum(tally.count for tally in report.by_exchanges.values())


async def _measure(stack: Stack, names: list[str], server: int, count: int, tally: Tally) -> None:
    """Deposit so many, and add what they took to the tally."""
    containers = [data for data, _ in seal_many(stack.home(SENDER), count)]
    signer = Home(stack.home(SENDER)).keys.api_signer()
    services = [stack.services[name] for name in names]
    before = _cpu_s(stack, server)
    took_s, latencies = await send_spread(services, signer, SENDERS, containers)
    tally.took_s += took_s
    for what, spent in _cpu_s(stack, server).items():
        tally.cpu_s[what] = tally.cpu_s.get(what, 0.0) + spent - before[what]
    for name, taken in zip(names, latencies, strict=True):
        tally.by_process[name] = tally.by_process.get(name, 0) + len(taken)
        tally.latencies += taken


def _cpu_s(stack: Stack, server: int) -> dict[str, float]:
    """Return the CPU seconds until now of what takes part; nothing of PostgreSQL without one."""
    of = {
        name: process_cpu_s(service.process.pid)
        for name, service in stack.processes.items()
        if service.process is not None
    }
    exchanges = [spent for name, spent in of.items() if name.startswith("exchange")]
    return {
        "exchange": sum(exchanges),
        "log": of["audit"] + of["signer"],
        "PostgreSQL": family_cpu_s(server) if server else 0.0,
        "generator": time.process_time(),
    }


def _trace(stack: ServerStack) -> dict[str, int]:
    """Let a declaration come in at the second process; return the spans of its trace by file."""
    done = sextant("submit", EXAMPLE, "--watch", "--json", "--home", stack.home(OTHER))
    (envelope,) = done.json()["envelopes"]
    asked = ("ops", "trace", envelope["id"], "--from", stack.traces, "--json")
    spans = sextant(*asked).json()["spans"]
    seen = {span["service"] for span in spans}
    if seen != {"client", "exchange", "audit", "declarations"}:
        raise RuntimeError(f"the trace is of {', '.join(sorted(seen))} alone")
    found = {
        path.stem: path.read_text().count(envelope["trace"])
        for path in sorted(stack.traces.glob("*.jsonl"))
    }
    return {name: count for name, count in found.items() if count}


def _check(stack: ServerStack, server: PostgresqlServer, report: Several) -> None:
    """Hold the rows of the database to the receipts that were given, and both to their share."""
    name = make_url(stack.databases["exchange"]["DATABASE_URL"]).database or ""
    with closing(server.connect("postgres", name)) as connection:
        row = connection.execute(COUNTING.encode(), {"sender": SENDER}).fetchone()
    report.rows = {what: int(str(n)) for what, n in zip(COUNTED, row or (), strict=True)}
    if set(report.rows.values()) != {report.receipts}:
        raise RuntimeError(f"{report.receipts} receipts were given; rows: {report.rows}")
    idle = [name for name in stack.exchange_names if not report.by_exchanges[2].by_process[name]]
    if idle:
        raise RuntimeError(f"{', '.join(idle)} took none")


def print_several() -> None:
    """Measure and print."""
    report, cores = measure_several(), os.cpu_count() or 1
    embedded, (one, two) = report.embedded, report.by_exchanges.values()
    print(f"deposits of 8 KiB by {SENDERS} senders, every trace recorded (CPU ms per deposit)")
    print(f"{'database':<22}{'count':>6}{'per s':>7}{'p50 ms':>8}{'p99 ms':>8}", end="")
    print("".join(f"{what:>11}" for what in two.cpu_s) + f"{'sum':>7}{'bound/s':>9}")
    server = f"PostgreSQL {report.version}"
    for name, tally in (("file", embedded), (f"{server}, one", one), (f"{server}, two", two)):
        line = f"{name:<22}{tally.count:>6}{tally.per_second:>7.0f}"
        line += f"{tally.percentile_ms(0.5):>8.1f}{tally.percentile_ms(0.99):>8.1f}"
        line += "".join(f"{value:>11.2f}" for value in tally.cpu_ms.values())
        print(f"{line}{sum(tally.cpu_ms.values()):>7.2f}{tally.bound(cores):>9.0f}")
    shares = ", ".join(f"{name} {count}" for name, count in two.by_process.items())
    spans = ", ".join(f"{name} {count}" for name, count in report.trace.items())
    print(f"two ÷ one: {report.ratio:.2f}; {cores} cores carry all of it (bound: if they only did")
    print(f"this); load {os.getloadavg()[0]:.1f}. With two: {shares}.")
    print(f"{report.receipts} receipts; rows: {report.rows}: none lost, none twice.")
    print(f"One declaration to the second process, collected from the first; spans: {spans}.")
