"""The one PostgreSQL server of a test process, and which tests are on it.

Where its programs can be neither found nor fetched, tests that need it skip on a developer's
machine and fail in CI.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deploy.local.postgresql.programs import WANTED, NoPostgresqlError
from deploy.local.postgresql.rooms import AUDIT, ROOMS, Room
from deploy.local.postgresql.server import PostgresqlServer, started_server
from sextant_shared.chassis.postgresql import Server
from tests.support.vectors import IN_CI

EVERYWHERE = bool(WANTED)  # the rooms' tests run on PostgreSQL
embedded = pytest.mark.skipif(EVERYWHERE, reason="this opens or damages the embedded file")


@dataclass
class CommonServer:
    """The one server of a test process, started when it is asked for.

    Its `version` is known when it was stopped, too.
    """

    version: int = 0
    _life: ExitStack = field(default_factory=ExitStack)
    _one: PostgresqlServer | None = None

    def started(self) -> PostgresqlServer:
        """Return the server.

        Raises:
            NoPostgresqlError: with what stands in the way.
        """
        if self._one is None:
            self._one = self._life.enter_context(started_server())
            self.version = self._one.version
        return self._one

    def required(self) -> PostgresqlServer:
        """Return the server; end a test that cannot have it as `skip_or_fail` says."""
        try:
            return self.started()
        except NoPostgresqlError as error:
            skip_or_fail(error)
            raise

    def if_wanted(self) -> PostgresqlServer | None:
        """Return the server when the run wants all rooms on PostgreSQL."""
        try:
            return self.started() if EVERYWHERE else None
        except NoPostgresqlError as error:
            skip_or_fail(error)
            return None

    def settings_of(self, folder: Path, room: Room = AUDIT) -> dict[str, Any]:
        """Return the settings that put a folder's room there, none unless the run wants it."""
        server = self.if_wanted()
        return server.settings(server.database_of(folder, room), room=room) if server else {}

    def place_of(self, file: Path, room: Room = AUDIT) -> Path | Server:
        """Return the file, or a database in its stead when the run wants all rooms there."""
        server = self.if_wanted()
        return server.place(server.database_of(file, room), room) if server else file

    def copy_all(self, template: Path, folder: Path) -> None:
        """Let the copy of a platform's folder have copies of its databases, if the run has any."""
        if server := self.if_wanted():
            for room in ROOMS.values():
                server.put(folder, server.copy_of(server.database_of(template, room), room), room)

    def drop_within(self, folder: Path) -> None:
        """Drop the databases of a folder that nobody uses any more: a run makes a thousand."""
        if self._one is not None:
            self._one.drop_within(folder)

    def close(self) -> None:
        """Stop it, if it was started."""
        self._one = None
        self._life.close()


SERVER = CommonServer()


def skip_or_fail(error: NoPostgresqlError) -> None:
    """End a test that cannot run: a developer's machine may lack PostgreSQL, CI may not."""
    if IN_CI or EVERYWHERE:
        pytest.fail(f"PostgreSQL is needed here: {error}")
    pytest.skip(f"PostgreSQL is not here: {error}")
