"""Programs that tests and drills need, from Debian's packages: unpacked, or installed."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_PATIENCE_S = 120
_INSTALL_S = 600  # a browser has two hundred packages


class NoProgramError(RuntimeError):
    """A program is not here; the message says why and what to install."""


def fetch(packages: Sequence[str], folder: Path) -> None:
    """Unpack packages, whole or not at all; a folder that another process unpacked is as good.

    Raises:
        NoProgramError: with what stands in the way.
    """
    lacking = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if lacking:
        raise NoProgramError(f"no {packages[0]}, and no {', '.join(lacking)} to fetch it with")
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        try:
            run(["apt-get", "download", *packages], partial)
        except NoProgramError:
            run(["apt-get", "update", "-q"], partial)  # a fresh image has no lists
            run(["apt-get", "download", *packages], partial)
        for package in sorted(partial.glob("*.deb")):
            run(["dpkg-deb", "-x", str(package), str(partial)])
        with contextlib.suppress(OSError):  # another process was faster
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def installed(programs: Sequence[str], packages: Sequence[str]) -> tuple[str, ...]:
    """Return the paths of programs, installing packages where that is possible.

    Raises:
        NoProgramError: with what stands in the way.
    """
    if lacking := _lacking(programs):
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise NoProgramError(f"no {', '.join(lacking)}; install {' '.join(packages)}")
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-q"], environment=quiet)
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
        run(install, environment=quiet, patience_s=_INSTALL_S)
    if lacking := _lacking(programs):
        raise NoProgramError(f"Debian's packages hold no {', '.join(lacking)}")
    return tuple(str(shutil.which(name)) for name in programs)


def _lacking(programs: Sequence[str]) -> list[str]:
    return [name for name in programs if shutil.which(name) is None]


def run(
    command: list[str],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    patience_s: float = _PATIENCE_S,
) -> str:
    """Run a program to its end and return what it printed.

    Raises:
        NoProgramError: when it does not start, does not end in time, or fails.
    """
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},  # the tool needs PATH
            capture_output=True,
            text=True,
            check=False,
            timeout=patience_s,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoProgramError(f"{' '.join(command[:3])}: {error}") from error
    if done.returncode != 0:
        raise NoProgramError(f"{' '.join(command[:3])}: {done.stderr.strip() or done.stdout}")
    return done.stdout
