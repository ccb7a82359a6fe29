"""Takes one leased delivery in: verified, opened, checked, stored with what it makes us owe.

Durable steps, in this order:

1. The delivery is leased.
   If we stop here: the lease runs out and the delivery comes again.
2. It is fetched, verified, opened and checked in a private folder (`declarations.after_lease`
   stands before this step, `declarations.after_open` after it). It is examined when everything
   that the same sender sent before it is decided, so that it is compared with all of that.
   If we stop here: nothing was decided; the folder is emptied at the next start.
3. Container and plaintext become durable files under the name of the manifest digest.
   If we stop here: the next try writes the same names again.
4. One transaction stores the version, its findings, the evidence, the log entries and the sealed
   replies owed (`declarations.after_stored`). The row (sender, envelope id) is unique.
   If we stop here: the delivery comes again, is found stored, and is only acknowledged.
5. The lease is acknowledged (`declarations.after_ack`). What is owed is delivered by `relay`.

A delivery is never dropped: whatever goes wrong before step 4 gives it back with its reason, to
come again later, and the exchange keeps what failed too often among its dead letters. One that only
has to let an earlier one of its sender go first, in another process, has not failed.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace

import structlog

from sextant_declarations.domain.defects import told
from sextant_declarations.domain.deliveries import (
    Content,
    Dossier,
    Examined,
    Lease,
    Stage,
    StateFilings,
    is_receipt,
)
from sextant_declarations.domain.directory import Directory
from sextant_declarations.domain.owed import Address
from sextant_declarations.domain.places import BehindError, NoPlaces, Places, come
from sextant_declarations.domain.ports import (
    Mailbox,
    Register,
    Step,
    Submit,
    Trace,
    Vault,
    Workshop,
)
from sextant_declarations.domain.records import Submission
from sextant_declarations.domain.registration import UNKNOWN_CLASS
from sextant_declarations.domain.turns import Turn, Turns
from sextant_declarations.domain.worker import STOPPING
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import EnvelopeAcceptedEntry, parse_entry
from sextant_shared.protocol.receipts import parse_custody

RELEASE_ON_STOP_S = 2.0  # how long a stopping process tries to give its leases back
_MAX_DOUBLINGS = 16

_log = structlog.get_logger("sextant.declarations")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a delivery is ours, and how soon it comes again after a failure.

    `behind_s` is the delay of one that did not fail, but has to let an earlier one go first.
    """

    lease_s: int
    retry_first_s: float
    retry_cap_s: float
    behind_s: int

    def delay_s(self, attempts: int) -> int:
        """Return the delay after so many attempts; it doubles, and is shortened by chance."""
        doubled = self.retry_first_s * float(1 << min(max(attempts - 1, 0), _MAX_DOUBLINGS))
        longest = min(self.retry_cap_s, doubled)
        return max(1, round(longest * random.uniform(0.5, 1.0)))  # noqa: S311 - spreads load


@dataclass(frozen=True)
class Intake:
    """Takes deliveries in, one call each; many may run at once."""

    mailbox: Mailbox
    directory: Directory
    workshop: Workshop
    vault: Vault
    register: Register
    comparing: Callable[[str], Awaitable[StateFilings]]
    submit: Submit
    sighted: Callable[[Examined], None]
    trace: Trace
    step: Step
    patience: Patience
    turns: Turns = field(default_factory=Turns)
    places: Places = field(default_factory=NoPlaces)

    async def __call__(self, lease: Lease) -> None:
        """Process the delivery to its acknowledgement, or give it back with the reason."""
        with self.trace.processing(lease), self.turns.taken(lease.sender, lease.seq) as turn:
            try:
                async with self._kept(lease):
                    await self._process(lease, turn)
            except BehindError as error:
                # The place first: given back without one, it could be overtaken by a later one.
                await self._put_down(lease)
                delay_s = self.patience.behind_s
                await self._release(lease, error.detail, delay_s=delay_s, untried=True)
            except PlatformError as error:
                await self._fail(lease, turn, f"{error.code}: {error.detail}")
            except asyncio.CancelledError:
                await self._put_down(lease)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RELEASE_ON_STOP_S):
                        await self._release(lease, STOPPING, delay_s=0)
                raise
            except Exception as error:  # noqa: BLE001 - a defect must not lose or spin a delivery
                _log.error("delivery.defect", seq=lease.seq, **told(error))
                await self._fail(lease, turn, f"{Code.INTERNAL}: {type(error).__name__}")

    async def _process(self, lease: Lease, turn: Turn) -> None:
        self.step("declarations.after_lease")
        held = await self.register.held(lease.sender, lease.id)
        if held is None:
            await self._take_in(lease, turn)
        elif b64u(held) != lease.manifest:
            raise _another(lease, held)
        # Whoever wakes now is compared with this one too. Before it is acknowledged: if we stop
        # between the two, it never comes again to give its place up.
        await self._leave(lease)
        turn.passed.set()
        self.step("declarations.after_stored")
        await self._acknowledge(lease)
        self.step("declarations.after_ack")

    async def _take_in(self, lease: Lease, turn: Turn) -> None:
        with self.vault.stage() as stage:
            dossier = await self._collect(lease, stage)
            await self.turns.come(lease.sender, turn)
            await come(self.places, lease)
            examined = await self._examine(
                replace(dossier, filings=await self.comparing(lease.sender))
            )
            if b64u(examined.manifest_digest) != lease.manifest:
                raise _another(lease, examined.manifest_digest)
            self.step("declarations.after_open")
            type_ = examined.head.type if examined.head else lease.type
            submission = Submission(
                examined=examined,
                type=type_,
                address=None if is_receipt(type_) else await self._address(examined),
                custody=dossier.custody,
                sender_proof=dossier.sender_proof,
                own_proof=dossier.own_proof,
                traceparent=self.trace.current(),
            )
            opened = isinstance(examined.result, Content)
            with self.trace.inside("register"):
                await self.vault.keep(stage, examined.manifest_digest, with_content=opened)
                await self.submit(submission)
        self.sighted(examined)

    async def _collect(self, lease: Lease, stage: Stage) -> Dossier:
        await self.mailbox.fetch(lease.sender, lease.id, stage.container)
        custody = await self.mailbox.custody_receipt(lease.sender, lease.id)
        reg = _registry_position(custody)
        own = self.directory.trust.party
        return Dossier(
            sender=lease.sender,
            id=lease.id,
            stage=stage,
            custody=custody,
            sender_proof=await self.directory.proof_at(lease.sender, reg),
            own_proof=await self.directory.proof_at(own, reg),
        )

    async def _examine(self, dossier: Dossier) -> Examined:
        try:
            with self.trace.inside("open and check"):
                return await self.workshop.examine(dossier)
        except PlatformError:
            # A proof that did not hold must not be taken from memory next time.
            self.directory.forget(dossier.sender, self.directory.trust.party)
            raise

    async def _address(self, examined: Examined) -> Address:
        head = examined.head
        return await self.directory.address(
            examined.sender,
            since=examined.custody.reg,
            classification=head.classification if head else UNKNOWN_CLASS,
        )

    @contextlib.asynccontextmanager
    async def _kept(self, lease: Lease) -> AsyncIterator[None]:
        """Extend the lease for as long as the work takes."""

        async def extend() -> None:
            while True:
                await asyncio.sleep(self.patience.lease_s / 3)
                with contextlib.suppress(PlatformError):  # stale or unreachable: we may lose it
                    await self.mailbox.extend(lease.token, lease_s=self.patience.lease_s)
                    await self.places.extend(lease.seq)

        keeper = asyncio.create_task(extend())
        try:
            yield
        finally:
            keeper.cancel()

    async def _fail(self, lease: Lease, turn: Turn, reason: str) -> None:
        """Give back what failed, and let later ones of its sender go first."""
        await self._release(lease, reason)
        if not turn.passed.is_set():
            await self._leave(lease)

    async def _put_down(self, lease: Lease) -> None:
        # Where it fails, the place is left behind all the same, when the lease runs out.
        with contextlib.suppress(PlatformError, TimeoutError):
            async with asyncio.timeout(RELEASE_ON_STOP_S):
                await self.places.put_down(lease.seq)

    async def _leave(self, lease: Lease) -> None:
        with contextlib.suppress(PlatformError, TimeoutError):  # then the place runs out by itself
            async with asyncio.timeout(RELEASE_ON_STOP_S):
                await self.places.leave(lease.seq)

    async def _acknowledge(self, lease: Lease) -> None:
        try:
            await self.mailbox.acknowledge(lease.token)
        except PlatformError as error:
            # It is stored: whoever gets it next finds that and acknowledges it.
            _log.warning("delivery.not_acknowledged", seq=lease.seq, code=str(error.code))

    async def _release(
        self, lease: Lease, reason: str, *, delay_s: int | None = None, untried: bool = False
    ) -> None:
        if delay_s is None:
            delay_s = self.patience.delay_s(lease.attempts)
        _log.warning("delivery.released", seq=lease.seq, delay_s=delay_s, reason=reason)
        with contextlib.suppress(PlatformError):  # then the lease runs out by itself
            await self.mailbox.release(lease.token, error=reason, delay_s=delay_s, untried=untried)


def _another(lease: Lease, digest: bytes) -> PlatformError:
    return PlatformError(
        Code.INTEGRITY,
        "the exchange announces another envelope than it hands over or handed over before",
        expected=lease.manifest,
        received=b64u(digest),
    )


def _registry_position(custody: bytes) -> int:
    """Return which registry state the receipt names; the examination verifies the receipt itself.

    Raises:
        PlatformError: `E_INTEGRITY`.
    """
    try:
        entry = parse_entry(b64u_decode(parse_custody(custody).entry))
    except PlatformError as error:
        raise PlatformError(
            Code.INTEGRITY, f"the exchange handed out no custody receipt: {error.detail}"
        ) from error
    if not isinstance(entry, EnvelopeAcceptedEntry):
        raise PlatformError(Code.INTEGRITY, "the custody receipt is about something else")
    return entry.reg
