"""The transparency log over HTTP: appending, and proofs of consistency."""

from collections.abc import Sequence
from dataclasses import dataclass

from sextant_shared.chassis.http import ServiceClient
from sextant_shared.encoding import b64_decode, b64u, parse_json
from sextant_shared.models.log import AppendAnswer, AppendRequest, ConsistencyProof
from sextant_shared.models.strict import read_model

MAX_ANSWER_BYTES = 4 * 1024 * 1024  # 256 paths of 63 hashes, and a checkpoint


@dataclass(frozen=True)
class HttpLog:
    """The log as the audit service serves it; nothing of it is believed unverified."""

    client: ServiceClient

    async def append(self, leaves: Sequence[bytes]) -> AppendAnswer:
        """Append entries; safe to repeat, since an entry's id makes it idempotent.

        Raises:
            PlatformError: `E_UNAVAILABLE`, or what the log refuses.
        """
        body = AppendRequest(entries=[b64u(leaf) for leaf in leaves]).model_dump(mode="json")
        # Not repeated by the client: the relay comes again, and says meanwhile what is owed.
        response = await self.client.request("POST", "/v1/entries", json=body, repeatable=False)
        return read_model(AppendAnswer, parse_json(response.content, max_bytes=MAX_ANSWER_BYTES))

    async def consistency(self, first: int, second: int) -> list[bytes]:
        """Return the path that proves the tree of size `second` continues that of `first`.

        Raises:
            PlatformError: `E_UNAVAILABLE`, or what the log refuses.
        """
        response = await self.client.request(
            "GET",
            "/v1/proofs/consistency",
            params={"first": first, "second": second},
            repeatable=False,
        )
        value = parse_json(response.content, max_bytes=MAX_ANSWER_BYTES)
        return [b64_decode(node) for node in read_model(ConsistencyProof, value).path]
