"""How the command shows large envelopes on their way: a bar with the rate, on a terminal alone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from sextant_client.cli.output import Output
from sextant_client.transfer import Progress as Told
from sextant_client.transfer import untold

SHOWN_FROM_BYTES = 1 << 20  # what is smaller is there before it could be read


@contextmanager
def moving(output: Output, doing: str, done: str) -> Iterator[Told]:
    """Yield what is told while bytes move; one line of each large envelope stays.

    On a terminal a bar moves meanwhile. With `--json` nothing is shown.
    """
    if output.as_json:
        yield untold
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    is_shown = output.console.is_terminal
    with Progress(*columns, console=output.console, transient=True, disable=not is_shown) as bars:
        yield _Moving(output, bars, doing, done)


class _Moving:
    """Shows one envelope after the other."""

    def __init__(self, output: Output, bars: Progress, doing: str, done: str) -> None:
        self._output = output
        self._bars = bars
        self._doing = doing
        self._done = done
        self._bar: TaskID | None = None
        self._first = 0
        self._since = 0.0

    def __call__(self, done: int, total: int) -> None:
        if total < SHOWN_FROM_BYTES:
            return
        if self._bar is None:  # what was there before counts as moved, but not for the rate
            self._bar = self._bars.add_task(self._doing, total=total, completed=done)
            self._first, self._since = done, time.monotonic()
            self._bars.refresh()
        self._bars.update(self._bar, completed=done)
        if done >= total:
            self._bars.remove_task(self._bar)
            self._bar = None
            self._say(total)

    def _say(self, total: int) -> None:
        seconds = time.monotonic() - self._since
        rate = int((total - self._first) / max(seconds, 1e-3))
        self._output.say(f"{self._done} {decimal(total)} in {seconds:.1f} s, {decimal(rate)}/s")
