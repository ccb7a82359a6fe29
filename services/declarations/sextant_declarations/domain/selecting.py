"""What holds of many declarations at once, read with one access: for pictures and exports.

Responsible for choosing which registered filings that takes, their amendments and withdrawals with
them, for the one access to all of them, and for folding. Not responsible for what is made of the
declarations. Nothing that was folded is stored (`effective` says why).
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.deliveries import FiledVersion
from sextant_declarations.domain.gate import Access, Gate
from sextant_declarations.domain.library import Library
from sextant_declarations.domain.ports import Files
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.filing import Amendment, Withdrawal
from sextant_shared.rules.filings import effective

_ABOUT_FILINGS = (Amendment, Withdrawal)
Progress = Callable[[int, int | None], None]
"""Told how much was read, of how much if that is known; may raise to end the reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which declarations: all that is given together; no `kinds` or `years` are all of them."""

    kinds: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    state: str | None = None
    site: str | None = None


class SelectingRows(Protocol):
    """What is registered."""

    async def chosen(self, choice: Choice, limit: int) -> list[FiledVersion]:
        """Return the newest registered version of each, and what amends or withdraws them.

        In order of State, number and registration; at most `limit`.
        """
        ...


def _unread(_done: int, _total: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Selection:
    """Filings that may be read, because the access to them is stored."""

    filed: Sequence[FiledVersion]
    paths: Sequence[Path]

    def declarations(self, progress: Progress = _unread) -> Iterator[DeclarationBase]:
        """Return what holds of them, one after the other; blocks, so in a thread."""
        library = Library(0)
        read: list[DeclarationBase] = []
        for n, (one, path) in enumerate(zip(self.filed, self.paths, strict=True), start=1):
            declaration = library.read(one, path)
            if declaration is not None:
                read.append(declaration)
            progress(n, len(self.filed))
        holding = effective(read)
        return (
            holding[at] for at in sorted(holding) if not isinstance(holding[at], _ABOUT_FILINGS)
        )


@dataclass(frozen=True)
class Selecting:
    """Gives what holds; at most `limit` filings at once, because they are held in memory."""

    rows: SelectingRows
    files: Files
    gate: Gate
    limit: int

    async def choose(self, choice: Choice, reader: Reader, gives: Gives) -> Selection:
        """Return leave to read what was chosen; the access is stored then.

        Raises:
            PlatformError: `E_MALFORMED` without a purpose, `E_TOO_LARGE` for more than may be read
                at once, `E_UNAVAILABLE`.
        """
        filed = await self.rows.chosen(choice, self.limit + 1)
        if len(filed) > self.limit:
            raise PlatformError(
                Code.TOO_LARGE,
                "more declarations than are read at once",
                expected=f"at most {self.limit}, amendments counted",
                fix="Ask for one State, or for one year.",
            )
        access = await self.gate.envelopes(reader, gives, *(one.manifest_digest for one in filed))
        return Selection(filed, [self._path(one, access) for one in filed])

    async def read(self, choice: Choice, reader: Reader, gives: Gives) -> list[DeclarationBase]:
        """Return what holds of the chosen declarations.

        Raises:
            PlatformError: as `choose`; `E_INTEGRITY` for a file that is not the registered one.
        """
        chosen = await self.choose(choice, reader, gives)
        return await asyncio.to_thread(lambda: list(chosen.declarations()))

    def _path(self, one: FiledVersion, access: Access) -> Path:
        return self.files.content(one.manifest_digest, access)
