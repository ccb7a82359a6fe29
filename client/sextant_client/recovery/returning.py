"""Brings a PostgreSQL server back into an empty folder: base by pgBackRest, WAL from every source.

WAL comes from what a synchronous receiver confirmed (`received/SERVER` in the folder of backups),
then from pgBackRest's archive, last from the receiver's unfinished piece: so what was acknowledged
comes back, also what the archive had not got yet. The server then runs on a socket of its own until
it was looked at, and is stopped in order.

To which moment: the server that holds the log always comes back to the end of its WAL.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sextant_client.recovery.models import CopiedServer
from sextant_client.recovery.pgbackrest import (
    RECEIVED,
    REPOSITORY,
    TOOL,
    PgBackRest,
    Set,
    lsn_number,
    require_as_new,
)
from sextant_client.recovery.servers import ALONE, LocalServer, Runner, find_programs
from sextant_shared.clock import parse_timestamp
from sextant_shared.errors import Code, PlatformError

SERVERS = "servers"
CONFIG = "pgbackrest.conf"
# Whatever an earlier restore has left in its settings.
_RECOVERY = {
    "recovery_target_inclusive": "on",
    "recovery_target_timeline": "latest",
    "recovery_target_action": "promote",
}
_WAITS_FOR = "SELECT setting FROM pg_file_settings WHERE name = 'synchronous_standby_names'"
_HAS_AMCHECK = "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'"
PASSABLE = 0o711  # the server's user goes through, and sees nothing


@dataclass(frozen=True)
class Moment:
    """A moment to which a server is taken: a time (RFC 3339), or a place in its WAL."""

    time: str | None = None
    lsn: str | None = None

    def settings(self) -> dict[str, str]:
        """Return how PostgreSQL is told: what is not wanted first, for each unsets all others."""
        time = (self.time or "").replace("T", " ").replace("Z", "+00")  # it knows no ISO 8601 here
        wanted = {"recovery_target_time": time, "recovery_target_lsn": self.lsn or ""}
        named = {f"recovery_target{of}": "" for of in ("", "_name", "_xid")}
        return {**named, **dict(sorted(wanted.items(), key=lambda item: item[1]))}

    def allows(self, each: Set) -> bool:
        """Return whether recovery can begin with this backup: it ended before the moment."""
        if self.time is not None:
            return each.ended <= parse_timestamp(self.time)
        return self.lsn is None or lsn_number(each.lsn) <= lsn_number(self.lsn)


NEWEST = Moment()


@dataclass(frozen=True)
class Returned:
    """A server that came back and runs, until whoever asked for it has looked."""

    name: str
    local: LocalServer
    came_to: str
    behind: str | None = None
    """What it lacks of what the backup noted, in words."""
    reset: dict[str, str] = field(default_factory=dict)
    """Settings that would have kept it from serving here, and were taken out."""

    def pages(self) -> tuple[str, list[str]]:
        """Return how every table and index was looked at, and what was found.

        For a server that is thrown away: pg_amcheck leaves its extension, pg_checksums needs it
        stopped.

        Raises:
            PlatformError: `E_STATE` when the server is not running any more.
        """
        local = self.local
        if (local.programs / "pg_amcheck").exists() and local.ask(_HAS_AMCHECK):
            how, command = "pg_amcheck", ["--all", "--install-missing", *local.options()]
        elif local.ask("SHOW data_checksums") == "on":
            local.stop()
            how, command = "pg_checksums", ["--check", "-D", str(local.data)]
        else:
            return "nothing: there is no amcheck here, and there are no checksums", []
        try:
            local.run(how, *command, what=f"{how} of {self.name}")
        except PlatformError as error:
            return how, [f"{self.name} is damaged: {error.received}"]
        return how, []


def require_tools(servers: Sequence[CopiedServer], tools: Mapping[str, str]) -> None:
    """Return if what brings servers back is installed here, as new as what made the backup.

    Raises:
        PlatformError: `E_STATE`.
    """
    for copied in servers:
        find_programs(copied.version)
        if made_by := tools.get(TOOL):  # earlier backups do not say
            require_as_new(made_by, Runner(copied.user))


@contextmanager
def returned(
    root: Path, copied: CopiedServer, config: Path, into: Path, moment: Moment
) -> Iterator[Returned]:
    """Bring a server back below `into`; it runs inside the block, and is stopped after it.

    `root` is the folder of backups, `config` that of pgBackRest, out of the sealed keys.

    Raises:
        PlatformError: `E_STATE` when something is not installed, `E_NOT_FOUND` when each of its
            backups is newer, `E_UNAVAILABLE` when it does not come back.
    """
    runner = Runner(copied.user)
    into.chmod(PASSABLE)
    (into / SERVERS).mkdir(exist_ok=True)
    (into / SERVERS).chmod(PASSABLE)
    folder = into / SERVERS / copied.name
    folder.mkdir()
    runner.own(folder)
    runner.require_reach(folder)
    local = LocalServer(folder, find_programs(copied.version), runner)
    local.data.mkdir()
    runner.own(local.data)
    own_config = folder / CONFIG
    own_config.write_bytes(config.read_bytes())
    runner.own(own_config)
    try:
        pgbackrest = _elsewhere(root, own_config, copied.name, runner, local)
        pgbackrest.lay(begin_with(pgbackrest.look().sets, moment, copied.version).label)
        signal = local.data / "recovery.signal"
        signal.touch()
        runner.own(signal)
        fetch = fetching(root / RECEIVED / copied.name, pgbackrest)
        local.start({**ALONE, **_RECOVERY, "restore_command": fetch, **moment.settings()})
        came_to = str(local.ask("SELECT pg_last_wal_replay_lsn()"))
        yield Returned(copied.name, local, came_to, lagging(copied, came_to, moment), _reset(local))
    finally:
        local.stop()
        own_config.unlink(missing_ok=True)  # it stays in the keys, with who may have it


def _elsewhere(
    root: Path, config: Path, name: str, runner: Runner, local: LocalServer
) -> PgBackRest:
    """Return pgBackRest as it is told at this site: only places are others."""
    options = [f"--lock-path={local.folder / 'lock'}", "--log-level-file=off"]
    if (repository := root / REPOSITORY).is_dir():
        options.append(f"--repo1-path={repository.resolve()}")
    return PgBackRest(config, name, runner, options, local.data)


def begin_with(sets: Sequence[Set], moment: Moment, version: str) -> Set:
    """Return the newest backup of a server of that version that ended before the moment.

    Raises:
        PlatformError: `E_NOT_FOUND` when there is none.
    """
    fitting = [each for each in sets if each.version == version and moment.allows(each)]
    if not fitting:
        raise PlatformError(
            Code.NOT_FOUND,
            "each backup of the server is newer than that moment, or there is none",
            expected=f"{len(sets)} backup(s), one of PostgreSQL {version} and older",
            received=moment.time or moment.lsn or "none",
            fix="Name a later moment.",
        )
    return max(fitting, key=lambda each: lsn_number(each.lsn))


def fetching(received: Path, pgbackrest: PgBackRest) -> str:
    """Return how PostgreSQL finds a piece of WAL: whole pieces first, the unfinished one last."""
    if not received.is_dir():
        return pgbackrest.fetching()
    folder = shlex.quote(str(received.resolve())).replace("%", "%%")
    copies = [f'cp {folder}/%f{ending} "%p" 2>/dev/null' for ending in ("", ".partial")]
    return f"{copies[0]} || {pgbackrest.fetching()} || {copies[1]}"


def lagging(copied: CopiedServer, came_to: str, moment: Moment) -> str | None:
    """Return, in words, by how much a server came back older than its backup noted."""
    if moment != NEWEST or lsn_number(came_to) >= lsn_number(copied.lsn):
        return None
    return f"{copied.name} came back to {came_to} of its WAL; its backup noted {copied.lsn}"


def _reset(local: LocalServer) -> dict[str, str]:
    """Take out what waits for a machine that stood at the lost site; return what it was."""
    value = local.ask(_WAITS_FOR)
    if not value:
        return {}
    local.execute("ALTER SYSTEM RESET synchronous_standby_names")
    return {"synchronous_standby_names": str(value)}
