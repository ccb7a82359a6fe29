"""The exchange over HTTP: our mailbox, the party registry, deposits, what officers ask of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from sextant_declarations.domain.deliveries import Lease
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import DiscardRequest
from sextant_shared.models.envelope import MAX_BODY_BYTES, MAX_MANIFEST_BYTES, MEDIA_TYPE
from sextant_shared.models.exchange import DeliveryPage, LeasePage
from sextant_shared.models.exchange import Lease as WireLease
from sextant_shared.models.strict import Strict, read_model
from sextant_shared.protocol.manifest import PREFIX_SIZE

MAX_CONTAINER_BYTES = PREFIX_SIZE + MAX_MANIFEST_BYTES + MAX_BODY_BYTES
MAX_ANSWER_BYTES = 4 * 1024 * 1024  # a page of 500 deliveries has about 250 kB
MAX_REASON_CHARS = 500
LONG_POLL_MARGIN_S = 10.0  # the exchange answers after `wait_s`; give the answer time to arrive
LEASES = "/v1/mailbox/leases"
DEAD_LETTERS = "/v1/mailbox/dead-letters"

Answer = TypeVar("Answer", bound=Strict)


@dataclass(frozen=True)
class HttpExchange:
    """The exchange as a client of our own party sees it; nothing of it is believed unverified.

    Every method raises `E_UNAVAILABLE` when the exchange cannot be reached, else what it refuses.
    """

    client: ServiceClient
    party: str

    async def lease(self, limit: int, *, lease_s: int, wait_s: int) -> list[Lease]:
        """Return up to `limit` deliveries, ours for `lease_s`; wait for the first one."""
        # Not repeated by the client: an answer that was lost holds leases that must run out.
        response = await self.client.poll(
            LEASES,
            json={"max": limit, "lease_s": lease_s, "wait_s": wait_s},
            timeout_s=wait_s + LONG_POLL_MARGIN_S,
            is_idle=lambda answer: not _read(LeasePage, answer).leases,
        )
        return [_lease(found) for found in _read(LeasePage, response).leases]

    async def acknowledge(self, token: str) -> None:
        """End the delivery: its effect is stored here."""
        await self.client.request("POST", f"{LEASES}/{token}/acknowledge")

    async def release(self, token: str, *, error: str, delay_s: int, untried: bool = False) -> None:
        """Give the delivery back, to come again after `delay_s`; `untried` counts as no failure."""
        path = f"{LEASES}/{token}/release"
        body = {"error": error[:MAX_REASON_CHARS], "delay_s": delay_s, "dead": False}
        if untried:
            try:
                await self.client.request("POST", path, json={**body, "untried": True})
            except PlatformError as refused:
                # An exchange of the version before does not know the word, and counts.
                if refused.code is not Code.MALFORMED:
                    raise
            else:
                return
        await self.client.request("POST", path, json=body)

    async def extend(self, token: str, *, lease_s: int) -> None:
        """Keep the delivery for another `lease_s`."""
        await self.client.request("POST", f"{LEASES}/{token}/extend", json={"lease_s": lease_s})

    async def fetch(self, sender: str, id_: str, into: Path) -> None:
        """Write the container to the file `into`, piece by piece."""
        path = f"/v1/envelopes/{sender}/{id_}/content"
        left = MAX_CONTAINER_BYTES
        try:
            async with self.client.stream("GET", path) as response:
                with into.open("wb") as out:
                    async for piece in response.aiter_bytes():
                        left -= len(piece)
                        if left < 0:
                            raise PlatformError(
                                Code.INTEGRITY, "the exchange hands out more than an envelope holds"
                            )
                        out.write(piece)
        except OSError as error:
            raise PlatformError(
                Code.UNAVAILABLE, f"the container cannot be written: {error.strerror}"
            ) from error

    async def custody_receipt(self, sender: str, id_: str) -> bytes:
        """Return the custody receipt, byte for byte."""
        receipt = await self._receipt(sender, id_)
        if receipt is None:
            raise PlatformError(Code.UNAVAILABLE, "the custody receipt is pending", retry_after_s=1)
        return receipt

    async def proof(self, party: str, at: int | None) -> bytes:
        """Return the registry proof at the party entry `at` of the log, None for the newest."""
        params = {} if at is None else {"at": at}
        response = await self.client.request("GET", f"/v1/parties/{party}/proof", params=params)
        return response.content

    async def deposit(self, container: bytes) -> bytes | None:
        """Deposit; return the custody receipt, or None while it is pending. Safe to repeat."""
        # Not repeated by the client: the relay comes again, and says meanwhile what is owed.
        response = await self.client.request(
            "POST",
            "/v1/envelopes",
            content=container,
            headers={"Content-Type": MEDIA_TYPE},
            repeatable=False,
        )
        return None if response.status_code == httpx.codes.ACCEPTED else response.content

    async def receipt(self, id_: str) -> bytes | None:
        """Return the custody receipt of an envelope deposited before, None while it is pending."""
        return await self._receipt(self.party, id_)

    async def waiting(self, after: int, limit: int) -> DeliveryPage:
        """Return a page of our mailbox, in order of acceptance."""
        response = await self.client.request(
            "GET", "/v1/mailbox", params={"after": after, "limit": limit}, repeatable=False
        )
        return _read(DeliveryPage, response)

    async def dead_letters(self, after: int, limit: int) -> DeliveryPage:
        """Return a page of the deliveries that failed too often."""
        response = await self.client.request(
            "GET", DEAD_LETTERS, params={"after": after, "limit": limit}
        )
        return _read(DeliveryPage, response)

    async def replay(self, seq: int) -> None:
        """Let a dead letter come again."""
        await self.client.request("POST", f"{DEAD_LETTERS}/{seq}/replay")

    async def discard(self, seq: int, request: DiscardRequest) -> None:
        """Give up a dead letter for good.

        Raises:
            PlatformError: `E_STATE` when it is none.
        """
        body = request.model_dump(mode="json")
        await self.client.request("POST", f"{DEAD_LETTERS}/{seq}/discard", json=body)

    async def _receipt(self, sender: str, id_: str) -> bytes | None:
        response = await self.client.request("GET", f"/v1/envelopes/{sender}/{id_}/receipt")
        return None if response.status_code == httpx.codes.ACCEPTED else response.content


def _read(model: type[Answer], response: httpx.Response) -> Answer:
    return read_model(model, parse_json(response.content, max_bytes=MAX_ANSWER_BYTES))


def _lease(found: WireLease) -> Lease:
    return Lease(
        token=found.lease,
        seq=found.seq,
        sender=found.sender,
        id=found.id,
        type=found.type,
        size=found.size,
        manifest=found.manifest,
        attempts=found.attempts,
        traceparent=found.traceparent,
    )
