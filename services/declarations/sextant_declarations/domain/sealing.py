"""Signs and seals replies with the Secretariat's own pair; the bytes are kept as evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

from sextant_declarations.domain.deliveries import LogHead
from sextant_declarations.domain.owed import SealedReply, SealOrder
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u
from sextant_shared.models.envelope import Beacon
from sextant_shared.protocol.envelope import SealRequest, seal_bytes


@dataclass(frozen=True)
class Seal:
    """Seals orders as `party`, signed by its pair."""

    party: str
    signers: tuple[Signer, Signer]

    def __call__(self, orders: Sequence[SealOrder]) -> list[SealedReply]:
        """Return the sealed replies, in order.

        Raises:
            PlatformError: `E_KEY` for an address whose key cannot encapsulate.
        """
        return [self._one(order) for order in orders]

    def _one(self, order: SealOrder) -> SealedReply:
        request = SealRequest(
            id=order.id,
            sender=self.party,
            signers=self.signers,
            recipients=[(order.to.party, SealingKey.from_jwk(order.to.jwk))],
            type=order.type,
            cty=order.cty,
            classification=order.classification,
            created=order.created,
            irt=order.irt,
            sup=order.sup,
            log=_beacon(order.beacon),
        )
        container, sealed = seal_bytes(order.content, request)
        return SealedReply(
            order=order,
            container=container,
            manifest_digest=sealed.manifest.digest,
            kpc=sealed.kpc,
        )


def _beacon(head: LogHead | None) -> Beacon | None:
    return Beacon(size=head.size, root=b64u(head.root)) if head else None
