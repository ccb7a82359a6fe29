"""What reading a file gives: the document, and from which cell or line each of its places came.

Every reader returns the same, so that a finding names the place in the file a person works with,
whatever its format. What a place means is no business of this module.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sextant_shared.errors import Code, Finding, PlatformError, Severity

# The cell (`Plants!F17`) or line (`line 12, column 5`) of a JSON pointer.
SourceOf = Callable[[str], str]
# Begins to report one phase of the work: what it is, then how many are done of how many.
Meter = Callable[[str], Callable[[int, int], None]]


@dataclass(frozen=True)
class Sourced:
    """A document with its sources.

    `source_of` answers for every pointer: for what the file does not hold, with the nearest place
    around it. `findings` are the places that could not be read without guessing, each with its
    source; they are left out of the document, so it must not be used while there are any that must
    be fixed. `rows` says how many there were, for progress.
    """

    document: dict[str, Any]
    source_of: SourceOf
    findings: tuple[Finding, ...] = ()
    rows: int = 0

    def placed(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return findings of the document with their sources in the file."""
        return [replace(f, source=f.source or self.source_of(f.pointer)) for f in findings]

    def whole(self) -> dict[str, Any]:
        """Return the document.

        Raises:
            PlatformError: `E_MALFORMED` with all findings, when something could not be read.
        """
        if any(finding.severity is Severity.MUST_FIX for finding in self.findings):
            raise unreadable(self.findings)
        return self.document


def unreadable(findings: Iterable[Finding]) -> PlatformError:
    """Return the error for a file with places that cannot be read."""
    found = tuple(findings)
    first = found[0]
    return PlatformError(
        Code.MALFORMED,
        f"the file cannot be read without guessing in {len(found)} place(s);"
        f" {first.source}: {first.message}",
        findings=found,
        fix="Correct every place that the findings name.",
    )


def misread(  # a finding of a file has as many parts as people need to mend it
    source: str,
    message: str,
    *,
    pointer: str = "",
    expected: str = "",
    received: str = "",
    fix: str,
) -> Finding:
    """Return the finding of one place that cannot be read."""
    return Finding(
        rule="S0",
        severity=Severity.MUST_FIX,
        pointer=pointer,
        message=message,
        expected=expected,
        received=received,
        fix=fix,
        source=source,
    )


def nearest(places: Mapping[str, str], pointer: str) -> str:
    """Return the place of a pointer, else of the nearest pointer around it that has one."""
    while pointer and pointer not in places:
        pointer = pointer.rpartition("/")[0]
    return places.get(pointer, "")


def no_meter(_what: str) -> Callable[[int, int], None]:
    """Report nothing."""
    return lambda _done, _total: None
