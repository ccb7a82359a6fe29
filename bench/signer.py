"""What a signed head costs: the guard in this process against one behind its socket, in turn."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cpu import process_cpu_s
from deploy.local.processes import ServiceProcess
from sextant_audit.domain.ports import HeadSigner
from sextant_audit.signer.folder import create_signer
from sextant_audit.signer.remote import RemoteSigner
from sextant_shared.clock import system_clock
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import consistency_path_of, root_of

ORIGIN = "log.example/bench"
HEADS = 200


@dataclass(frozen=True)
class SignerReport:
    """One head: proof, durable memory, two signatures; CPU is that of all processes together."""

    heads: int
    inside: "Cost"
    apart: "Cost"


@dataclass(frozen=True)
class Cost:
    """Median wall µs and mean CPU µs."""

    wall_us: float
    cpu_us: float


def measure_signer() -> SignerReport:
    """Have the same heads signed by both, one after the other, so that both meet the same load."""
    leaves = [leaf_hash(str(number).encode()) for number in range(HEADS + 1)]
    with tempfile.TemporaryDirectory(prefix="sextant-bench-") as folder:
        inside = create_signer(Path(folder) / "inside", ORIGIN, system_clock)
        create_signer(Path(folder) / "apart", ORIGIN, system_clock).close()
        process = _process(Path(folder))
        process.start()
        try:
            process.wait_ready()
            before = _cpu_us(process)
            apart = RemoteSigner.connect(Path(folder) / "s", ORIGIN, 5.0)
            taken = [
                (_sign_us(inside, leaves, size), _sign_us(apart, leaves, size))
                for size in range(1, HEADS + 1)
            ]
            apart.close()
            elsewhere_us = (_cpu_us(process) - before) / HEADS
        finally:
            process.stop()
            inside.close()
    own, remote = (_cost(each) for each in zip(*taken, strict=True))
    return SignerReport(HEADS, own, Cost(remote.wall_us, remote.cpu_us + elsewhere_us))


def _cost(taken: Sequence[tuple[float, float]]) -> Cost:
    walls, cpus = zip(*taken, strict=True)
    return Cost(statistics.median(walls), statistics.mean(cpus))


def _cpu_us(process: ServiceProcess) -> float:
    return process_cpu_s(process.process.pid) * 1e6 if process.process else 0.0


def _sign_us(signer: HeadSigner, leaves: list[bytes], size: int) -> tuple[float, float]:
    path = consistency_path_of(leaves[:size], size - 1) if size > 1 else []
    root = root_of(leaves[:size])
    begun, spent = time.perf_counter(), time.process_time()
    signer.sign(size, root, path)
    return (time.perf_counter() - begun) * 1e6, (time.process_time() - spent) * 1e6


def _process(folder: Path) -> ServiceProcess:
    settings = {"ORIGIN": ORIGIN, "DIR": folder / "apart", "SOCKET": folder / "s"}
    return ServiceProcess(
        name="signer",
        module="sextant_audit.signer",
        port=0,
        settings={f"SEXTANT_SIGNER_{name}": str(value) for name, value in settings.items()},
        log_path=folder / "log",
        socket_path=folder / "s",
    )
