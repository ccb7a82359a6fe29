"""The workshop: processes of their own that hold the private keys and touch plaintext.

Why processes, and not threads: opening and checking a declaration is mostly Python, and a thread
that computes takes the interpreter from the event loop, which must keep leases and answer
officers. And what parses hostile bytes stands apart from what listens to the network: the serving
process never holds a private sealing or signing key, a defect or a memory bomb takes one delivery
down and not the service, a child that takes too long is ended, and each child is replaced after
`jobs_per_process` jobs, so that no key and no plaintext stays in memory for longer (Python cannot
wipe it). A fork server started at the beginning makes a child cost milliseconds.

* Jobs and answers travel over a pipe; plaintext does not: it is written to the delivery's folder.
* Errors travel as code and text. An unexpected one travels as its class name alone: its message
  could repeat declared content.
* A child whose parent dies reads the end of its pipe and ends.

`ThreadWorkshop` is the same bench in this process, for tests and for looking at it in a debugger.
"""

import asyncio
import contextlib
import multiprocessing
import queue
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

from sextant_declarations.clients.bench import (
    Bench,
    Failure,
    FreshBench,
    Job,
    Tools,
    attempt,
    serve,
)
from sextant_declarations.domain.deliveries import Dossier, Examined
from sextant_declarations.domain.owed import SealedReply, SealOrder
from sextant_shared.errors import Code, PlatformError

MIN_SHARE = 4  # replies sealed by one process: fewer cost more to hand over than to seal
_PRELOADED = ["sextant_declarations.clients.bench"]


class ThreadWorkshop:
    """The bench in this process, one thread."""

    def __init__(self, bench: Bench | FreshBench) -> None:
        self._bench = bench
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="workshop")

    async def examine(self, dossier: Dossier) -> Examined:
        """Verify, open and check one dossier."""
        found: Examined = await self._do(("examine", dossier))
        return found

    async def seal(self, orders: Sequence[SealOrder]) -> list[SealedReply]:
        """Sign and seal replies, in order."""
        sealed: list[SealedReply] = await self._do(("seal", list(orders)))
        return sealed

    def close(self) -> None:
        """End the thread."""
        self._threads.shutdown(wait=True)

    async def _do(self, job: Job) -> Any:
        loop = asyncio.get_running_loop()
        return _unwrap(await loop.run_in_executor(self._threads, attempt, self._bench.do, job))


class ProcessWorkshop:
    """A few child processes, each with a bench of its own, one job at a time each."""

    def __init__(
        self, tools: Tools, *, processes: int, jobs_per_process: int, job_timeout_s: float
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED)
        self._context = context
        self._tools = tools
        self._jobs = jobs_per_process
        self._size = processes
        self._timeout_s = job_timeout_s
        # One thread per child: it sleeps on the pipe, so it never takes the interpreter.
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="workshop")
        self._idle: queue.SimpleQueue[_Child] = queue.SimpleQueue()
        self._children: set[_Child] = set()
        self._closing = False

    def open(self) -> None:
        """Start the children, so that wrong keys stop the service at its start.

        Raises:
            PlatformError: what setting up a bench raises.
        """
        for _ in range(self._size):
            self._idle.put(self._hire())

    async def examine(self, dossier: Dossier) -> Examined:
        """Verify, open and check one dossier.

        Raises:
            PlatformError: what examining raises; `E_UNAVAILABLE` when the child died or was ended
                because it took too long.
        """
        found: Examined = await self._do(("examine", dossier))
        return found

    async def seal(self, orders: Sequence[SealOrder]) -> list[SealedReply]:
        """Sign and seal replies, in order, spread over the children."""
        share = max(MIN_SHARE, -(-len(orders) // self._size))
        parts = [orders[start : start + share] for start in range(0, len(orders), share)]
        sealed = await asyncio.gather(*(self._do(("seal", list(part))) for part in parts))
        return [reply for part in sealed for reply in part]

    def close(self) -> None:
        """End the children, also in the middle of a job: its delivery comes again."""
        self._closing = True
        with contextlib.suppress(queue.Empty):
            while True:
                self._dismiss(self._idle.get_nowait())
        for child in list(self._children):
            child.kill()  # the thread that waits for it sees the end of its pipe and dismisses it
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _do(self, job: Job) -> Any:
        loop = asyncio.get_running_loop()
        return _unwrap(await loop.run_in_executor(self._threads, self._in_child, job))

    def _in_child(self, job: Job) -> Any:
        try:
            child = self._idle.get_nowait()
        except queue.Empty:
            child = self._hire()
        try:
            answer = child.call(job, self._timeout_s)
        except PlatformError:
            self._dismiss(child)
            raise
        if child.is_spent or self._closing:
            self._dismiss(child)
        else:
            self._idle.put(child)
        return answer

    def _hire(self) -> "_Child":
        if self._closing:
            raise PlatformError(Code.UNAVAILABLE, "the workshop is closed")
        child = _Child(self._context, self._tools, self._jobs)
        self._children.add(child)
        greeting = child.receive(self._timeout_s)
        if isinstance(greeting, Failure):
            self._dismiss(child)
            raise greeting.error()
        return child

    def _dismiss(self, child: "_Child") -> None:
        self._children.discard(child)
        child.dismiss()


class _Child:
    """The parent's end of one child."""

    def __init__(self, context: ForkServerContext, tools: Tools, jobs: int) -> None:
        self._pipe, theirs = context.Pipe()
        self._process: ForkServerProcess = context.Process(
            target=serve, args=(theirs, tools), daemon=True, name="workshop"
        )
        self._process.start()
        theirs.close()
        self._jobs = jobs

    @property
    def is_spent(self) -> bool:
        return self._jobs <= 0

    def call(self, job: Job, timeout_s: float) -> Any:
        self._jobs -= 1
        try:
            self._pipe.send(job)
        except OSError as error:
            raise _died() from error
        return self.receive(timeout_s)

    def receive(self, timeout_s: float) -> Any:
        try:
            if self._pipe.poll(timeout_s):
                return self._pipe.recv()
        except (EOFError, OSError) as error:
            raise _died() from error
        raise PlatformError(Code.UNAVAILABLE, f"the workshop took longer than {timeout_s:.0f} s")

    def kill(self) -> None:
        """End the process at once; nothing it holds is worth waiting for."""
        self._process.kill()

    def dismiss(self) -> None:
        """End the process and forget it."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _unwrap(answer: Any) -> Any:
    if isinstance(answer, Failure):
        raise answer.error()
    return answer


def _died() -> PlatformError:
    return PlatformError(Code.UNAVAILABLE, "a process of the workshop ended during a job")
