"""Reads what a State has filed from the vault: what matters to one declaration, bounded in bytes.

Not responsible for what matters (`sextant_shared.rules.window`) nor for what holds of what was
filed (`sextant_shared.rules.filings`).

What was read last is kept, because the next delivery of the same State is compared with nearly the
same. It is kept as long as the process lives, which is a few jobs.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from sextant_declarations.domain.deliveries import FiledVersion, StateFilings
from sextant_shared.encoding import parse_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.rules import MAX_BYTES, MAX_DEPTH
from sextant_shared.rules.filings import Filings
from sextant_shared.rules.policy import DEFAULT_POLICY, RulePolicy
from sextant_shared.rules.window import that_matter


@dataclass
class Comparison:
    """What one declaration is compared with, once it is read; a `FilingsFor` of the rules.

    `compared` are the filings that were read. `left_out` says that there were more, which were too
    many, too large, or could not be read.
    """

    library: "Library"
    filings: StateFilings
    policy: RulePolicy = DEFAULT_POLICY
    compared: tuple[FiledVersion, ...] = ()
    left_out: bool = False

    def __call__(self, declaration: DeclarationBase) -> Filings:
        """Return the State's filings of the years around the declaration."""
        self.left_out = self.filings.is_cut
        chosen: list[tuple[FiledVersion, DeclarationBase]] = []
        room = self.library.max_bytes
        paths = dict(self.filings.filed)
        for filed in that_matter(declaration, list(paths), self.policy):
            room -= filed.size
            read = self.library.read(filed, paths[filed]) if room >= 0 else None
            if read is None:
                self.left_out = True
            else:
                chosen.append((filed, read))
        self.compared = tuple(filed for filed, _ in chosen)
        return Filings(read for _, read in reversed(chosen))


@dataclass
class Library:
    """Reads filings; holds at most `max_bytes` of them, measured as files."""

    max_bytes: int
    _held: OrderedDict[bytes, tuple[DeclarationBase, int]] = field(default_factory=OrderedDict)

    def read(self, filed: FiledVersion, path: Path) -> DeclarationBase | None:
        """Return a filing; None when the models of today cannot read it.

        Raises:
            PlatformError: `E_INTEGRITY` when the file is not the one that was registered.
        """
        if filed.content_digest in self._held:
            self._held.move_to_end(filed.content_digest)
            return self._held[filed.content_digest][0]
        data = path.read_bytes()
        if sha256(data) != filed.content_digest:
            raise PlatformError(
                Code.INTEGRITY,
                "a file of the vault is not the one that was registered",
                expected=filed.content_digest.hex(),
                received=sha256(data).hex(),
                fix="Restore the vault from the same backup as the database.",
            )
        try:
            read = read_declaration(parse_json(data, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH))
        except (PlatformError, ValidationError):
            return None
        self._keep(filed.content_digest, read, filed.size)
        return read

    def _keep(self, digest: bytes, read: DeclarationBase, size: int) -> None:
        self._held[digest] = (read, size)
        while sum(held for _, held in self._held.values()) > self.max_bytes:
            self._held.popitem(last=False)
