"""What holds of a declaration: its newest registered version with every amendment folded in.

Folded from the vault when it is asked for, and never stored: what a State sent stays as it was, and
the fold cannot drift away from it.
"""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from sextant_declarations.domain.deliveries import FiledVersion
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.library import Library
from sextant_declarations.domain.ports import FiledVersions, Files
from sextant_shared.errors import Code, PlatformError
from sextant_shared.rules.filings import Filings, document_of


@dataclass(frozen=True)
class Effective:
    """Folds what is registered of one declaration; reads at most `max_bytes`."""

    filed: FiledVersions
    files: Files
    max_filings: int
    max_bytes: int

    async def chosen(self, owner: str, declaration_id: str) -> list[FiledVersion]:
        """Return the filings that are folded, oldest first, of the State that `owner` stands for.

        Raises:
            PlatformError: `E_NOT_FOUND`, when none is registered; `E_TOO_LARGE`, when it has more
                amendments than are read at once.
        """
        found = await self.filed.filed_by(owner, self.max_filings)
        chosen = [
            one for one in reversed(found) if declaration_id in {one.declaration_id, one.revises}
        ]
        if sum(one.size for one in chosen) > self.max_bytes:
            raise PlatformError(
                Code.TOO_LARGE,
                "the declaration has more amendments than are folded at once",
                expected=f"at most {self.max_bytes} bytes",
                fix="Read its versions and amendments one by one.",
            )
        if not chosen:
            raise _not_in_force()
        return chosen

    async def fold(
        self, chosen: list[FiledVersion], owner: str, declaration_id: str, access: Access
    ) -> bytes:
        """Return the document in force.

        Raises:
            PlatformError: `E_NOT_FOUND`, when no version is in force; `E_INTEGRITY`.
        """
        paths = [self.files.content(one.manifest_digest, access) for one in chosen]
        return await asyncio.to_thread(self._fold, chosen, paths, owner, declaration_id)

    def _fold(
        self, chosen: list[FiledVersion], paths: list[Path], owner: str, declaration_id: str
    ) -> bytes:
        library = Library(self.max_bytes)
        read = [library.read(one, path) for one, path in zip(chosen, paths, strict=True)]
        filings = Filings(declaration for declaration in read if declaration is not None)
        holding = filings.holding(owner, declaration_id)
        if holding is None:
            raise _not_in_force()
        return json.dumps(document_of(holding), ensure_ascii=False).encode()


def _not_in_force() -> PlatformError:
    return PlatformError(
        Code.NOT_FOUND,
        "no version of this declaration is in force",
        fix="Read its versions: it was not registered, or it was withdrawn.",
    )
