"""What is registered about plant sites, read with an access in hand: for lists, packages, dossiers.

Responsible for finding and reading it. What follows from it is the analyses'. A site is named by
its State and the code that the State gave it.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sextant_declarations.domain.accesses import Gives, Item, Reader
from sextant_declarations.domain.deliveries import FiledVersion
from sextant_declarations.domain.gate import Access, Gate
from sextant_declarations.domain.library import Library
from sextant_declarations.domain.ports import Files
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import DeclarationBase

AT_ONCE = 500  # envelopes named in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class SitedFiling:
    """A registered version, amendment or withdrawal: of which State, and since when it is known.

    `declaration` is the register's id, `registration` its number there, `revises` the register's id
    of what it amends or withdraws.
    """

    inbox: int
    owner: str
    declaration: str
    revises: str | None
    n: int
    registration: str
    known: str
    filed: FiledVersion


@dataclass(frozen=True, slots=True)
class SiteFinding:
    """What a rule found in a filing and where, without figures; `answer` is the State's reason."""

    inbox: int
    rule: str
    severity: str
    pointer: str
    answer: str


class SitedRows(Protocol):
    """What is registered, found by kind or by site."""

    async def of_kinds(
        self, kinds: Collection[str], first_year: int, last_year: int, known_by: str
    ) -> list[SitedFiling]:
        """Return filings of these kinds and years, and what revises them, in order."""
        ...

    async def of_sites(
        self, owner: str, codes: Collection[str] | None, known_by: str
    ) -> list[SitedFiling]:
        """Return filings about sites of a State (None: all), and what revises them, in order."""
        ...

    async def numbered(self, numbers: Collection[tuple[str, str]]) -> list[SitedFiling]:
        """Return all filings of declarations, by State and the State's number, in order."""
        ...

    async def findings(self, inboxes: Collection[int], access: Access) -> list[SiteFinding]:
        """Return what rules found in filings that the access covers."""
        ...


@dataclass(frozen=True)
class Sited:
    """Reads filings about sites; at most `max_bytes` of them at once."""

    rows: SitedRows
    files: Files
    gate: Gate
    max_bytes: int

    async def admit(self, filings: Sequence[SitedFiling], reader: Reader, gives: Gives) -> Access:
        """Return leave to read these filings; the access is durable then."""
        digests = [one.filed.manifest_digest for one in filings]
        items: list[Item] = []
        for start in range(0, len(digests), AT_ONCE):
            items += await self.gate.rows.of_envelopes(digests[start : start + AT_ONCE])
        return await self.gate.admit(reader, gives, items)

    async def read(
        self, filings: Sequence[SitedFiling], access: Access
    ) -> list[tuple[SitedFiling, DeclarationBase]]:
        """Return filings with what they say; those that no model of today reads are left out.

        Raises:
            PlatformError: `E_TOO_LARGE`, `E_INTEGRITY` for a file that is not the registered one.
        """
        size = sum(one.filed.size for one in filings)
        if size > self.max_bytes:
            raise PlatformError(
                Code.TOO_LARGE,
                "more is registered about it than is read at once",
                expected=f"at most {self.max_bytes} bytes",
                received=f"{size} bytes",
                fix="Raise the setting MAX_FILINGS_BYTES, or read the declarations one by one.",
            )
        paths = [self.files.content(one.filed.manifest_digest, access) for one in filings]
        return await asyncio.to_thread(self._read, filings, paths)

    def _read(
        self, filings: Sequence[SitedFiling], paths: Sequence[Path]
    ) -> list[tuple[SitedFiling, DeclarationBase]]:
        library = Library(self.max_bytes)
        found = []
        for one, path in zip(filings, paths, strict=True):
            said = library.read(one.filed, path)
            if said is not None:
                found.append((one, said))
        return found
