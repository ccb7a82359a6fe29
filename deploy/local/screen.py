"""Tells the story of a run: steps with numbers, plain lines without a terminal."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table


class Screen:
    """Where a demo or a start-up speaks; on stderr where stdout is for a result."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._console = Console(highlight=False, soft_wrap=True, stderr=stderr)
        self._started = time.monotonic()
        self._passing = 0  # characters of a progress line that the next line takes the place of

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Print a heading, run the block, print how long it took."""
        begun = time.monotonic()
        self._console.print(f"\n[bold]{title}[/bold]")
        yield
        self._erase()
        self._console.print(f"  [dim]{time.monotonic() - begun:.1f} s[/dim]")
        sys.stdout.flush()

    def progress(self, text: str) -> None:
        """Show what is under way, on a terminal only: the next line takes its place."""
        if self._console.is_terminal:
            self._erase()
            self._console.print(f"  {text}", style="dim", markup=False, end="\r")
            self._passing = len(text) + 2

    def _erase(self) -> None:
        if self._passing:
            self._console.print(" " * self._passing, end="\r")
            self._passing = 0

    def line(self, text: str) -> None:
        """Print one line below the heading."""
        self._erase()
        self._console.print(f"  {text}", markup=False)
        sys.stdout.flush()

    def lines(self, text: str) -> None:
        """Print the lines of a command's output below the heading."""
        for line in text.rstrip("\n").splitlines():
            self.line(line)

    def table(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Print a table of two columns."""
        table = Table(title=title, title_justify="left", show_header=False)
        for row in rows:
            table.add_row(*row)
        self._console.print()
        self._console.print(table)

    def elapsed(self) -> float:
        """Return seconds since the start."""
        return time.monotonic() - self._started
