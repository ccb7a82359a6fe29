"""SoftHSM2, the real thing: found on the system, or unpacked from Debian's packages into `var/`.

It is a PKCS#11 module like those of makers of tokens, with its tokens in a folder. Where it can be
neither found nor fetched, tests that need it skip on a developer's machine and fail in CI.
"""

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deploy.local.debian import NoProgramError, fetch, run
from sextant_shared.crypto.pkcs11 import TokenAccess
from tests.support.vectors import ROOT

UNPACKED = ROOT / "var" / "softhsm"
PACKAGES = ("softhsm2", "softhsm2-common", "libsofthsm2")
PIN = "0000-correct"
_MODULE = "libsofthsm2.so"
_PLACES = ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib")


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
        run(command, environment=self.environment)


@cache
def find_softhsm() -> Programs:
    """Return SoftHSM2, unpacking it when the system has none.

    Raises:
        NoProgramError: with what stands in the way.
    """
    found = _installed() or _look(UNPACKED)
    if found is None:
        fetch(PACKAGES, UNPACKED)
        found = _look(UNPACKED)
    if found is None:
        raise NoProgramError(f"Debian's packages {', '.join(PACKAGES)} hold no {_MODULE}")
    return found


def _installed() -> Programs | None:
    tool = shutil.which("softhsm2-util")
    places = [Path(place) for place in _PLACES]
    modules = [path for place in places for path in place.glob(f"**/softhsm/{_MODULE}")]
    return Programs(modules[0], Path(tool)) if tool and modules else None


def _look(folder: Path) -> Programs | None:
    modules, tools = sorted(folder.rglob(_MODULE)), sorted(folder.rglob("softhsm2-util"))
    return Programs(modules[0], tools[0]) if modules and tools else None
