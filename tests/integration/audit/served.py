"""A log on a real port, in a thread of its own: for what reads it from outside of Python."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from sextant_shared.chassis.application import gated
from sextant_shared.encoding import b64_decode
from sextant_shared.models.entries import format_entry
from sextant_shared.protocol.logproof import format_proof
from sextant_shared.protocol.receipts import format_custody
from tests.integration.audit.logs import AuditLog, Served
from tests.integration.audit.test_appending import append
from tests.integration.audit.test_witnesses import listening, policy_file, witnessed
from tests.support.logs import make_accepted
from tests.support.witness_service import Running

WITNESSES = ("xal", "xbo", "xch")
BATCHES, PER_BATCH = 4, 3


@dataclass
class PublicLog:
    """What a visitor has: the address, keys pinned by another way, a policy, and receipts."""

    url: str = ""
    vkeys: tuple[str, ...] = ()
    policy: str = ""
    receipts: list[bytes] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)


@contextmanager
def public_log(folder: Path) -> Iterator[PublicLog]:
    """Yield a log that two of three witnesses follow; the third never answers."""
    log, ready, done = PublicLog(), threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_serve(folder, log, ready, done))
        except BaseException as error:  # noqa: BLE001 -- told in the test's own thread
            failures.append(error)
        ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        if not failures:
            yield log
    finally:
        done.set()
        thread.join()
    if failures:
        raise failures[0]


async def _serve(
    folder: Path, public: PublicLog, ready: threading.Event, done: threading.Event
) -> None:
    log = AuditLog(folder / "log")
    log.folder.mkdir()
    keys = await log.begin()
    first, second = (Running(folder / n, name=n, vkeys=keys.vkeys) for n in WITNESSES[:2])
    async with listening(first) as one, listening(second) as two, listening(None) as silent:
        urls = dict(zip(WITNESSES, (one, two, silent), strict=True))
        log.policy, _ = policy_file(folder, urls, "2")
        async with log.serve() as served:
            for batch in range(BATCHES):
                await _append(served, public, range(batch * PER_BATCH, (batch + 1) * PER_BATCH))
            public.vkeys, public.policy = keys.vkeys, log.policy.read_text()
            await _listen(served, public, ready, done)


async def _append(served: Served, public: PublicLog, numbers: range) -> None:
    """Append a batch, keep its receipts, and wait until the witnesses have seen it."""
    answer = await append(served, *numbers)
    for number, item in zip(numbers, answer.items, strict=True):
        entry = format_entry(make_accepted(number))
        path = [b64_decode(node) for node in item.path]
        public.entries.append(entry)
        public.proofs.append(format_proof(item.index, path, answer.checkpoint))
        public.receipts.append(format_custody(entry, public.proofs[-1]))
    await witnessed(served, 1, answer.size)


async def _listen(
    served: Served, public: PublicLog, ready: threading.Event, done: threading.Event
) -> None:
    config = uvicorn.Config(gated(served.app), lifespan="off", log_level="warning")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # It listens already: who comes before the server runs waits a moment, and is answered.
        public.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        ready.set()
        await asyncio.to_thread(done.wait)
        server.should_exit = True
        await serving
