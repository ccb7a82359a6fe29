"""Says of an envelope whether the registry now suspects a key that signed it.

The exchange keeps no key ids of old envelopes: when a sender has suspect keys, and only then, the
manifest is read again from the container.
"""

import io
from collections.abc import AsyncIterator

from sextant_exchange.domain.envelopes import Stored
from sextant_exchange.domain.ports import Blobs, Envelopes
from sextant_exchange.domain.registration import Registration
from sextant_exchange.domain.statements import Statements
from sextant_shared.clock import timestamp_ms
from sextant_shared.models.envelope import MAX_MANIFEST_BYTES
from sextant_shared.models.party import PartyKey
from sextant_shared.models.statements import Says
from sextant_shared.protocol.keyhistory import suspect_keys
from sextant_shared.protocol.manifest import PREFIX_SIZE, Manifest, read_manifest
from sextant_shared.protocol.statements import parse_statement


class Suspicion:
    """The use case."""

    def __init__(
        self,
        registration: Registration,
        statements: Statements,
        envelopes: Envelopes,
        blobs: Blobs,
    ) -> None:
        self._registration = registration
        self._statements = statements
        self._envelopes = envelopes
        self._blobs = blobs

    async def flag(self, stored: Stored) -> str:
        """Return why the envelope is flagged, in words; empty when it is not."""
        sender = self._registration.registry.parties.get(stored.claim.sender)
        if sender is None or stored.index is None:
            return ""
        # When it was received is the time in its entry: the one that verifiers judge by.
        suspects = suspect_keys(sender, timestamp_ms(stored.received))
        if not suspects:
            return ""
        manifest = await self._manifest(stored)
        found = [suspects[kid] for kid in manifest.header.skid if kid in suspects]
        return _words(found[0]) if found else ""

    async def word(self, stored: Stored) -> Says | None:
        """Return the newest word of the sender that is by no suspect key, None without one."""
        sender = self._registration.registry.parties.get(stored.claim.sender)
        for logged in reversed(await self._statements.of(stored)):
            statement, kids = parse_statement(logged.statement.encode())
            if sender is None or not suspect_keys(sender, statement.t).keys() & set(kids):
                return statement.says
        return None

    async def _manifest(self, stored: Stored) -> Manifest:
        if stored.blob is None:
            data = await self._envelopes.content(stored.number) or b""
        else:
            data = await _head(await self._blobs.open(stored.blob))
        return read_manifest(io.BytesIO(data))


async def _head(pieces: AsyncIterator[bytes]) -> bytes:
    head = b""
    async for piece in pieces:
        head += piece
        if len(head) >= PREFIX_SIZE + MAX_MANIFEST_BYTES:
            break
    return head


def _words(key: PartyKey) -> str:
    return f"signed by key {key.kid}, {key.status}, suspected from {key.suspect_from}: {key.reason}"
