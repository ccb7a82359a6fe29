"""Puts a message and its attachments into one package, and takes a received package apart.

What others packed is read in a process of its own, with bounds on memory, time and size: a defect
in reading takes that process down, and nothing of the package is released.
"""

import mimetypes
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from sextant_shared.errors import Code, Finding, PlatformError
from sextant_shared.models.package import PackageManifest, flaw_of
from sextant_shared.protocol.archives import flaws_of_archive, is_archive
from sextant_shared.protocol.package import Item, write_package
from sextant_shared.protocol.problems import error_of
from sextant_shared.rules.enclosing import unlike

UNPACK_TIMEOUT_S = 120.0  # 100 MiB take less than a second; a stick is slow
UNKNOWN_CTY = "application/octet-stream"
# Names of types differ between machines; those that travel are ours.
_TYPES = mimetypes.MimeTypes(filenames=())
_CHILD = "sextant_client.unpacking"


@dataclass(frozen=True)
class Attached:
    """A file that goes along; `flaws` say why the other side would leave an archive closed."""

    path: Path
    size: int
    sha256: str
    flaws: tuple[str, ...]


def look_at(attachments: Sequence[Path]) -> list[Attached]:
    """Return what is known of files before they are packed.

    Raises:
        PlatformError: `E_STATE` for a file that cannot be read.
    """
    return [_look_at(path) for path in attachments]


def compare(named: Sequence[tuple[str, str]], attached: Sequence[Attached]) -> tuple[Finding, ...]:
    """Return what does not fit between the files a declaration names and those that go along."""
    return unlike(named, {one.path.name: one.sha256 for one in attached})


def pack(content: Path, cty: str, attachments: Sequence[Path], target: Path) -> PackageManifest:
    """Write a message and its attachments to `target`.

    Raises:
        PlatformError: what `write_package` raises.
    """
    name = content.name if flaw_of(content.name) is None else "message"
    items = [Item(path, path.name, _type_of(path)) for path in attachments]
    with target.open("xb") as out:
        return write_package(Item(content, name, cty), items, out)


def unpack_apart(package: Path, folder: Path) -> None:
    """Take a package apart in a process of its own; `folder` appears with all parts or not at all.

    Raises:
        PlatformError: what is wrong with the package; `E_CONTENT` when the process did not end
            well, or not in time.
    """
    command = [sys.executable, "-I", "-m", _CHILD, str(package.resolve()), str(folder.resolve())]
    try:
        done = subprocess.run(  # noqa: S603 -- our own module, two paths
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=UNPACK_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise _not_unpacked("it took too long") from error
    if done.returncode != 0:
        if done.stdout:
            raise error_of(500, done.stdout)
        raise _not_unpacked(f"the process that read it ended with {done.returncode}")
    if not folder.is_dir():
        raise _not_unpacked("nothing came of it")


def _look_at(path: Path) -> Attached:
    try:
        with path.open("rb") as source:
            digest = file_digest(source, "sha256").hexdigest()
            size = source.tell()
        flaws = flaws_of_archive(path) if is_archive(path) else ()
    except OSError as error:
        raise PlatformError(
            Code.STATE, f"cannot read {path}", fix="Name a file that is there and readable."
        ) from error
    return Attached(path, size, digest, flaws)


def _type_of(path: Path) -> str:
    return _TYPES.guess_type(path.name)[0] or UNKNOWN_CTY


def _not_unpacked(why: str) -> PlatformError:
    return PlatformError(
        Code.CONTENT,
        f"the package could not be taken apart: {why}",
        fix="Ask the sender to send the documents again.",
    )
