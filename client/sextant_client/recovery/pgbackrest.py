"""Drives pgBackRest: asks for a backup, says what its repository holds, lays files out again.

Its configuration is the administrator's: where the repository lies, how it is encrypted, how long
backups stay. At another site only places differ: a repository that lies in the folder of backups is
found there, and nothing is written outside the folder of the restore.
"""

import configparser
import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_client.recovery.servers import Runner
from sextant_shared.errors import Code, PlatformError

REPOSITORY = "pgbackrest"
RECEIVED = "received"
CLEAR = "none"
TOOL = "pgbackrest"
_UNKNOWN = "unexpected control version"  # what it says of a server that is newer than it knows
_NEWER = (
    "Install a newer pgBackRest and run this again: that of a newer Debian, or of the PostgreSQL"
    " project's own packages (docs/recovery.md, Servers)."
)


@dataclass(frozen=True)
class Set:
    """One backup in the repository: when it ended, where in the WAL, in which piece of it.

    `version` is that of the server it was made of: a repository keeps those of before an upgrade.
    """

    label: str
    ended: int
    lsn: str
    piece: str
    version: str


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
        program = find_pgbackrest()
        fixed = (f"--config={self.config}", f"--stanza={self.stanza}", "--log-level-console=error")
        return [program, *fixed, *self.options]

    def require_known(self) -> None:
        """Return if pgBackRest knows the server's version of PostgreSQL.

        It says so by no command of its own: it is asked to begin an empty repository, beside. Of a
        server on another machine it is not asked.

        Raises:
            PlatformError: `E_STATE` when it is too old, or not installed.
        """
        program = find_pgbackrest()
        if (data := self._data_of_server()) is None:
            return
        scratch = self.runner.own(Path(tempfile.mkdtemp(prefix="sextant-pgbackrest-")))
        places = (f"--pg1-path={data}", f"--repo1-path={scratch}/repo", f"--lock-path={scratch}")
        quiet = ("--log-level-file=off", "--log-level-console=error", "--no-online")
        command = [program, "--no-config", "--stanza=probe", *places, *quiet, "stanza-create"]
        try:
            self.runner.run(command, what="pgbackrest")
        except PlatformError as error:
            if _UNKNOWN in error.received:  # whatever else is wrong its real commands tell
                raise self._too_old(data) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _too_old(self, data: Path) -> PlatformError:
        version = "this version"
        with suppress(OSError):
            version = (data / "PG_VERSION").read_text().strip()
        return PlatformError(
            Code.STATE,
            f"pgBackRest does not know PostgreSQL {version}, which {self.stanza} is",
            expected=f"a pgBackRest that knows PostgreSQL {version}",
            received=f"pgBackRest {installed_version(self.runner)}",
            fix=_NEWER,
        )

    def _data_of_server(self) -> Path | None:
        """Return where its configuration says that the server's data lies, if it is here."""
        read = configparser.ConfigParser(interpolation=None, strict=False, delimiters="=")
        try:
            read.read_string(self.config.read_text())
        except (OSError, UnicodeDecodeError, configparser.Error):
            return None  # pgBackRest tells what is wrong with it
        found = {**dict(_items(read, "global")), **dict(_items(read, self.stanza))}
        place = found.get("pg1-path")
        return Path(place) if place and "pg1-host" not in found else None

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
        versions = {each["id"]: str(each["version"]) for each in of_server["db"]}
        sets = [
            Set(
                label=each["label"],
                ended=int(each["timestamp"]["stop"]),
                lsn=each["lsn"]["stop"],
                piece=each["archive"]["stop"],
                version=versions[each["database"]["id"]],
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


def find_pgbackrest() -> str:
    """Return where the program is.

    Raises:
        PlatformError: `E_STATE` when it is not installed.
    """
    program = shutil.which(TOOL)
    if program is None:
        raise PlatformError(
            Code.STATE, "pgBackRest is not installed", fix="apt-get install pgbackrest"
        )
    return program


def installed_version(runner: Runner) -> str:
    """Return the version of pgBackRest, such as `2.45`.

    Raises:
        PlatformError: `E_STATE` when it is not installed, `E_UNAVAILABLE` when it does not run.
    """
    return runner.run([find_pgbackrest(), "version"], what="pgbackrest version").split()[-1]


def require_as_new(version: str, runner: Runner) -> None:
    """Return if pgBackRest here is not older than the one that made a backup.

    An older one reads its repository, and then fails at the first piece of WAL: the server would
    come back without what was committed since.

    Raises:
        PlatformError: `E_STATE`.
    """
    here = installed_version(runner)
    if _numbers(here) < _numbers(version):
        raise PlatformError(
            Code.STATE,
            "pgBackRest is older here than where the backup was made",
            expected=f"pgBackRest {version} or newer",
            received=f"pgBackRest {here}",
            fix=_NEWER,
        )


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _items(read: configparser.ConfigParser, section: str) -> list[tuple[str, str]]:
    return read.items(section) if read.has_section(section) else []


def lsn_number(lsn: str) -> int:
    """Return a place in the WAL (`0/16B3748`) as a number that can be compared."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)
