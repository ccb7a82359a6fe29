"""A signer behind a real Unix socket, in a thread of the test: it can die and come back."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sextant_audit.signer.guard import SignerGuard
from sextant_audit.signer.remote import RemoteSigner
from sextant_audit.signer.server import Patience, SignerServer, listen

QUICK = Patience(frame_s=0.2, idle_s=0.2, release_s=0.2)
TIMEOUT_S = 5.0


@dataclass
class SignerThread:
    """Serves one guard at `path` between `start` and `stop`."""

    guard: SignerGuard
    path: Path
    uids: frozenset[int]
    patience: Patience = QUICK
    group: int | None = None
    _thread: threading.Thread | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        listener, ready = listen(self.path, self.group), threading.Event()

        async def serve() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            ready.set()
            await SignerServer(self.guard, self.uids, self.patience).serve(listener, self._stop)

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()))
        self._thread.start()
        ready.wait(TIMEOUT_S)

    def stop(self) -> None:
        """End as a dead process does: connections are closed, the socket's file stays."""
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(TIMEOUT_S)
            self._thread = None

    def connect(self, timeout_s: float = TIMEOUT_S) -> RemoteSigner:
        return RemoteSigner.connect(self.path, self.guard.keys.origin, timeout_s)


@contextmanager
def served(thread: SignerThread) -> Iterator[SignerThread]:
    """Serve while the block runs, and close the guard after it."""
    thread.start()
    try:
        yield thread
    finally:
        thread.stop()
        thread.guard.close()
