"""What this service notes of itself, and the details it keeps apart: opened, noted, destroyed.

Keys are read from what their files say openly: no passphrase is asked for and no token reached. A
key folder that changes while the service runs is noticed with the next look.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.access_details import forget_access, take_in_accesses
from sextant_declarations.storage.details import found_at, take_in
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes, effective
from sextant_shared.chassis.sidecar.shredding import Shredding
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.clock import Clock, monotonic
from sextant_shared.deadlines import policy_id
from sextant_shared.encoding import sha256
from sextant_shared.protocol.keyfiles import read_public
from sextant_shared.protocol.message_types import table_digest
from sextant_shared.protocol.notes import InForce

SERVICE = "declarations"
LOOK_S = 30.0
_PINNED = ("clients_file", "trust_file")
_USES = {"seal": "sealing", "sig": "signing", "api": "access"}


@dataclass
class Noting:
    """Notes what the service runs with, at its start and when its key folder changes."""

    settings: DeclarationsSettings
    database: Database
    sidecar: Sidecar
    notes: Notes
    clock: Clock
    policies: Mapping[str, bytes] = field(default_factory=dict)
    """What was read at the start beside the settings, by its digest."""
    _noted: InForce | None = None
    _due: float = field(init=False)

    def __post_init__(self) -> None:
        """Wait first: a service that ends at once leaves nothing."""
        self._due = monotonic() + self.settings.note_after_s

    async def begin(self) -> None:
        """Finish what a stop left half destroyed; take in details of before the sidecar."""
        await self.database.write(lambda connection: take_in(connection, self.sidecar))
        while await self.database.write(lambda c: take_in_accesses(c, self.sidecar)):
            pass
        await self.database.write(self.sidecar.finish)

    async def __call__(self) -> bool:
        """Look; return False: there is never more to do at once."""
        if monotonic() >= self._due:
            found = in_force(self.settings, self.policies)
            if found != self._noted:
                await self.notes.changed(SERVICE, found, self.clock())
                self._noted = found
        return False

    @property
    def look_s(self) -> float:
        """Pause between looks."""
        return min(LOOK_S, self.settings.note_after_s or self.settings.poll_s)

    def shredding(self) -> Shredding:
        """Return what destroys details by order; the relay delivers the entry."""
        return Shredding(
            service=SERVICE,
            database=self.database,
            sidecar=self.sidecar,
            notes=self.notes,
            find=found_at,
            two_persons=self.settings.shred_two_persons,
            clock=self.clock,
            settle=_later,
            forget=forget_access,
        )


async def _later() -> None:
    """Leave what is owed to the relay."""


def in_force(settings: DeclarationsSettings, policies: Mapping[str, bytes]) -> InForce:
    """Return what this service runs with: settings, policies, keys by their public halves."""
    keys: dict[str, set[str]] = {use: set() for use in _USES.values()}
    for path in _key_files(settings):
        key = read_public(path)
        if key.use in _USES:
            keys[_USES[key.use]].add(key.kid)
    deadlines = policy_id()
    return InForce(
        settings=effective(settings, _PINNED),
        policies={
            "deadlines": sha256(f"{deadlines.version} {deadlines.digest}".encode()),
            "messages": table_digest(),
            **policies,
        },
        keys=keys,
    )


def _key_files(settings: DeclarationsSettings) -> Iterator[Path]:
    yield from settings.sealing_key_files
    yield from settings.signing_key_files or ()
    yield from {settings.exchange_key_file, settings.audit_key_file}
    if settings.key_folder is not None:
        yield from sorted(settings.key_folder.glob("*.json"))
