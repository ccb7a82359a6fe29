"""Backs up PostgreSQL servers by pgBackRest, and says what of sealed rooms would lie in clear."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sextant_client.recovery.models import CopiedServer, Plan, PlannedRoom
from sextant_client.recovery.pgbackrest import (
    CLEAR,
    RECEIVED,
    TOOL,
    PgBackRest,
    installed_version,
)
from sextant_client.recovery.replicas import REPLICAS
from sextant_client.recovery.servers import Runner
from sextant_shared.errors import Code, PlatformError


@dataclass(frozen=True)
class Servers:
    """The servers of a plan, beside a folder of backups."""

    plan: Plan
    root: Path

    def _of(self, name: str) -> PgBackRest:
        planned = self.plan.servers[name]
        return PgBackRest(Path(planned.pgbackrest), name, Runner(planned.user))

    def require_known(self) -> None:
        """Return if pgBackRest knows the version of each server.

        Raises:
            PlatformError: `E_STATE` when it is too old for one, or not installed.
        """
        for name in sorted({room.server for room in self.plan.rooms if room.server}):
            self._of(name).require_known()

    def tools(self) -> dict[str, str]:
        """Return what made the copies, with its version.

        Raises:
            PlatformError: `E_STATE`, `E_UNAVAILABLE`.
        """
        used = [room.server for room in self.plan.rooms if room.server]
        if not used:
            return {}
        return {TOOL: installed_version(Runner(self.plan.servers[used[0]].user))}

    def copied(self, name: str) -> CopiedServer:
        """Have a server backed up; return how far, once pgBackRest has all of it.

        Raises:
            PlatformError: `E_STATE`, `E_UNAVAILABLE`, `E_INTEGRITY` for damaged pages.
        """
        pgbackrest = self._of(name)
        known = {each.label for each in pgbackrest.look().sets}
        pgbackrest.back_up()
        found = pgbackrest.look()
        if not found.sets or found.sets[-1].label in known:
            raise PlatformError(
                Code.INTEGRITY,
                f"pgBackRest made no sound backup of {name}",
                expected="a new backup without damaged pages",
                received=f"{len(found.sets)} sound backups, none of them new",
                fix=f"pgbackrest --stanza={name} info, as the server's user, says which.",
            )
        return CopiedServer(
            name=name,
            user=self.plan.servers[name].user,
            version=found.version,
            label=found.sets[-1].label,
            lsn=found.sets[-1].lsn,
            piece=found.sets[-1].piece,
            encrypted=found.cipher != CLEAR,
        )

    def require_sealed(self) -> None:
        """Return if no sealed room lies in clear on the disk of the backups.

        Raises:
            PlatformError: `E_POLICY` with every place at fault.
        """
        if clear := [line for room in self.plan.rooms if room.sealed for line in self._clear(room)]:
            raise PlatformError(
                Code.POLICY,
                "a sealed room lies in clear beside its backups",
                expected="only what custodians open together",
                received="; ".join(clear),
                fix="Remove what is named (rm -r), once nothing writes there any more; or say that"
                " the disk is encrypted: --clear.",
            )

    def _clear(self, room: PlannedRoom) -> Iterator[str]:
        if (replica := self.root / REPLICAS / room.name).exists():
            yield f"{replica}, by Litestream"
        if room.server is None:
            return
        if (received := self.root / RECEIVED / room.server).exists():
            yield f"{received}, by pg_receivewal"
        if self._of(room.server).look().cipher == CLEAR:
            yield f"the repository of {room.server} in {self.plan.servers[room.server].pgbackrest}"
