"""Fills the vault again after a loss: from the exchange, which still has what we took in.

The register says what the vault must hold. Each container is fetched, verified and opened as when
it came first; only one with the digest that the register knows is kept. Nothing is decided anew and
nobody is answered. Not responsible for what the exchange has erased: that is named.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sextant_declarations.domain.deliveries import Content, Dossier
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.ports import Mailbox, Vault, Workshop
from sextant_shared.errors import Code, PlatformError

PAGE = 100


@dataclass(frozen=True, slots=True)
class TakenIn:
    """An envelope in the register, and what the vault must hold of it."""

    number: int
    sender: str
    id: str
    manifest_digest: bytes
    custody: bytes
    registry_index: int
    is_opened: bool
    is_package: bool


class Holding(Vault, Protocol):
    """A vault that says what it lacks."""

    def lacks(self, each: TakenIn) -> bool:
        """Return whether a file that must be there is not."""
        ...


@dataclass
class Refilled:
    """How many envelopes lacked a file and have it again, and which do not."""

    filled: int = 0
    lacking: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Refill:
    """Fetches what the vault lacks; `page` gives the register's envelopes after a number."""

    page: Callable[[int, int], Awaitable[Sequence[TakenIn]]]
    mailbox: Mailbox
    directory: Directory
    workshop: Workshop
    vault: Holding

    async def __call__(self) -> Refilled:
        """Fill the vault; safe to repeat.

        Raises:
            PlatformError: `E_UNAVAILABLE` when exchange or disk refuse; what came stays.
        """
        done, last = Refilled(), 0
        while page := await self.page(last, PAGE):
            for each in page:
                if self.vault.lacks(each):
                    await self._fill(each, done)
            last = page[-1].number
        return done

    async def _fill(self, each: TakenIn, done: Refilled) -> None:
        try:
            await self._fetch(each)
        except PlatformError as error:
            if error.code is Code.UNAVAILABLE:
                raise  # the others would fare no better
            done.lacking.append(f"{each.sender} {each.id}: {error}")
        else:
            done.filled += 1

    async def _fetch(self, each: TakenIn) -> None:
        own = self.directory.trust.party
        with self.vault.stage() as stage:
            await self.mailbox.fetch(each.sender, each.id, stage.container)
            dossier = Dossier(
                sender=each.sender,
                id=each.id,
                stage=stage,
                custody=each.custody,
                sender_proof=await self.directory.proof_at(each.sender, each.registry_index),
                own_proof=await self.directory.proof_at(own, each.registry_index),
            )
            examined = await self.workshop.examine(dossier)
            is_opened = isinstance(examined.result, Content)
            if examined.manifest_digest != each.manifest_digest or each.is_opened > is_opened:
                raise PlatformError(
                    Code.INTEGRITY,
                    "what the exchange has is not what was taken in, or opens no more",
                    expected=each.manifest_digest.hex(),
                    received=examined.manifest_digest.hex(),
                    fix="Ask the sender for the container; name all old sealing keys.",
                )
            await self.vault.keep(stage, each.manifest_digest, with_content=each.is_opened)
