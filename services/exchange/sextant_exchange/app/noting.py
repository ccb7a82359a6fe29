"""What the exchange notes of itself, and the details it keeps apart: opened, settled, destroyed."""

from collections.abc import Callable

from sextant_exchange.domain.appending import append_apart
from sextant_exchange.domain.ports import Log, LoggedLeaf, Trouble
from sextant_exchange.settings import ExchangeSettings
from sextant_exchange.storage.acts import OWN, SqlActs
from sextant_exchange.storage.details import found_at
from sextant_exchange.storage.tables import SIDECAR
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import BATCH, Notes, effective
from sextant_shared.chassis.sidecar.shredding import Shredding
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.clock import Clock, monotonic
from sextant_shared.encoding import canonical_json, sha256
from sextant_shared.errors import PlatformError
from sextant_shared.protocol.keyfiles import read_public
from sextant_shared.protocol.message_types import table_digest
from sextant_shared.protocol.notes import InForce

_PINNED = ("clients_file", "registrars_file", "log_file")


class Noting:
    """Notes once what the service runs with; gives the log what it owes."""

    def __init__(
        self,
        settings: ExchangeSettings,
        database: Database,
        log: Log,
        clock: Clock,
        trouble: Trouble,
    ) -> None:
        self._settings = settings
        self._database = database
        self._log = log
        self._clock = clock
        self._trouble = trouble
        self._due = monotonic() + settings.note_after_s
        self._is_noted = False
        self.sidecar = Sidecar(SIDECAR, settings.sidecar_folder)
        self.notes = Notes(database, self.sidecar)

    async def begin(self, acts: SqlActs) -> None:
        """Finish what a stop left half destroyed; take in details of before the sidecar."""
        await acts.take_in()
        await self._database.write(self.sidecar.finish)

    async def settle(self) -> None:
        """Give the log all notes that are owed; what it does not take comes again.

        Raises:
            PlatformError: `E_UNAVAILABLE` while the clock stands behind what was written.
        """
        if not self._is_noted and monotonic() >= self._due:
            await self.notes.changed(OWN, in_force(self._settings), self._clock())
            self._is_noted = True
        after = 0
        while batch := await self.notes.owed(after):
            try:
                leaves = await append_apart(
                    self._log, [(note.entry, None) for note in batch], self._trouble
                )
            except PlatformError as error:
                self._trouble(error)
                return
            await self.notes.placed(
                [
                    (note.position, leaf.index, leaf.proof)
                    for note, leaf in zip(batch, leaves, strict=True)
                    if isinstance(leaf, LoggedLeaf)
                ]
            )
            if len(batch) < BATCH:
                return
            after = batch[-1].position

    def shredding(self) -> Callable[[], Shredding]:
        """Return what destroys details by order."""
        shredding = Shredding(
            service=OWN,
            database=self._database,
            sidecar=self.sidecar,
            notes=self.notes,
            find=found_at,
            two_persons=self._settings.shred_two_persons,
            clock=self._clock,
            settle=self.settle,
        )
        return lambda: shredding


def in_force(settings: ExchangeSettings) -> InForce:
    """Return what the exchange runs with: settings, policies, keys by their public halves."""
    retention = [rule.model_dump(mode="json", by_alias=True) for rule in settings.retention]
    return InForce(
        settings=effective(settings, _PINNED),
        policies={
            "retention": sha256(canonical_json({"rules": retention})),
            "messages": table_digest(),
        },
        keys={
            "issuer": {read_public(settings.issuer_key_file).kid},
            "access": {read_public(settings.audit_key_file).kid},
        },
    )
