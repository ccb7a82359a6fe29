"""The analyst: runs the anomaly methods where they take nothing from the event loop.

A process and not a thread: the methods compute for half a minute over a whole world, in Python, and
a thread would take the interpreter from leases and officers. The process lives for one run, so that
what it read is gone with it. What is kept of declarations travels over its pipe; it is given no
key, no database and no vault.

`ThreadAnalyst` does the same in this process, for tests and for looking at it in a debugger.
"""

import asyncio
import multiprocessing
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.keeping import read_said
from sextant_declarations.analysis.anomalies.run import Run, analyse
from sextant_declarations.analysis.anomalies.taking import take_facts
from sextant_declarations.domain.anomaly_runs import Progress, Said
from sextant_shared.errors import Code, PlatformError

_READING, _ANALYSING = "reading", "analysing"


def analyse_said(said: Said, last_year: int, progress: Progress) -> Run:
    """Return the run over what is kept of declarations, State by State."""
    by_state: dict[str, list[str]] = defaultdict(list)
    for state, one in said:
        by_state[state].append(one)
    facts: list[Facts] = []
    for state in sorted(by_state):
        facts.append(take_facts(state, (read_said(one) for one in by_state.pop(state))))
        progress(_READING, len(facts), len(facts) + len(by_state))
    progress(_ANALYSING, len(facts), len(facts))
    return analyse(facts, last_year)


class ThreadAnalyst:
    """The methods in a thread of this process."""

    async def analyse(self, said: Said, last_year: int, progress: Progress) -> Run:
        """Return the run over what is kept."""
        return await asyncio.to_thread(analyse_said, said, last_year, progress)


class ProcessAnalyst:
    """The methods in a process of their own, ended after `timeout_s`."""

    def __init__(self, timeout_s: float) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="analyst")
        self._running: Any = None

    async def analyse(self, said: Said, last_year: int, progress: Progress) -> Run:
        """Return the run over what is kept.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the process died, or was ended because it took too
                long.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._do, said, last_year, progress)

    def close(self) -> None:
        """End the process, also in the middle of a run: the run begins anew."""
        if self._running is not None:
            self._running.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _do(self, said: Said, last_year: int, progress: Progress) -> Run:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=serve, args=(theirs,), daemon=True, name="analyst")
        self._running = process
        process.start()
        theirs.close()
        try:
            ours.send((list(said), last_year))
            while True:
                if not ours.poll(self._timeout_s):
                    raise PlatformError(
                        Code.UNAVAILABLE, f"the analyst was silent for {self._timeout_s:.0f} s"
                    )
                kind, answer = ours.recv()
                if kind == "progress":
                    progress(*answer)
                elif kind == "run":
                    found: Run = answer
                    return found
                else:
                    raise PlatformError(Code.INTERNAL, f"a method failed: {answer}")
        except (EOFError, OSError) as error:
            raise PlatformError(Code.UNAVAILABLE, "the analyst died") from error
        finally:
            process.kill()
            process.join()
            ours.close()
            self._running = None


def serve(pipe: Connection) -> None:
    """Do one run for the other end of a pipe; an error travels as the name of its class.

    Its message could repeat declared content.
    """
    said, last_year = pipe.recv()
    try:
        found = analyse_said(said, last_year, lambda *reached: pipe.send(("progress", reached)))
        pipe.send(("run", found))
    except Exception as error:  # noqa: BLE001 - the parent says that the run failed
        pipe.send(("failed", type(error).__name__))
