"""What the log notes of itself: what it runs with, copies, its pulse; and its details, destroyed.

A note is stored beside the log first and placed in it afterwards: the same bytes, however often.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

import structlog

from sextant_audit.app.opening import OpenLog
from sextant_audit.domain.speaking import Append, Heartbeat, place, report_note
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.tables import SIDECAR
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import BATCH, Notes, effective
from sextant_shared.chassis.sidecar.shredding import Shredding
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.clock import Clock
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import PlatformError
from sextant_shared.models.copies import CopyAnswer, CopyReport
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.cose_receipts import ReceiptKey
from sextant_shared.protocol.notes import InForce

SERVICE = "audit"
RETRY_S = 10.0
LOOK_S = 30.0  # between looks at the keys
_PINNED = ("clients_file", "witness_policy_file")
_log = structlog.get_logger("sextant.audit")


class PublicKeys(Protocol):
    """What the log's signer says of its keys now."""

    @property
    def keys(self) -> LogKeys:
        """The keys that sign heads."""
        ...

    @property
    def receipt_key(self) -> ReceiptKey | None:
        """The key that signs COSE receipts, if there is one."""
        ...


@dataclass
class Noting:
    """Notes of the log about itself; `size` is how large the signed tree is."""

    settings: AuditSettings
    database: Database
    sidecar: Sidecar
    append: Append
    size: Callable[[], int]
    clock: Clock
    notes: Notes = field(init=False)

    def __post_init__(self) -> None:
        """Join the notes with the database."""
        self.notes = Notes(self.database, self.sidecar)

    def started(self, signer: PublicKeys, heartbeat: Heartbeat) -> list[asyncio.Task[None]]:
        """Start what notes by itself, until the tasks are cancelled."""
        tasks = [asyncio.create_task(self.run(signer))]
        if self.settings.heartbeat_s:
            tasks.append(asyncio.create_task(self.beat(heartbeat)))
        return tasks

    async def run(self, signer: PublicKeys) -> None:
        """Finish what a stop left; once the service has run a while, note what it runs with.

        Settings and policies are read once, at a start; keys may change while the log runs, when
        its signer comes back with others, so they are looked at again and again.
        """
        await self._tried(self._begin)
        await asyncio.sleep(self.settings.note_after_s)
        own = in_force(self.settings, signer)
        noted: InForce | None = None
        while True:
            now = replace(own, keys=keys_of(signer))
            if now != noted:
                await self._tried(partial(self._note, now))
                noted = now
            await asyncio.sleep(LOOK_S)

    async def _note(self, found: InForce) -> None:
        await self.notes.changed(SERVICE, found, self.clock())
        await self.settle()

    async def _begin(self) -> None:
        await self.database.write(self.sidecar.finish)
        await self.settle()

    async def _tried(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except PlatformError as error:
                _log.warning("a note of the log is owed", code=str(error.code), detail=error.detail)
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def settle(self) -> None:
        """Place all notes that are owed.

        Raises:
            PlatformError: `E_UNAVAILABLE`; they stay owed.
        """
        while owed := await self.notes.owed():
            placed = await place(self.append, [note.entry for note in owed])
            await self.notes.placed(
                [
                    (note.position, where.index, where.proof)
                    for note, where in zip(owed, placed, strict=True)
                ]
            )
            if len(owed) < BATCH:
                return

    async def report(self, report: CopyReport, client: str) -> CopyAnswer:
        """Note a backup or a restore and place it.

        Raises:
            PlatformError: `E_STATE` for a copy of more than there is; `E_UNAVAILABLE`: then the
                report stays owed, and a repeat makes a second entry.
        """
        made = report_note(report, client, self.size(), self.clock())
        position = await self.notes.write(made)
        await self.settle()
        note = await self.notes.find(position)
        return CopyAnswer(
            entry=b64u(note.entry),
            index=note.index or 0,
            proof=note.proof or "",
            detail=b64u(made.detail or b""),
            salt=b64u(made.salt or b""),
        )

    async def beat(self, heartbeat: Heartbeat) -> None:
        """Append a pulse again and again; one that fails is left out."""
        while True:
            await asyncio.sleep(self.settings.heartbeat_s)
            try:
                await heartbeat()
            except PlatformError as error:
                _log.warning("no heartbeat", code=str(error.code), detail=error.detail)

    def shredding(self) -> Shredding:
        """Return what destroys details of the log's own notes by order."""
        return Shredding(
            service=SERVICE,
            database=self.database,
            sidecar=self.sidecar,
            notes=self.notes,
            find=lambda _connection, _index: None,
            two_persons=self.settings.shred_two_persons,
            clock=self.clock,
            settle=self.settle,
        )


def in_force(settings: AuditSettings, signer: PublicKeys) -> InForce:
    """Return what the log runs with: settings, witness policy, its own keys."""
    policy = settings.witness_policy_file
    return InForce(
        settings=effective(settings, _PINNED),
        policies={"witnesses": sha256(policy.read_bytes() if policy else b"")},
        keys=keys_of(signer),
    )


def keys_of(signer: PublicKeys) -> dict[str, set[str]]:
    """Return the ids of the log's keys, by use."""
    receipts = signer.receipt_key
    return {
        "log": {b64u(sha256(vkey.encode())) for vkey in signer.keys.vkeys},
        "receipts": {b64u(receipts.kid)} if receipts else set(),
    }


def open_noting(settings: AuditSettings, log: OpenLog, append: Append, clock: Clock) -> Noting:
    """Open the details of the log's own notes.

    Raises:
        PlatformError: `E_UNAVAILABLE` when the folder of their keys cannot be used.
    """
    return Noting(
        settings=settings,
        database=log.database,
        sidecar=Sidecar(SIDECAR, settings.sidecar_folder),
        append=append,
        size=lambda: log.publisher.signed_size,
        clock=clock,
    )
