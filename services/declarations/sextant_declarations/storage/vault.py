"""Files too large for rows: each container as received, and its plaintext.

Both are named by the digest of the manifest, so writing one twice changes nothing. A file is
complete, synced and renamed before the row that speaks of it is committed; a file without a row
is left from a crash and is written again when the delivery comes back.

    <root>/staging/<process>/…/       one delivery while it is processed; emptied at a start,
                                      unless its process lives
    <root>/<first two>/<digest>.dxe   the container
    <root>/<first two>/<digest>.txt   the plaintext; of a package, its message
    <root>/<first two>/<digest>.pkg   the whole package, with its attachments

Paths are given out for an `Access` alone, and for what it covers.
"""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from sextant_declarations.domain.deliveries import Stage
from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.refilling import TakenIn
from sextant_shared.chassis.own_folders import OwnFolder
from sextant_shared.errors import Code, PlatformError

CONTAINER = "dxe"
CONTENT = "txt"
PACKAGE = "pkg"
_CHUNK = 1 << 16
_PRIVATE = 0o700


class FileVault:
    """The vault in one folder of a local disk."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # Whatever a stopped process left half done may hold plaintext.
        self._staging = OwnFolder(root / "staging")

    def close(self) -> None:
        """Remove what is under way here."""
        self._staging.close()

    @contextlib.contextmanager
    def stage(self) -> Iterator[Stage]:
        """Return a private folder for one delivery, removed when the context ends."""
        with tempfile.TemporaryDirectory(
            dir=self._staging.path, ignore_cleanup_errors=True
        ) as name:
            yield Stage(container=Path(name) / "container", content=Path(name) / "content")

    async def keep(self, stage: Stage, manifest_digest: bytes, *, with_content: bool) -> None:
        """Make the staged files durable under the name of the manifest digest; safe to repeat.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the disk refuses.
        """
        moves = [(stage.container, self._path(manifest_digest, CONTAINER))]
        if with_content:
            moves.append((stage.content, self._path(manifest_digest, CONTENT)))
            if stage.package.exists():
                moves.append((stage.package, self._path(manifest_digest, PACKAGE)))
        try:
            await asyncio.to_thread(_make_durable, moves)
        except OSError as error:
            raise PlatformError(
                Code.UNAVAILABLE, f"the vault cannot be written: {error.strerror}"
            ) from error

    def lacks(self, each: TakenIn) -> bool:
        """Return whether a file that must be there is not."""
        wanted = {CONTAINER: True, CONTENT: each.is_opened, PACKAGE: each.is_package}
        kinds = [kind for kind, is_wanted in wanted.items() if is_wanted]
        return not all(self._path(each.manifest_digest, kind).is_file() for kind in kinds)

    def container(self, manifest_digest: bytes, access: Access) -> Path:
        """Return where the container stands.

        Raises:
            PlatformError: `E_INTEGRITY` when a row speaks of it and it is gone, `E_INTERNAL` when
                the access does not cover it.
        """
        access.covers(manifest_digest)
        return self._existing(manifest_digest, CONTAINER)

    def content(self, manifest_digest: bytes, access: Access) -> Path:
        """Return where the plaintext stands.

        Raises:
            PlatformError: `E_INTEGRITY` when a row speaks of it and it is gone, `E_INTERNAL` when
                the access does not cover it.
        """
        access.covers(manifest_digest)
        return self._existing(manifest_digest, CONTENT)

    def package(self, manifest_digest: bytes, access: Access) -> Path:
        """Return where the whole package stands.

        Raises:
            PlatformError: `E_INTEGRITY` when a row speaks of it and it is gone, `E_INTERNAL` when
                the access does not cover it.
        """
        access.covers(manifest_digest)
        return self._existing(manifest_digest, PACKAGE)

    def _existing(self, manifest_digest: bytes, kind: str) -> Path:
        path = self._path(manifest_digest, kind)
        if not path.is_file():
            raise PlatformError(
                Code.INTEGRITY,
                "a file of the vault is missing",
                expected=path.name,
                fix="Restore the vault from the same backup as the database.",
            )
        return path

    def _path(self, manifest_digest: bytes, kind: str) -> Path:
        name = manifest_digest.hex()
        return self._root / name[:2] / f"{name}.{kind}"


async def chunks_of(path: Path) -> AsyncIterator[bytes]:
    """Yield a file in pieces, so that an answer of any size holds one piece in memory."""
    with path.open("rb") as source:
        while chunk := await asyncio.to_thread(source.read, _CHUNK):
            yield chunk


def _make_durable(moves: list[tuple[Path, Path]]) -> None:
    for source, target in moves:
        target.parent.mkdir(mode=_PRIVATE, exist_ok=True)
        _sync(source)
        source.replace(target)
        _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
