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
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection as Pipe
from typing import Any

from sextant_declarations.analysis.anomalies.facts import Facts
from sextant_declarations.analysis.anomalies.keeping import read_said
from sextant_declarations.analysis.anomalies.run import Run, analyse
from sextant_declarations.analysis.anomalies.taking import take_facts
from sextant_declarations.analysis.anomalies.terms import Terms
from sextant_declarations.domain.anomaly_runs import Progress, Said
from sextant_shared.errors import Code, PlatformError

_READING, _ANALYSING = "reading", "analysing"


def analyse_said(said: Said, last_year: int, progress: Progress, terms: Terms | None = None) -> Run:
    """Return the run over what is kept of declarations, State by State."""
    by_state = _by_state(said)
    facts = []
    for state, kept in by_state:
        facts.append(_facts(state, kept))
        progress(_READING, len(facts), len(by_state))
    progress(_ANALYSING, len(facts), len(facts))
    return analyse(facts, last_year, terms=terms)


def _by_state(said: Said) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = defaultdict(list)
    for state, one in said:
        found[state].append(one)
    return sorted(found.items())


def _facts(state: str, kept: Sequence[str]) -> Facts:
    return take_facts(state, (read_said(one) for one in kept))


class ThreadAnalyst:
    """The methods in a thread of this process."""

    def __init__(self, terms: Terms | None = None) -> None:
        self._terms = terms

    async def analyse(self, said: Said, last_year: int, progress: Progress) -> Run:
        """Return the run over what is kept."""
        return await asyncio.to_thread(analyse_said, said, last_year, progress, self._terms)


class ProcessAnalyst:
    """The methods in a process of their own, ended after `timeout_s`."""

    def __init__(self, timeout_s: float, terms: Terms | None = None) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._timeout_s = timeout_s
        self._terms = terms
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
        given = (theirs, self._terms)
        process = self._context.Process(target=serve, args=given, daemon=True, name="analyst")
        self._running = process
        process.start()
        theirs.close()
        try:
            return self._ask(ours, _by_state(said), last_year, progress)
        except (EOFError, OSError) as error:
            raise PlatformError(Code.UNAVAILABLE, "the analyst died") from error
        finally:
            process.kill()
            process.join()
            ours.close()
            self._running = None

    def _ask(
        self, pipe: Pipe, by_state: Sequence[tuple[str, list[str]]], last_year: int, told: Progress
    ) -> Run:
        read, all_ = 0, len(by_state)
        for one in by_state:  # one by one: sending much at once would hold the interpreter
            pipe.send(one)
            while pipe.poll(0):
                read += self._received(pipe) is None
            told(_READING, read, all_)
        pipe.send(last_year)
        while (found := self._received(pipe)) is None:
            read += 1
            told(*((_READING, read, all_) if read < all_ else (_ANALYSING, all_, all_)))
        return found

    def _received(self, pipe: Pipe) -> Run | None:
        """Return the run; None when another State was read."""
        if not pipe.poll(self._timeout_s):
            raise PlatformError(
                Code.UNAVAILABLE, f"the analyst was silent for {self._timeout_s:.0f} s"
            )
        answer = pipe.recv()
        if isinstance(answer, str):
            raise PlatformError(Code.INTERNAL, f"a method failed: {answer}")
        found: Run | None = answer
        return found


def serve(pipe: Pipe, terms: Terms | None = None) -> None:
    """Do one run for the other end of a pipe: States, then the year; None for each State read.

    An error travels as the name of its class: its message could repeat declared content.
    """
    try:
        facts = []
        while not isinstance(given := pipe.recv(), int):
            facts.append(_facts(*given))
            pipe.send(None)
        pipe.send(analyse(facts, given, terms=terms))
    except EOFError:
        return  # nobody waits any more
    except Exception as error:  # noqa: BLE001 - the parent says that the run failed
        pipe.send(type(error).__name__)
