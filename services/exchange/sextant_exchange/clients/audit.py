"""The log over HTTP: appends in batches and believes nothing it did not verify."""

from collections.abc import Sequence
from typing import TypeGuard

from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from sextant_exchange.domain.ports import LoggedLeaf
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.chassis.telemetry import BATCH_COUNT, Telemetry
from sextant_shared.encoding import b64_decode, b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE, leaf_hash
from sextant_shared.merkle.proofs import Inclusion, verify_inclusions
from sextant_shared.models.log import AppendAnswer
from sextant_shared.protocol.checkpoints import LogKeys, verify_checkpoint
from sextant_shared.protocol.logproof import join_proof

APPEND_TIMEOUT_S = 10.0  # the deposits behind it are held; better a fresh try than a long one
MAX_EVIDENCE_CHARS = 65_536
_SAMPLED = frozenset("13579bdf")  # the lowest bit of the flags; others may be set beside it


class HttpLog:
    """The port `Log` over the audit service."""

    def __init__(self, client: ServiceClient, keys: LogKeys, telemetry: Telemetry) -> None:
        self._client = client
        self._keys = keys
        self._telemetry = telemetry

    async def append(
        self, entries: Sequence[bytes], traceparents: Sequence[str | None]
    ) -> list[LoggedLeaf]:
        """Append a batch; the call belongs to the first entry's trace and links the others.

        Raises:
            PlatformError: `E_UNAVAILABLE`; what the log refuses; `E_INTEGRITY` when its answer
                does not verify.
        """
        traces = [text for text in traceparents if is_sampled(text)]
        with self._telemetry.span(
            "exchange.append",
            kind=SpanKind.PRODUCER,
            parent=traces[0] if traces else next(iter(traceparents)),
            links=traces[1:],
            attributes={BATCH_COUNT: len(entries)},
        ):
            response = await self._client.request(
                "POST",
                "/v1/entries",
                json={"entries": [b64u(entry) for entry in entries]},
                timeout_s=APPEND_TIMEOUT_S,
            )
        try:
            return self._verified(entries, response.content)
        except PlatformError as error:
            raise PlatformError(
                Code.INTEGRITY,
                f"the log's answer does not verify: {error.detail}",
                evidence={"answer": response.text[:MAX_EVIDENCE_CHARS]},
            ) from error

    def _verified(self, entries: Sequence[bytes], content: bytes) -> list[LoggedLeaf]:
        try:
            answer = AppendAnswer.model_validate_json(content)
        except ValidationError as error:
            raise PlatformError(Code.INTEGRITY, "it has another shape") from error
        checkpoint = verify_checkpoint(answer.checkpoint, self._keys)
        if len(answer.items) != len(entries):
            raise PlatformError(Code.INTEGRITY, "it is about another number of entries")
        # The ways up of a batch share most of their hashes: each text is read once.
        hashes = dict.fromkeys(text for item in answer.items for text in item.path)
        nodes = {text: b64_decode(text, HASH_SIZE) for text in hashes}
        verify_inclusions(
            (
                Inclusion(item.index, leaf_hash(entry), [nodes[text] for text in item.path])
                for entry, item in zip(entries, answer.items, strict=True)
            ),
            checkpoint.size,
            checkpoint.root,
        )
        return [
            LoggedLeaf(item.index, join_proof(item.index, item.path, checkpoint.text))
            for item in answer.items
        ]


def is_sampled(traceparent: str | None) -> TypeGuard[str]:
    """Return whether anybody will look at this trace: what is not sampled costs no span."""
    return traceparent is not None and traceparent[-1:] in _SAMPLED
