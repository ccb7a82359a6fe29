"""SoftHSM2, the real thing: found on the system, or unpacked from Debian's packages into `var/`.

It is a PKCS#11 module like those of makers of tokens, with its tokens in a folder. Where it can be
neither found nor fetched, tests that need it skip on a developer's machine and fail in CI.
"""

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sextant_shared.crypto.pkcs11 import TokenAccess
from tests.support.vectors import ROOT

UNPACKED = ROOT / "var" / "softhsm"
PACKAGES = ("softhsm2", "softhsm2-common", "libsofthsm2")
PIN = "0000-correct"
_MODULE = "libsofthsm2.so"
_PLACES = ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib")
_PATIENCE_S = 120


class NoSoftHsmError(RuntimeError):
    """SoftHSM2 is not here; the message says why and what to install."""


@dataclass(frozen=True)
class Programs:
    """The module and the tool that initialises tokens."""

    module: Path
    tool: Path


@dataclass(frozen=True)
class SoftHsm:
    """Tokens in one folder; this process's module reads its place from the environment."""

    programs: Programs
    folder: Path

    @property
    def access(self) -> TokenAccess:
        """Module and the right PIN."""
        return self.access_with(PIN)

    def access_with(self, pin: str) -> TokenAccess:
        """Module and a PIN of one's choice, in a file."""
        path = self.folder / f"pin-{pin}"
        path.write_text(f"{pin}\n")
        return TokenAccess(self.programs.module, path)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to see these tokens."""
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    @property
    def tokens(self) -> Path:
        """The folder with a folder for each token."""
        return self.folder / "tokens"

    def prepare(self) -> None:
        """Write the configuration and point this process at it."""
        self.tokens.mkdir(parents=True)
        lines = (f"directories.tokendir = {self.tokens}", "objectstore.backend = file")
        (self.folder / "softhsm2.conf").write_text("\n".join((*lines, "log.level = ERROR", "")))
        os.environ.update(self.environment)  # noqa: TID251 -- the module reads it, not we

    def initialise(self, label: str) -> None:
        """Make a token with our PIN."""
        options = ("--init-token", "--free", "--label", label, "--so-pin", "so-0000", "--pin", PIN)
        command = [str(self.programs.tool), "--module", str(self.programs.module), *options]
        _run(command, self.environment)


@cache
def find_softhsm() -> Programs:
    """Return SoftHSM2, unpacking it when the system has none.

    Raises:
        NoSoftHsmError: with what stands in the way.
    """
    found = _installed() or _look(UNPACKED)
    if found is None:
        _fetch()
        found = _look(UNPACKED)
    if found is None:
        raise NoSoftHsmError(f"Debian's packages {', '.join(PACKAGES)} hold no {_MODULE}")
    return found


def _installed() -> Programs | None:
    tool = shutil.which("softhsm2-util")
    places = [Path(place) for place in _PLACES]
    modules = [path for place in places for path in place.glob(f"**/softhsm/{_MODULE}")]
    return Programs(modules[0], Path(tool)) if tool and modules else None


def _look(folder: Path) -> Programs | None:
    modules, tools = sorted(folder.rglob(_MODULE)), sorted(folder.rglob("softhsm2-util"))
    return Programs(modules[0], tools[0]) if modules and tools else None


def _fetch() -> None:
    """Unpack Debian's packages, without installing anything; whole, or not at all."""
    lacking = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if lacking:
        raise NoSoftHsmError(f"no softhsm2-util, and no {', '.join(lacking)} to fetch it with")
    partial = UNPACKED.with_name(f"softhsm.{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        try:
            _run(["apt-get", "download", *PACKAGES], {}, partial)
        except NoSoftHsmError:
            _run(["apt-get", "update", "-q"], {}, partial)  # a fresh image has no lists
            _run(["apt-get", "download", *PACKAGES], {}, partial)
        for package in sorted(partial.glob("*.deb")):
            _run(["dpkg-deb", "-x", str(package), str(partial)], {})
        with contextlib.suppress(OSError):  # another worker of this test run was faster
            partial.rename(UNPACKED)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run(command: list[str], environment: dict[str, str], folder: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment},  # noqa: TID251 -- the tool needs PATH
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoSoftHsmError(f"{' '.join(command[:3])}: {error}") from error
    if done.returncode != 0:
        raise NoSoftHsmError(f"{' '.join(command[:3])}: {done.stderr.strip() or done.stdout}")
