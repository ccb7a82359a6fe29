"""A PostgreSQL server of our own on this machine: started, asked, stopped.

Responsible for running PostgreSQL's programs as the user they want (they refuse root), and for a
server that nobody else reaches: it listens on a socket in a folder of its user alone, and takes no
configuration files from the data it was given. Not responsible for what is in it, nor for the
server that is started for people afterwards.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sextant_client.recovery.databases import driver
from sextant_shared.errors import Code, PlatformError

ADMINISTRATOR = "postgres"  # the role that a server begins with
PRIVATE = 0o700
_FIXED = {
    "listen_addresses": "",
    "logging_collector": "off",
    "log_destination": "stderr",
    "lc_messages": "C",  # we read what it says
}
_TRUSTED = "local all all trust\nlocal replication all trust\n"  # who comes to the socket: root, it
_PLACES = (
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
)
_RECOVERS = "the database system is"  # starting up, not yet accepting connections
_POLL_S = 0.05
_STOP_S = 600  # a last checkpoint writes all that recovery changed
_SHOWN = 1500
# What a server that is only looked at needs, whatever its data brings along: it archives nothing,
# waits for no standby, loads nothing.
ALONE = {
    "archive_mode": "off",
    "synchronous_standby_names": "",
    "shared_preload_libraries": "",
    "ssl": "off",
    "hot_standby": "off",  # or it must be as large as the one that was lost
}


@dataclass(frozen=True)
class Runner:
    """Runs programs as a user, if we may choose: as root. Else they run as ourselves."""

    user: str

    def identity(self) -> dict[str, Any]:
        """Return how a process is told to be that user.

        Raises:
            PlatformError: `E_STATE` when there is no such user.
        """
        if os.geteuid() != 0:
            return {}
        try:
            found = pwd.getpwnam(self.user)
        except KeyError as error:
            raise PlatformError(
                Code.STATE,
                f"this machine has no user {self.user}, as whom the server runs",
                fix="Install PostgreSQL here, of the same version: apt-get install postgresql.",
            ) from error
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}

    def own(self, path: Path) -> Path:
        """Make a folder or file the user's alone; return it."""
        if identity := self.identity():
            os.chown(path, identity["user"], identity["group"])
        path.chmod(PRIVATE if path.is_dir() else 0o600)
        return path

    def run(self, command: Sequence[str | Path], *, what: str, fix: str = "") -> str:
        """Run a program to its end; return what it printed.

        Raises:
            PlatformError: `E_UNAVAILABLE` with what it said.
        """
        words = [str(word) for word in command]
        try:
            done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 -- no shell
                words,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                stdin=subprocess.DEVNULL,
                **self.identity(),
            )
        except OSError as error:
            raise PlatformError(
                Code.UNAVAILABLE, f"{what}: {words[0]} does not start", received=str(error), fix=fix
            ) from error
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip())[-_SHOWN:]
            raise PlatformError(Code.UNAVAILABLE, f"{what} failed", received=said, fix=fix)
        return done.stdout

    def require_reach(self, folder: Path) -> None:
        """Return if the user can come to a folder.

        Raises:
            PlatformError: `E_STATE`.
        """
        try:
            self.run(["test", "-x", folder], what="")
        except PlatformError as error:
            raise PlatformError(
                Code.STATE,
                f"{self.user}, as whom the server runs, cannot come to {folder}",
                fix="Name a folder whose parents let others pass (o+x), such as /restored: --into,"
                " or TMPDIR for verify-backup.",
            ) from error


def find_programs(version: str) -> Path:
    """Return the folder of PostgreSQL's programs of a major version.

    Raises:
        PlatformError: `E_STATE` when it is not installed.
    """
    on_path = shutil.which("postgres")
    places = [Path(place.format(version)) for place in _PLACES]
    places += [Path(on_path).resolve().parent] if on_path else []
    for folder in places:
        program = folder / "postgres"
        if program.exists():
            told = subprocess.run(  # noqa: S603 -- a program of this machine
                [program, "--version"], capture_output=True, text=True, check=False
            ).stdout
            if re.search(rf"\b{version}[.\s]", told):
                return folder
    raise PlatformError(
        Code.STATE,
        f"PostgreSQL {version} is not installed here",
        expected="the same major version as the server that was backed up",
        received=", ".join(map(str, places)),
        fix=f"apt-get install postgresql-{version}, or put its programs on PATH.",
    )


@dataclass
class LocalServer:
    """One server in a folder: `data`, its log, and what it is configured with.

    `socket` is the folder of its socket; without one it gets one with a short name while it runs.
    """

    folder: Path
    programs: Path
    runner: Runner
    socket: Path | None = None
    process: "subprocess.Popen[bytes] | None" = None
    _own_socket: Path | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def _where(self) -> Path | None:
        return self.socket or self._own_socket

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.folder / "server.log"

    def address(self, database: str, role: str = ADMINISTRATOR) -> str:
        """Return where a database is reached while it runs."""
        return f"postgresql://{role}@/{database}?host={quote(str(self._where))}"

    def options(self) -> list[str]:
        """Return how PostgreSQL's own programs are told to come in."""
        return ["-h", str(self._where), "-U", ADMINISTRATOR]

    def start(self, settings: Mapping[str, str]) -> None:
        """Start it; return once it takes statements, however much it had to recover first.

        Raises:
            PlatformError: `E_UNAVAILABLE` with the end of its log when it does not start.
        """
        configuration = self.folder / "postgresql.conf"
        configuration.write_text("")
        access = self.folder / "pg_hba.conf"
        access.write_text(_TRUSTED)
        for path in (configuration, access):
            self.runner.own(path)
        if self.socket is None:
            self._own_socket = self.runner.own(Path(tempfile.mkdtemp(prefix="sextant-pg-")))
        files = {"config_file": configuration, "hba_file": access}
        every = {**_FIXED, "unix_socket_directories": self._where, **files, **settings}
        options = [part for name, value in every.items() for part in ("-c", f"{name}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.data), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 -- a program of this machine
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C reaches us, and we stop it in order
                **self.runner.identity(),
            )
        self._await(self.process)

    def _await(self, process: "subprocess.Popen[bytes]") -> None:
        psycopg = driver()
        while process.poll() is None:
            try:
                if self.ask("SELECT pg_is_in_recovery()") is False:
                    return
            except psycopg.OperationalError as error:
                if "FATAL" in str(error) and _RECOVERS not in str(error):
                    raise PlatformError(
                        Code.UNAVAILABLE, "the server lets nobody in", received=str(error)
                    ) from error
            time.sleep(_POLL_S)
        said = self.log.read_text(errors="replace")
        fatal = [line for line in said.splitlines() if "FATAL" in line or "PANIC" in line]
        too_late = any("recovery ended before" in line for line in fatal)
        raise PlatformError(
            Code.UNAVAILABLE,
            "the server does not come up",
            received=("\n".join(fatal[-3:]) or said)[-_SHOWN:],
            fix="Its WAL ends before that moment: leave out --to, and all of it comes back."
            if too_late
            else f"All that it said is in {self.log}.",
        )

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it; by default in order, with a last checkpoint: what it wrote is durable on return.

        `how` is the signal that PostgreSQL is told by: SIGQUIT lets it end as a crash does.
        """
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(how)
                self.process.wait(_STOP_S)
            self.process = None
        if self._own_socket is not None:
            shutil.rmtree(self._own_socket, ignore_errors=True)
            self._own_socket = None

    def ask(self, query: str, database: str = "postgres") -> Any:
        """Return one value."""
        with closing(driver().connect(self.address(database), autocommit=True)) as connection:
            row = connection.execute(query).fetchone()
            return row[0] if row else None

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as the server's administrator."""
        with closing(driver().connect(self.address(database), autocommit=True)) as connection:
            connection.execute(statement)

    def run(self, program: str, *arguments: str | Path, what: str) -> str:
        """Run a program of PostgreSQL as the server's user.

        Raises:
            PlatformError: `E_UNAVAILABLE` with what it said.
        """
        return self.runner.run([self.programs / program, *arguments], what=what)
