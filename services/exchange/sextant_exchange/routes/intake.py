"""The hot path of a deposit: from a guarded request to the use case.

The order is that of the envelope specification §2.7: caller (the guard), length, head, registry,
signatures, sender, recipients, policy, clock, then the body, then the durable steps.
"""

from pathlib import Path

from opentelemetry import trace
from starlette.requests import Request

from sextant_exchange.domain.acceptance import accept_manifest, check_length
from sextant_exchange.domain.deposit import Deposited, Deposits
from sextant_exchange.domain.envelopes import Acceptable
from sextant_exchange.domain.policy import DepositPolicy
from sextant_exchange.domain.ports import Blobs, Step
from sextant_exchange.domain.registration import Registration
from sextant_exchange.routes.arrival import Arrival
from sextant_shared.chassis.routing import subject_of
from sextant_shared.chassis.telemetry import (
    ENVELOPE_ID,
    ENVELOPE_SIZE,
    ENVELOPE_TYPE,
    current_traceparent,
)
from sextant_shared.clock import Clock, random_bytes, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.models.entries import EnvelopeAcceptedEntry, format_entry
from sextant_shared.models.envelope import MAX_MANIFEST_BYTES
from sextant_shared.protocol.access import Action, require
from sextant_shared.protocol.manifest import PREFIX_SIZE, Manifest


class Intake:
    """Turns one request into one deposit."""

    def __init__(
        self,
        *,
        registration: Registration,
        deposits: Deposits,
        blobs: Blobs,
        policy: DepositPolicy,
        arrivals: Path,
        small_bytes: int,
        clock: Clock,
        reached: Step,
    ) -> None:
        arrivals.mkdir(parents=True, exist_ok=True)
        self._registration = registration
        self._deposits = deposits
        self._blobs = blobs
        self._policy = policy
        self._arrivals = arrivals
        self._small_bytes = small_bytes
        self._clock = clock
        self._reached = reached
        self._max_bytes = PREFIX_SIZE + MAX_MANIFEST_BYTES + policy.max_body_bytes

    async def __call__(self, request: Request) -> tuple[Deposited, str, str]:
        """Return the answer, the sender and the envelope's id.

        Raises:
            PlatformError: every code of the envelope specification §2.10.
        """
        subject = subject_of(request)
        arrival = Arrival(request, self._max_bytes)
        manifest = await arrival.manifest()
        now = self._clock()
        accept_manifest(manifest, self._registration.registry, subject, self._policy, now)
        header = manifest.header
        require(subject, Action.ENVELOPE_DEPOSIT, [header.from_])
        check_length(manifest, arrival.length)
        arrived = await arrival.container(manifest, self._small_bytes, self._arrivals)
        blob = await self._store(arrived.path) if arrived.path else None
        trace.get_current_span().set_attributes(
            {
                ENVELOPE_ID: header.id,
                ENVELOPE_TYPE: header.type,
                ENVELOPE_SIZE: manifest.total_size,
            }
        )
        envelope = Acceptable(
            sender=header.from_,
            id=header.id,
            manifest_digest=manifest.digest,
            type=header.type,
            classification=str(header.class_),
            size=manifest.total_size,
            recipients=tuple(recipient.party for recipient in header.to),
            content=arrived.content,
            blob=blob,
            received=now,
            entry=self._entry(manifest, now),
            traceparent=current_traceparent(),
        )
        return await self._deposits(envelope), header.from_, header.id

    async def _store(self, path: Path) -> str:
        try:
            name = await self._blobs.put(path)
        finally:
            path.unlink(missing_ok=True)  # noqa: ASYNC240 -- a directory entry, microseconds
        self._reached("exchange.after_blob")
        return name

    def _entry(self, manifest: Manifest, now: float) -> bytes:
        return format_entry(
            EnvelopeAcceptedEntry(
                v=1,
                type="envelope.accepted",
                id=b64u(random_bytes(16)),
                t=timestamp_ms(now),
                nonce=b64u(random_bytes(16)),
                env=manifest.header.id,
                man=b64u(manifest.digest),
                reg=self._registration.newest_index,
            )
        )
