"""Seals a reply anew that waited so long that the exchange no longer takes it."""

from dataclasses import dataclass

from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.owed import DueReply, SealedReply, SealOrder
from sextant_declarations.domain.ports import HeadLedger, Workshop
from sextant_shared.clock import timestamp_s


@dataclass(frozen=True)
class Reseal:
    """The same content, under a new id, with today's date, to the key the party has now."""

    directory: Directory
    workshop: Workshop
    heads: HeadLedger
    sources: Sources

    async def __call__(self, reply: DueReply) -> SealedReply:
        """Return the reply sealed anew.

        Raises:
            PlatformError: what looking up the address or the workshop raise.
        """
        order = SealOrder(
            id=self.sources.new_id(),
            type=reply.type,
            content=reply.content,
            to=await self.directory.address(
                reply.party, since=0, classification=reply.classification
            ),
            classification=reply.classification,
            created=timestamp_s(self.sources.clock()),
            irt=reply.irt,
            sup=reply.sup,
            cty=reply.cty,
            beacon=await self.heads.newest(),
        )
        (sealed,) = await self.workshop.seal([order])
        return sealed
