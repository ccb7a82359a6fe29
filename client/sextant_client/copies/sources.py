"""Where a copy of the log is read from: a folder, any web server, or the log's own service.

Responsible for bytes by path, and for telling «it is not there» from «you may not read it» and from
«nobody answers». Not responsible for whether the bytes are right.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from sextant_client.retrying import MAX_ATTEMPTS, given_up, pause_before
from sextant_client.session import BACKOFF_CAP_S, BACKOFF_S, CONNECT_TIMEOUT_S, Session
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import HASH_SIZE
from sextant_shared.merkle.tiles import (
    MAX_ENTRY_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    bundle_of,
    parse_bundle,
)

CHECKPOINT = "checkpoint"
ENTRIES = "tile/entries/"
MAX_FILE_BYTES = TILE_WIDTH * (MAX_ENTRY_BYTES + 2)  # the largest bundle; nothing else comes near
READ_TIMEOUT_S = 30.0
_BLOCK = 1 << 16
_FORBIDDEN = {401: Code.AUTH, 403: Code.FORBIDDEN}
_PASSING = {429: Code.RATE, 502: Code.UNAVAILABLE, 503: Code.UNAVAILABLE, 504: Code.UNAVAILABLE}


class Source(Protocol):
    """A copy of the log, as bytes by path. Safe to call from several threads."""

    def read(self, path: str) -> bytes | None:
        """Return what stands at `path`, None when nothing does.

        Raises:
            PlatformError: `E_AUTH`, `E_FORBIDDEN` when this reader may not; `E_UNAVAILABLE`,
                `E_TOO_LARGE`.
        """
        ...


@dataclass(frozen=True)
class FolderSource:
    """A copy in a folder."""

    folder: Path

    def read(self, path: str) -> bytes | None:
        """Return the content of a file."""
        try:
            with (self.folder / path).open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except PermissionError as error:
            raise PlatformError(Code.FORBIDDEN, f"{path} may not be read by this user") from error
        except OSError as error:
            raise PlatformError(
                Code.UNAVAILABLE, f"{path} cannot be read: {error.strerror}"
            ) from error
        return _bounded(path, data)


class WebSource:
    """A copy behind any web server; nothing is said of who asks."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url.rstrip("/")
        timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        self._http = httpx.Client(transport=transport, timeout=timeout, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def read(self, path: str) -> bytes | None:
        """Return the body of a GET; while the server is busy or away, try again."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                return self._once(path)
            except PlatformError as error:
                pause = pause_before(attempt, error, step_s=BACKOFF_S, cap_s=BACKOFF_CAP_S)
                if pause is None:
                    raise given_up(attempt, error) from error
                time.sleep(pause)
        raise PlatformError(Code.UNAVAILABLE, f"{self._url} does not answer")

    def _once(self, path: str) -> bytes | None:
        try:
            with self._http.stream("GET", f"{self._url}/{path}") as response:
                status = response.status_code
                if status == httpx.codes.NOT_FOUND:
                    return None
                if status != httpx.codes.OK:
                    raise _refusal(path, response)
                blocks: list[bytes] = []
                for block in response.iter_bytes(_BLOCK):
                    blocks.append(block)
                    if len(blocks) * _BLOCK > MAX_FILE_BYTES + _BLOCK:
                        break
                return _bounded(path, b"".join(blocks))
        except httpx.TransportError as error:
            raise PlatformError(
                Code.UNAVAILABLE,
                f"{self._url} does not answer ({type(error).__name__})",
                fix="Check the address and the network, then run the command again.",
            ) from error


class ServiceSource:
    """The log's own service: entries with this party's access, all else as anybody reads it.

    One session for each thread that reads entries.
    """

    def __init__(
        self,
        url: str,
        session: Callable[[], Session],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._public = WebSource(url, transport)
        self._make = session
        self._local = threading.local()
        self._made: list[Session] = []

    def close(self) -> None:
        """Close all connections."""
        self._public.close()
        for session in self._made:
            session.close()

    def read(self, path: str) -> bytes | None:
        """Return the body of a GET."""
        if not path.startswith(ENTRIES):
            return self._public.read(path)
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._make()
            self._made.append(session)
        try:
            return _bounded(path, session.request("GET", f"/{path}").content)
        except PlatformError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise


def read_tile(source: Source, tile: Tile) -> bytes | None:
    """Return a tile; where a partial one was dropped, it is cut from the full one.

    C2SP tlog-tiles lets a log delete partial tiles once the full one is out.
    """
    data = source.read(f"tile/{tile.path}")
    if data is not None or tile.width == TILE_WIDTH:
        return data
    whole = source.read(f"tile/{Tile(tile.level, tile.index).path}")
    if whole is None:
        return None
    if tile.level is not None:
        return whole[: tile.width * HASH_SIZE]
    return bundle_of(parse_bundle(whole)[: tile.width])


def tile_within(level: int, index: int, size: int) -> Tile:
    """Return the hash tile of a tree of `size`, full or partial; its width may not be 0."""
    width = min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH)
    return Tile(level, index, width)


def _refusal(path: str, response: httpx.Response) -> PlatformError:
    status = response.status_code
    retry_after = response.headers.get("retry-after", "")
    code = _FORBIDDEN.get(status) or _PASSING.get(status) or Code.INTERNAL
    return PlatformError(
        code,
        f"the server answered {status} for {path}",
        retry_after_s=int(retry_after) if retry_after.isdigit() else None,
    )


def _bounded(path: str, data: bytes) -> bytes:
    if len(data) > MAX_FILE_BYTES:
        raise PlatformError(
            Code.TOO_LARGE,
            f"{path} is larger than any file of a log",
            expected=f"at most {MAX_FILE_BYTES} bytes",
        )
    return data
