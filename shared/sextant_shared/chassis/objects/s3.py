"""Objects behind S3, through obstore. Loaded only where a bucket is set up.

A put sends parts and completes them when the check has passed: until then no reader sees anything.
Each part carries its SHA-256, which the server compares; the size is asked for at the end. What a
success means is the server's to keep: docs/objects.md says what to look for.

A read is a sequence of bounded requests: each has its own time-out and its own tries again, and a
slow reader holds no connection to the server.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
import structlog
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store

from sextant_shared.chassis.objects import PAGE, READ_BYTES, Check, Item, away, gone
from sextant_shared.chassis.objects.parts import Parts
from sextant_shared.chassis.objects.settings import (
    ObjectSettings,
    current_credentials,
    read_certificates,
    read_credentials,
)
from sextant_shared.clock import system_clock
from sextant_shared.errors import PlatformError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Credential

TITLE = "the object store"
PROBE = "nobody-has-this-name"
CREDENTIALS_S = 600  # the library asks again five minutes before they end
_GONE = (NotFoundError, FileNotFoundError)
_FAULTS = (BaseError, OSError)
REASON_CHARS = 1000  # of what the library says: it repeats itself and may quote a page
_log = structlog.get_logger("sextant.store")


class S3Objects:
    """The object store in one bucket, under one prefix.

    Raises:
        PlatformError: `E_MALFORMED` when a file of the settings cannot be used.
    """

    title = TITLE

    def __init__(self, settings: ObjectSettings) -> None:
        self._store = _store(settings)
        self._parts = Parts(settings)
        self._part_bytes = settings.s3_part_bytes
        self._puts = asyncio.Semaphore(settings.s3_puts)

    async def put(self, name: str, source: Path, check: Check) -> bool:
        """Send a file; return False when the name is taken.

        Raises:
            PlatformError: `E_UNAVAILABLE`, and what the check raises.
        """
        async with self._puts:
            size = (await asyncio.to_thread(source.stat)).st_size
            # What goes in one request, the server itself refuses under a name that is taken.
            if size > self._part_bytes and await self.size(name) is not None:
                return False
            with _told("did not take it"):
                try:
                    await self._send(name, source, size, check)
                except AlreadyExistsError:
                    return False
        if await self.size(name) != size:
            raise away(TITLE, "has another size for what it took")
        return True

    async def size(self, name: str) -> int | None:
        """Return the size of an object, None when there is none.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        with _told("does not answer"):
            try:
                return int((await obstore.head_async(self._store, name))["size"])
            except _GONE:
                return None

    async def read(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of an object from `start` to before `end`, a request for each piece.

        Raises:
            PlatformError: `E_INTEGRITY` when it is gone, `E_UNAVAILABLE`.
        """
        if end is None:
            end = await self.size(name)
            if end is None:
                raise gone()
        while start < end:
            with _told("does not answer"):
                try:
                    block = bytes(
                        await obstore.get_range_async(
                            self._store, name, start=start, end=min(start + READ_BYTES, end)
                        )
                    )
                except _GONE as error:
                    raise gone() from error
            if not block:
                return
            start += len(block)
            yield block

    async def delete(self, names: Sequence[str]) -> None:
        """Remove objects.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        if not names:
            return
        with _told("lets nothing be removed"):
            try:
                await obstore.delete_async(self._store, list(names))
            except _GONE:
                return

    async def items(self) -> AsyncIterator[list[Item]]:
        """Yield all objects, page by page.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        pages = obstore.list(self._store, chunk_size=PAGE)
        while True:
            # In a thread, which nobody cancels: a list that is dropped inside a request panics.
            with _told("does not answer"):
                page = await asyncio.to_thread(next, pages, None)
            if page is None:
                return
            yield [Item(i["path"], i["size"], i["last_modified"].timestamp()) for i in page]

    async def unfinished(self, before: float, *, remove: bool) -> int:
        """Return how many puts from before then were not ended; remove what they left.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        return await self._parts.unfinished(before, remove=remove)

    async def probe(self) -> None:
        """Return if the bucket is there and lets us list it: nobody has a name like this.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        with _told("does not answer"):
            await obstore.list_with_delimiter_async(self._store, prefix=PROBE)

    async def _send(self, name: str, source: Path, size: int, check: Check) -> None:
        is_small = size <= self._part_bytes
        await obstore.put_async(
            self._store,
            name,
            _blocks(source, check),
            # In one request the server itself refuses a taken name; in parts it cannot.
            mode="create" if is_small else None,
            use_multipart=not is_small,
            chunk_size=self._part_bytes,
            max_concurrency=1,
        )


async def _blocks(source: Path, check: Check) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(source.open, "rb") as file:
        while block := await asyncio.to_thread(file.read, READ_BYTES):
            check.add(block)
            yield block
    check.end()


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn whatever the library raises into our error; its text, with addresses, is the log's."""
    try:
        yield
    except PlatformError:
        raise
    except _FAULTS as error:
        told = away(TITLE, f"{what} ({type(error).__name__})")
        _log.error("the object store failed", detail=told.detail, reason=str(error)[:REASON_CHARS])
        raise told from error


def _store(settings: ObjectSettings) -> S3Store:
    path = settings.s3_credentials_file or Path()
    read_credentials(path)

    def credentials() -> "S3Credential":
        found = current_credentials(path, TITLE)
        expires = dt.datetime.fromtimestamp(system_clock() + CREDENTIALS_S, dt.UTC)
        return {
            "access_key_id": found.key_id,
            "secret_access_key": found.secret,
            "token": found.token,
            "expires_at": expires,
        }

    endpoint = settings.s3_endpoint or ""
    config: S3Config = {
        # The library also reads AWS_* from the environment: what is set here is not taken there.
        "endpoint": endpoint,
        "aws_endpoint_url_s3": endpoint,
        "region": settings.s3_region,
        "virtual_hosted_style_request": False,
        "skip_signature": False,
        "unsigned_payload": False,
        "s3_express": False,
        "conditional_put": "etag",
        "checksum_algorithm": "SHA256",
    }
    if settings.s3_encryption:
        config["server_side_encryption"] = settings.s3_encryption
    if settings.s3_kms_key:
        config["sse_kms_key_id"] = settings.s3_kms_key
    client: ClientConfig = {
        "allow_http": settings.environment != "production",
        "allow_invalid_certificates": False,
        "connect_timeout": dt.timedelta(seconds=settings.s3_connect_s),
        "timeout": dt.timedelta(seconds=settings.s3_request_s),
    }
    if settings.s3_ca_file is not None:
        client["root_certificate"] = read_certificates(settings.s3_ca_file)
    retries: RetryConfig = {
        "max_retries": settings.s3_retries,
        "retry_timeout": dt.timedelta(seconds=settings.s3_request_s),
    }
    return S3Store(
        settings.s3_bucket,
        prefix=settings.s3_prefix or None,
        config=config,
        client_options=client,
        retry_config=retries,
        credential_provider=credentials,
    )
