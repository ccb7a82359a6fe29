"""The hot path of a deposit: from a guarded request to the use case.

The order is that of the envelope specification §2.7; the numbers below are its steps. What is
refused at one step has cost nothing of a later one.
"""

from dataclasses import dataclass
from pathlib import Path

from opentelemetry import trace
from starlette.requests import Request

from sextant_exchange.domain.acceptance import check_allowed, check_length, verify_sender
from sextant_exchange.domain.allowance import Allowance
from sextant_exchange.domain.deposit import Deposited, Deposits, StaleRegistryError
from sextant_exchange.domain.envelopes import Acceptable, Claim, Links
from sextant_exchange.domain.policy import DepositPolicy
from sextant_exchange.domain.ports import Blobs, Step
from sextant_exchange.domain.quota import Room
from sextant_exchange.domain.refusals import Refusals
from sextant_exchange.domain.registration import Registration
from sextant_exchange.domain.threads import Threads
from sextant_exchange.routes.arrival import Arrival, Arrived, Limits
from sextant_shared.chassis.rates import Rates
from sextant_shared.chassis.routing import subject_of
from sextant_shared.chassis.telemetry import (
    ENVELOPE_ID,
    ENVELOPE_SIZE,
    ENVELOPE_TYPE,
    current_traceparent,
)
from sextant_shared.clock import Clock, random_bytes, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import format_accepted
from sextant_shared.protocol.access import Action, Subject, require
from sextant_shared.protocol.manifest import Manifest
from sextant_shared.protocol.message_types import find_type

TRIES = 3  # times that an envelope is judged again; then its sender repeats
# After these nobody knows here whether what was written stands.
_UNSURE = frozenset({Code.UNAVAILABLE, Code.INTEGRITY, Code.INTERNAL})


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Turns one request into one deposit; containers up to `small_bytes` never touch a file."""

    registration: Registration
    deposits: Deposits
    blobs: Blobs
    policy: DepositPolicy
    threads: Threads
    refusals: Refusals
    quota: Rates
    allowance: Allowance
    room: Room
    limits: Limits
    arrivals: Path
    small_bytes: int
    clock: Clock
    reached: Step

    def __post_init__(self) -> None:
        """Clear the folder of arrivals: what a stop cut off was promised to nobody."""
        self.arrivals.mkdir(parents=True, exist_ok=True)
        for leftover in self.arrivals.iterdir():
            leftover.unlink()

    async def __call__(self, request: Request) -> tuple[Deposited, Claim]:
        """Return the answer, and which envelope it is for. Step 1, the caller, is the guard's.

        Raises:
            PlatformError: every code of the envelope specification §2.10.
        """
        subject = subject_of(request)
        arrival = Arrival(request, self.limits)  # 2
        self.quota.take(subject.party or "")
        self.room.check(arrival.length)
        manifest = await arrival.manifest()  # 3, 4
        now = self.clock()
        claim = await self.accept(manifest, subject, now)  # 5 to 9
        arrived = await self._arrive(claim, manifest, arrival)  # 10, 11
        if isinstance(arrived, Deposited):
            return arrived, claim
        self.still_in_force(manifest)
        return await self._deposit(claim, manifest, arrived, now), claim  # 12

    async def accept(self, manifest: Manifest, subject: Subject, now: float) -> Claim:
        """Do steps 5 to 9, which need no body: what the caller may deposit under this head.

        Raises:
            PlatformError: `E_KEY`, `E_SIGNATURE`, `E_SENDER`, `E_FORBIDDEN`; with evidence from the
                log, what `check_allowed` and the links of the header are refused with.
        """
        verified = verify_sender(manifest, self.registration.registry, subject)  # 5 to 7
        try:
            check_allowed(verified, self.registration.registry, self.policy, now)  # 8, 9
            await self.threads.check_links(manifest.header)
        except PlatformError as error:
            raise await self.refusals.with_evidence(manifest, error) from error
        require(subject, Action.ENVELOPE_DEPOSIT, [manifest.header.from_])
        _describe(manifest)
        return Claim(manifest.header.from_, manifest.header.id, manifest.digest)

    def still_in_force(self, manifest: Manifest) -> None:
        """Ask for the keys again: the entry names the newest party entry, and a body takes time.

        From the leaf of a revocation on, nothing is accepted with the key.

        Raises:
            PlatformError: `E_KEY`, `E_RECIPIENT`.
        """
        registry, header = self.registration.registry, manifest.header
        registry.signing_pair(header.from_, header.skid)
        for to in header.to:
            registry.sealing_key(to.party, to.kid)

    async def _arrive(
        self, claim: Claim, manifest: Manifest, arrival: Arrival
    ) -> Arrived | Deposited:
        """Return the container, or the answer to a repeat, of which no body is wanted.

        A small container is read first and its id looked up where it is held, in the same
        transaction: one look less for each deposit. If its body is faulty, step 10 speaks first.
        """
        is_small = manifest.total_size <= self.small_bytes
        if not is_small and (repeated := await self.deposits.repeat(claim)):
            return repeated
        try:
            self.allowance.require(claim.sender, arrival.length)
            check_length(manifest, arrival.length)
            if not is_small:
                await self.blobs.require()  # a body that could not be stored is not read
            return await arrival.container(manifest, self.small_bytes, self.arrivals)
        except PlatformError:
            if is_small and (repeated := await self.deposits.repeat(claim)):
                return repeated
            raise

    async def _deposit(
        self, claim: Claim, manifest: Manifest, arrived: Arrived, now: float
    ) -> Deposited:
        blob = await self._store(arrived.path, manifest) if arrived.path else None
        return await self.hold(claim, manifest, now, content=arrived.content, blob=blob)

    async def hold(
        self,
        claim: Claim,
        manifest: Manifest,
        now: float,
        *,
        content: bytes | None = None,
        blob: str | None = None,
    ) -> Deposited:
        """Do step 12 for a container that arrived whole; a blob that nobody needs is removed.

        Where the store does not say whether the row stands, as when the answer to a commit is lost,
        the row may be there and have this very blob: it stays, and the sweep finds whose it is.

        Raises:
            PlatformError: `E_DUPLICATE`, `E_UNAVAILABLE`; `E_KEY`, `E_RECIPIENT` when a document
                took force meanwhile.
        """
        try:
            deposited = await self._hold(claim, manifest, now, content, blob)
        except PlatformError as error:
            if error.code not in _UNSURE:
                await self._forget(blob)
            raise
        if deposited.is_repeat:  # its twin, under way at the same time, was first
            await self._forget(blob)
        return deposited

    async def _hold(
        self, claim: Claim, manifest: Manifest, now: float, content: bytes | None, blob: str | None
    ) -> Deposited:
        """Hold it, judged by the documents that are in force at that moment."""
        for _ in range(TRIES):
            try:
                return await self.deposits(self._envelope(claim, manifest, now, content, blob))
            except StaleRegistryError:  # a document took force in another process
                await self.registration.refresh()
                self.still_in_force(manifest)
        raise PlatformError(Code.UNAVAILABLE, "many documents take force now", retry_after_s=2)

    def _envelope(
        self, claim: Claim, manifest: Manifest, now: float, content: bytes | None, blob: str | None
    ) -> Acceptable:
        header = manifest.header
        return Acceptable(
            claim=claim,
            type=header.type,
            classification=str(header.class_),
            size=manifest.total_size,
            recipients=tuple(recipient.party for recipient in header.to),
            content=content,
            blob=blob,
            received=now,
            entry=self._entry(manifest, now),
            traceparent=current_traceparent(),
            links=Links(header.irt, header.sup, find_type(header.type).priority),
            registry=self.registration.newest_index,
        )

    async def _store(self, path: Path, manifest: Manifest) -> str:
        try:
            name = await self.blobs.put(path, manifest.digest)
        finally:
            path.unlink(missing_ok=True)  # noqa: ASYNC240 -- a directory entry, microseconds
        self.reached("exchange.after_blob")
        return name

    async def _forget(self, blob: str | None) -> None:
        if blob is not None:
            await self.blobs.delete([blob])

    def _entry(self, manifest: Manifest, now: float) -> bytes:
        return format_accepted(
            id_=b64u(random_bytes(16)),
            t=timestamp_ms(now),
            nonce=b64u(random_bytes(16)),
            env=manifest.header.id,
            man=b64u(manifest.digest),
            reg=self.registration.newest_index,
        )


def _describe(manifest: Manifest) -> None:
    span = trace.get_current_span()
    if span.is_recording():
        span.set_attributes(
            {
                ENVELOPE_ID: manifest.header.id,
                ENVELOPE_TYPE: manifest.header.type,
                ENVELOPE_SIZE: manifest.total_size,
            }
        )
