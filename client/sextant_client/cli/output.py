"""How the command speaks: results on stdout, progress and errors on stderr, JSON when asked."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

from rich.console import Console

from sextant_client.errors import exit_status
from sextant_shared.errors import Finding, PlatformError, Severity
from sextant_shared.protocol.problems import problem_of
from sextant_shared.rules.wording import Language, in_line, labelled

PROGRESS_EVERY_S = 5.0
_LETTERS = {
    Severity.MUST_FIX: "E",
    Severity.EXPLAIN_OR_FIX: "W",
    Severity.INFORMATION: "I",
}
_ANSWERED = "A"  # it was a W, and has its reason
_INDENT = " " * 11


class Output:
    """Where results and progress of one run go."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._progress = Console(stderr=True, highlight=False)
        self._last = 0.0

    @property
    def console(self) -> Console:
        """Where progress goes."""
        return self._progress

    def result(self, members: dict[str, Any], lines: list[str]) -> None:
        """Print the one result: a JSON document, or lines for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(members, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """Print one line of progress."""
        if not self.as_json:
            self._progress.print(text, markup=False)

    def meter(self, what: str) -> Callable[[int, int], None]:
        """Return a progress function with numbers: a moving line on a terminal, else rare lines."""
        started = time.monotonic()

        def report(done: int, total: int) -> None:
            now = time.monotonic()
            rate = done / max(now - started, 1e-6)
            left = (total - done) / rate if rate else 0.0
            time_left = f", {left:,.0f} s left" if left >= 1 else ""
            text = f"{what} {done:,}/{total:,} ({rate:,.0f}/s{time_left})"
            if self.as_json:
                return
            if self._progress.is_terminal:
                self._progress.print(text, end="\r" if done < total else "\n", markup=False)
            elif done == total or now - self._last >= PROGRESS_EVERY_S:
                self._last = now
                self._progress.print(text, markup=False)

        return report

    def fail(self, error: PlatformError) -> NoReturn:
        """Print an error with what was expected, received and mends it; end with its status."""
        status = exit_status(error)
        if self.as_json:
            sys.stdout.write(json.dumps({"error": problem_of(error), "status": status}) + "\n")
        else:
            sys.stderr.write(f"{error.code}: {error.detail}\n")
            for name in ("expected", "received", "fix"):
                if value := getattr(error, name):
                    sys.stderr.write(f"  {name}: {value}\n")
            sys.stderr.writelines(f"{line}\n" for f in error.findings for line in finding_lines(f))
        sys.exit(status)


def table_lines(rows: list[list[str]], indent: str = "") -> list[str]:
    """Return rows with their cells below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        indent
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def finding_lines(finding: Finding, language: Language = "en") -> list[str]:
    """Return a finding as people read it: what and where, expected, received, fix, law.

    The cell or line of the file comes first, where it is known; the version that an amendment
    gives, where the finding is of that.
    """
    letter = _ANSWERED if finding.answer else _LETTERS[finding.severity]
    of = f"[{finding.document}]" if finding.document else ""
    where = "  ".join(part for part in (finding.source, of, finding.pointer or "/") if part)
    lines = [f"{letter} {finding.rule:<6} {where}  {in_line(finding.message)}"]
    lines += [
        f"{_INDENT}{labelled(name, value, language)}"
        for name in ("expected", "received", "fix", "answer")
        if (value := getattr(finding, name))
    ]
    last = [labelled("law", finding.law, language)] if finding.law else []
    if finding.way:
        last.append(labelled("more", f"sextant explain {finding.rule}-{finding.way}", language))
    return [*lines, f"{_INDENT}{'   '.join(last)}"] if last else lines
