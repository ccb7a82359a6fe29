"""Plain HTTP/1.1 to another service over few connections that are kept: whole requests and answers.

Stands in for httpx's client, whose layers take two thirds of what a call costs: nothing for one
call, but the exchange calls the log for every batch of deposits, all day. Errors and answers are
those of httpx. Not responsible for TLS, for `HEAD`, nor for answers that are read
piece by piece: httpx does these.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from httptools import HttpParserError, HttpResponseParser

IDLE_S = 5.0  # as httpx: well before the other side lets an idle connection go
_FINAL = 200  # below it an answer only announces the answer


class WireTransport(httpx.AsyncBaseTransport):
    """Sends requests over at most `max_connections`, the most recently used one first."""

    def __init__(self, *, max_connections: int) -> None:
        self._free = asyncio.Semaphore(max_connections)
        self._idle: list[tuple[float, _Connection]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the whole answer.

        Raises:
            httpx.RequestError: as httpx's own transport.
        """
        times: Mapping[str, float] = request.extensions["timeout"]
        data = _encode(request, await request.aread())
        async with self._free:
            connection = self._kept() or await _connect(request.url, times["connect"])
            try:
                response = await connection.exchange(data, times["read"])
            except BaseException:  # also when the caller gives up: the rest of an answer may come
                connection.close()
                raise
            if connection.is_open:
                self._idle.append((asyncio.get_running_loop().time(), connection))
            return response

    async def aclose(self) -> None:
        """Close the connections that are kept."""
        while self._idle:
            self._idle.pop()[1].close()

    def _kept(self) -> "_Connection | None":
        oldest = asyncio.get_running_loop().time() - IDLE_S
        while self._idle:
            since, connection = self._idle.pop()
            if connection.is_open and since > oldest:
                return connection
            connection.close()
        return None


class _Connection(asyncio.Protocol):
    """One connection and the one answer it waits for; the parser calls the `on_` methods."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._waiting: asyncio.Future[httpx.Response] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []
        self._heard = 0.0
        self.is_open = False

    async def exchange(self, data: bytes, silence_s: float) -> httpx.Response:
        """Send a request and return its answer; `silence_s` bounds the wait for each piece."""
        self._waiting = self._loop.create_future()
        self._heard = self._loop.time()
        self._silence = self._loop.call_later(silence_s, self._check_silence, silence_s)
        self._transport.write(data)
        try:
            return await self._waiting
        finally:
            self._waiting = None
            self._silence.cancel()

    def close(self) -> None:
        """Close; an answer that is still waited for fails."""
        self.is_open = False
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the open connection."""
        self._transport = transport
        self.is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self.is_open = False
        if exc is None:
            self._fail(httpx.RemoteProtocolError("the connection ended before the answer did"))
        else:
            self._fail(httpx.ReadError(str(exc)))

    def data_received(self, data: bytes) -> None:
        """Read on; what is no HTTP, or nobody asked for, ends the connection."""
        self._heard = self._loop.time()
        if self._asked is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(str(error)))
            self.close()

    def on_message_begin(self) -> None:
        """Begin an answer.

        Raises:
            HttpParserError: nobody asked for one.
        """
        if self._asked is None:
            raise HttpParserError("an answer that nobody asked for")
        self._headers, self._pieces = [], []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._headers.append((name, value))

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """Hand the answer over."""
        status = self._parser.get_status_code()
        if status < _FINAL or self._asked is None:
            return
        if not self._parser.should_keep_alive():
            self.is_open = False
            self._transport.close()
        try:
            body = b"".join(self._pieces)
            self._asked.set_result(httpx.Response(status, headers=self._headers, content=body))
        except httpx.DecodingError as error:
            self._fail(error)

    @property
    def _asked(self) -> "asyncio.Future[httpx.Response] | None":
        """What an answer is for: None before a request and after its answer."""
        return None if self._waiting is None or self._waiting.done() else self._waiting

    def _check_silence(self, silence_s: float) -> None:
        left = self._heard + silence_s - self._loop.time()
        if left <= 0:
            self._fail(httpx.ReadTimeout(f"nothing came for {silence_s:g} s"))
        else:
            self._silence = self._loop.call_later(left, self._check_silence, silence_s)

    def _fail(self, error: httpx.RequestError | httpx.DecodingError) -> None:
        if (asked := self._asked) is not None:
            asked.set_exception(error)


async def _connect(url: httpx.URL, timeout_s: float) -> _Connection:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            _, connection = await loop.create_connection(_Connection, url.host, url.port or 80)
    except TimeoutError as error:
        raise httpx.ConnectTimeout(f"no connection within {timeout_s:g} s") from error
    except OSError as error:
        raise httpx.ConnectError(str(error)) from error
    return connection


def _encode(request: httpx.Request, body: bytes) -> bytes:
    """Return the bytes of a request; what would end a line early is refused, as httpx does."""
    lines = [request.method.encode("ascii") + b" " + request.url.raw_path + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in request.headers.raw]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise httpx.LocalProtocolError("a header holds the end of a line")
    return b"\r\n".join((*lines, b"", body))
