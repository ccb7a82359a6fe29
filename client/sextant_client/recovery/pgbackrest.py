"""Drives pgBackRest: asks for a backup, says what its repository holds, lays files out again.

Its configuration is the administrator's: where the repository lies, how it is encrypted, how long
backups stay. At another site only places differ: a repository that lies in the folder of backups is
found there, and nothing is written outside the folder of the restore.
"""

import json
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_client.recovery.servers import Runner
from sextant_shared.errors import Code, PlatformError

REPOSITORY = "pgbackrest"
RECEIVED = "received"
CLEAR = "none"


@dataclass(frozen=True)
class Set:
    """One backup in the repository: when it ended, where in the WAL, in which piece of it."""

    label: str
    ended: int
    lsn: str
    piece: str


@dataclass(frozen=True)
class Repository:
    """What the repository holds of one server."""

    version: str
    cipher: str
    sets: tuple[Set, ...]


@dataclass(frozen=True)
class PgBackRest:
    """pgBackRest for one server, whose name is its stanza; `options` go before each command.

    `data` is where a restored server lies, if it is not where the configuration says.
    """

    config: Path
    stanza: str
    runner: Runner
    options: Sequence[str] = ()
    data: Path | None = None

    def words(self) -> list[str]:
        """Return how each of its commands begins.

        Raises:
            PlatformError: `E_STATE` when it is not installed.
        """
        program = shutil.which("pgbackrest")
        if program is None:
            raise PlatformError(
                Code.STATE, "pgBackRest is not installed", fix="apt-get install pgbackrest"
            )
        fixed = (f"--config={self.config}", f"--stanza={self.stanza}", "--log-level-console=error")
        return [program, *fixed, *self.options]

    def look(self) -> Repository:
        """Return what the repository holds.

        Raises:
            PlatformError: `E_STATE` when it has no such server, `E_UNAVAILABLE`.
        """
        told = self._run("info", "--output=json")
        found: list[dict[str, Any]] = [each for each in json.loads(told) if each.get("db")]
        if not found:
            raise PlatformError(
                Code.STATE,
                f"the repository of pgBackRest has no server {self.stanza}",
                received=told[:300],
                fix=f"pgbackrest --stanza={self.stanza} stanza-create, as the server's user.",
            )
        [of_server] = found
        sets = [
            Set(
                label=each["label"],
                ended=int(each["timestamp"]["stop"]),
                lsn=each["lsn"]["stop"],
                piece=each["archive"]["stop"],
            )
            for each in of_server["backup"]
            if not each.get("error")  # pages whose checksum did not hold
        ]
        version = str(of_server["db"][-1]["version"])
        return Repository(version, str(of_server.get("cipher", CLEAR)), tuple(sets))

    def back_up(self) -> None:
        """Have it make a backup, full the first time.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        self._run("backup")

    def lay(self, label: str) -> None:
        """Lay the files of one backup out in the data folder, which is empty.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        # A tablespace too goes beside the data, never to where the lost server had it.
        beside = () if self.data is None else (f"--tablespace-map-all={self.data}-tablespaces",)
        self._run(*self._at(), *beside, f"--set={label}", "--type=none", "restore")

    def fetching(self) -> str:
        """Return the command by which PostgreSQL fetches a piece of WAL (`%f`, `%p`)."""
        fixed = shlex.join([*self.words(), *self._at()]).replace("%", "%%")
        return f'{fixed} archive-get %f "%p"'

    def _at(self) -> list[str]:
        return [] if self.data is None else [f"--pg1-path={self.data}"]

    def _run(self, *arguments: str) -> str:
        fix = "It must be able to read and write its repository as the server's user."
        command = next(word for word in arguments if not word.startswith("--"))
        what = f"pgbackrest {command} of {self.stanza}"
        return self.runner.run([*self.words(), *arguments], what=what, fix=fix)


def lsn_number(lsn: str) -> int:
    """Return a place in the WAL (`0/16B3748`) as a number that can be compared."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)
