"""Gathers what a State has filed, before one of its deliveries is examined.

Nothing is read here but rows: which of these matter is known only once the delivery is open, and
plaintext is read where it is examined. Bounded, because a State's filings grow for ever.
"""

from dataclasses import dataclass

from sextant_declarations.domain.deliveries import StateFilings
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.ports import FiledVersions, Files
from sextant_declarations.domain.register import StatePolicy


@dataclass(frozen=True)
class Comparing:
    """Finds the filings of the State that a party declares for."""

    filed: FiledVersions
    files: Files
    policy: StatePolicy
    max_filings: int

    async def __call__(self, sender: str) -> StateFilings:
        """Return the newest registered version of each declaration of the sender's State.

        Raises:
            PlatformError: `E_INTEGRITY` when a file of the vault is missing.
        """
        owner = self.policy.owner_of(sender)
        found = await self.filed.filed_by(owner, self.max_filings + 1)
        kept = found[: self.max_filings]
        access = Access.of_examination()
        return StateFilings(
            tuple((one, self.files.content(one.manifest_digest, access)) for one in kept),
            is_cut=len(found) > len(kept),
        )
