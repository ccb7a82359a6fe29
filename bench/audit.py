"""Entries per second of the log: batches of 256, one after the other, on disk, in this process."""

import tempfile
import time
from pathlib import Path

from sextant_audit.app.opening import begin_log, open_log
from sextant_audit.domain.entries import read_entries
from sextant_audit.settings import AuditSettings
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import random_bytes, system_clock, timestamp_ms, uuid7
from sextant_shared.encoding import b64u
from sextant_shared.models.entries import EnvelopeAcceptedEntry, format_entry
from sextant_shared.protocol.access import Role

BATCH = 256
BATCHES = 40


async def measure_append() -> tuple[float, float]:
    """Return (entries per second, CPU µs per entry)."""
    batches = [make_batch(BATCH) for _ in range(BATCHES)]
    with tempfile.TemporaryDirectory(prefix="sextant-bench-") as folder:
        settings = AuditSettings(
            data_dir=Path(folder), port=1, base_url="http://127.0.0.1:1", origin="log.example/bench"
        )
        await begin_log(settings)
        log = await open_log(settings, Telemetry("bench"), system_clock, lambda _: None)
        begun, cpu = time.perf_counter(), time.process_time()
        for batch in batches:
            await log.append(read_entries(batch, Role.EXCHANGE))
        took, spent = time.perf_counter() - begun, time.process_time() - cpu
        await log.close()
    total = BATCH * BATCHES
    return total / took, spent / total * 1e6


def make_batch(count: int) -> list[str]:
    """Return entries as a service sends them."""
    return [b64u(_entry()) for _ in range(count)]


def _entry() -> bytes:
    return format_entry(
        EnvelopeAcceptedEntry(
            v=1,
            type="envelope.accepted",
            id=b64u(random_bytes(16)),
            t=timestamp_ms(system_clock()),
            nonce=b64u(random_bytes(16)),
            env=uuid7(system_clock),
            man=b64u(random_bytes(32)),
            reg=1,
        )
    )
