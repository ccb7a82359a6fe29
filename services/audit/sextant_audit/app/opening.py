"""Opens, begins and checks a log on its files.

Opening goes in this order, and refuses on any doubt: signer's keys and memory, ledger, refusal
test of its tables, recovery of the tree, first published head.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from sextant_audit.app.ledgers import open_ledger, require_ledger, require_no_lost_signer
from sextant_audit.app.signing import (
    OpenSigner,
    begin_signer,
    hold_signer,
    make_receipt_key,
    read_identity,
    read_signed,
    remembers_log,
)
from sextant_audit.clients.witnesses import HttpWitnesses
from sextant_audit.domain.checking import LogReport, check_log
from sextant_audit.domain.genesis import begin, make_genesis
from sextant_audit.domain.ports import CrashPoint, NewEntry
from sextant_audit.domain.publishing import Publisher
from sextant_audit.domain.reading import Reading
from sextant_audit.domain.receipts import EntryProofs
from sextant_audit.domain.recovery import recover
from sextant_audit.domain.sequencing import Answer, Request, Sequencer
from sextant_audit.domain.tree import TileCache
from sextant_audit.domain.witnessing import Call, Witnessing, require_same_log
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.ledger import LoneLedger, SqlLedger
from sextant_audit.storage.refusals import require_refusals
from sextant_shared.chassis.batching import Batcher
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.telemetry import BATCH_COUNT, Telemetry
from sextant_shared.clock import Clock, random_bytes, system_clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import AppendAnswer, LogDiscovery
from sextant_shared.protocol.checkpoints import LogKeys, verify_checkpoint
from sextant_shared.protocol.policies import Policy, parse_policy


@dataclass(frozen=True)
class OpenLog:
    """Everything of a log that is open: made by `open_log`, ended by `close`."""

    database: Database
    signer: OpenSigner
    sequencer: Sequencer
    publisher: Publisher
    reading: Reading
    batcher: Batcher[Request, AppendAnswer]
    witnessing: Witnessing | None
    witnesses: HttpWitnesses
    newest_time: float
    proofs: EntryProofs

    async def append(self, entries: Sequence[NewEntry]) -> AppendAnswer:
        """Place entries with the next batch."""
        return await self.batcher.submit(entries)

    async def keep_fresh(self, refresh_s: float) -> None:
        """Have the head of a quiet log signed afresh, for ever."""
        while True:
            await asyncio.sleep(refresh_s)
            with suppress(PlatformError):  # overload or a fault that every append meets too
                await self.batcher.submit([])

    async def close(self) -> None:
        """Finish what waits, publish the last head; release files whatever goes wrong in that."""
        async with AsyncExitStack() as stack:
            stack.callback(self.signer.close)
            stack.callback(self.database.close)
            stack.push_async_callback(self.witnesses.close)
            await self.batcher.drain()
            with suppress(PlatformError):
                await self.publisher.publish()


async def open_log(
    settings: AuditSettings, telemetry: Telemetry, clock: Clock, crash_point: CrashPoint
) -> OpenLog:
    """Open a log that was begun.

    Raises:
        PlatformError: `E_INTEGRITY` for any doubt about its history, `E_KEY`, `E_STATE` when
            another process holds it, `E_UNAVAILABLE`.
    """
    await require_ledger(settings)
    policy = read_policy(settings.witness_policy_file)
    signer = hold_signer(settings, clock, crash_point)
    witnesses = HttpWitnesses(telemetry, settings.witness_timeout_s)
    try:
        database = open_ledger(settings.place)
    except BaseException:
        signer.close()
        raise
    try:
        await require_refusals(database)
        ledger = SqlLedger(database)
        newest_time = await _newest_time(ledger, signer.keys)
        recovered = await recover(ledger, signer, TileCache(settings.cached_tiles))
        witnessing = None
        if policy is not None:
            require_same_log(policy, signer.keys.vkeys)
            call: Call = witnesses.call
            interval_s = settings.witness_interval_s
            witnessing = Witnessing(
                policy, call, ledger, recovered.prover, clock, interval_s, crash_point
            )
            await witnessing.recover()
        publisher = Publisher(
            ledger,
            interval_s=settings.publish_interval_s,
            crash_point=crash_point,
            stored_size=recovered.published_size,
            on_published=witnessing.published if witnessing else lambda _: None,
        )
        publisher.offer(recovered.head)
        await publisher.publish()
    except BaseException:
        database.close()
        signer.close()
        raise
    sequencer = Sequencer(
        ledger=ledger,
        signer=signer,
        prover=recovered.prover,
        head=recovered.head,
        offer=publisher.offer,
        clock=clock,
        refresh_s=settings.refresh_s,
        crash_point=crash_point,
    )

    async def flush(requests: list[Request]) -> list[Answer]:
        count = sum(len(request) for request in requests)
        with telemetry.span("audit.sequence", attributes={BATCH_COUNT: count}):
            return await sequencer.flush(requests)

    batcher: Batcher[Request, AppendAnswer] = Batcher(
        flush,
        max_batch=settings.max_batch_requests,
        max_waiting=settings.max_waiting_requests,
    )
    reading = Reading(ledger, recovered.prover, publisher, witnessing)
    return OpenLog(
        database,
        signer,
        sequencer,
        publisher,
        reading,
        batcher,
        witnessing,
        witnesses,
        newest_time,
        EntryProofs(ledger, recovered.prover, publisher, signer, witnessing),
    )


async def _newest_time(ledger: SqlLedger, keys: LogKeys) -> float:
    """Return when the newest published head was signed; 0 before the first."""
    note = await ledger.read(lambda rows: rows.checkpoint())
    return 0.0 if note is None else float(verify_checkpoint(note, keys).time)


def read_policy(path: Path | None) -> Policy | None:
    """Return the witnesses to ask, if any.

    Raises:
        PlatformError: `E_STATE` when the file cannot be read, `E_MALFORMED` with every line at
            fault.
    """
    if path is None:
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.STATE,
            f"cannot read the witness policy {path.name}",
            fix="Correct SEXTANT_AUDIT_WITNESS_POLICY_FILE.",
        ) from error
    return parse_policy(data)


async def begin_log(settings: AuditSettings, *, clock: Clock = system_clock) -> LogKeys:
    """Begin a log: keys, genesis entry, first head. Repeating an interrupted attempt goes on.

    Raises:
        PlatformError: `E_STATE` when anything of a log stands there already.
    """
    await require_no_lost_signer(settings)
    signer = begin_signer(settings, clock)
    try:
        database = open_ledger(settings.place)
        genesis = make_genesis(signer.keys, clock, random_bytes(32))
        try:
            await begin(SqlLedger(database), signer, genesis)
        finally:
            database.close()
    finally:
        signer.close()
    return signer.keys


def is_begun(settings: AuditSettings) -> bool:
    """Whether the signer signed a head already; what `begin_log` left half done is not begun.

    Raises:
        PlatformError: `E_UNAVAILABLE` when no signer answers at the socket, `E_INTEGRITY`.
    """
    return remembers_log(settings) and read_signed(settings)[1] > 0


def add_key_of_receipts(settings: AuditSettings) -> None:
    """Give a log that was begun without one the key of its COSE receipts.

    Raises:
        PlatformError: `E_STATE` when it has one.
    """
    make_receipt_key(settings)


def public_identity(settings: AuditSettings) -> LogDiscovery:
    """Return what the log publishes of itself, to be pinned.

    Raises:
        PlatformError: `E_KEY`, `E_MALFORMED` or `E_INTEGRITY` when a file is missing or damaged.
    """
    keys, receipts = read_identity(settings)
    return LogDiscovery(
        origin=keys.origin,
        vkeys=list(keys.vkeys),
        receipt_key=receipts.verifier.jwk if receipts else None,
    )


async def verify_log(settings: AuditSettings) -> LogReport:
    """Rebuild the whole log from its entries; it may be served meanwhile.

    Raises:
        PlatformError: `E_INTEGRITY` naming what does not agree, `E_SIGNATURE` or `E_KEY` for what
            was not signed, `E_STATE` or `E_MALFORMED` for a policy that does not load.
    """
    await require_ledger(settings)
    keys, size, root = read_signed(settings)
    policy = read_policy(settings.witness_policy_file)
    cosigners = policy.cosigners if policy else ()
    return await check_log(LoneLedger(settings.place), keys, (size, root), cosigners)
