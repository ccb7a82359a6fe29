"""Programs that tests need, unpacked from Debian's packages into `var/`: nothing is installed."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_PATIENCE_S = 120


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
        with contextlib.suppress(OSError):  # another worker of this test run was faster
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def run(
    command: list[str], folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run a program to its end and return what it printed.

    Raises:
        NoProgramError: when it does not start, does not end in time, or fails.
    """
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},  # noqa: TID251 -- the tool needs PATH
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoProgramError(f"{' '.join(command[:3])}: {error}") from error
    if done.returncode != 0:
        raise NoProgramError(f"{' '.join(command[:3])}: {done.stderr.strip() or done.stdout}")
    return done.stdout
