"""A small HTTP/1.1 server for a few short routes: strict, and bounded in every direction.

Responsible for bytes, time-outs and connections. Not responsible for what is answered. The SDK
carries no server framework, and a witness needs none: requests and answers with a Content-Length,
on connections that stay open. No chunks, no upgrades, no TLS (put a proxy before it).

What is not exactly one request is answered with its status and ends the connection, so that no two
readers can disagree about where a request ends.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

MAX_HEAD_BYTES = 8192
MAX_BODY_BYTES = 65_536
MAX_CONNECTIONS = 64
MAX_LINGER_BYTES = 4 * MAX_BODY_BYTES
LINGER_S = 0.5
MAX_REQUESTS = 1000  # on one connection
_REQUEST_LINE = re.compile(rb"([A-Z]{1,16}) (/[\x21-\x7e]{0,1024}) HTTP/1\.([01])")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}):[ \t]*([\x20-\x7e\t\x80-\xff]*?)[ \t]*")
_LENGTH = re.compile(rb"0|[1-9][0-9]{0,9}")
_ONCE = (b"content-length", b"host", b"transfer-encoding", b"connection", b"expect")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, complete."""

    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds until a slow peer is given up."""

    idle_s: float = 60.0
    head_s: float = 10.0
    body_s: float = 10.0
    write_s: float = 10.0


Handler = Callable[[HttpRequest], Awaitable[HttpAnswer]]


class _BadRequestError(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Head:
    method: str
    path: str
    length: int
    keep_alive: bool


class HttpServer:
    """Listens and answers until it is closed."""

    def __init__(self, handler: Handler, patience: Patience | None = None) -> None:
        self._handler = handler
        self._patience = patience or Patience()
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._busy: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port, which the system chooses for port 0.

        Raises:
            OSError: when the address cannot be used.
        """
        self._server = await asyncio.start_server(self._connected, host, port, limit=MAX_HEAD_BYTES)
        port_found: int = self._server.sockets[0].getsockname()[1]
        return port_found

    async def close(self, grace_s: float = 2.0) -> None:
        """Stop listening, let answers that are under way leave, end what is still open."""
        if self._server is None:
            return
        self._server.close()
        if self._busy:
            await asyncio.wait(self._busy, timeout=grace_s)
        for writer in self._connections.values():
            writer.transport.abort()
        if self._connections:
            await asyncio.wait(self._connections, timeout=grace_s)
        self._server = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        is_full = len(self._connections) >= MAX_CONNECTIONS
        self._connections[task] = writer
        try:
            if is_full:
                await self._refuse(reader, writer, HTTPStatus.SERVICE_UNAVAILABLE)
            else:
                await self._serve(task, reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the peer went away, or was too slow to be told so
        finally:
            self._connections.pop(task, None)
            self._busy.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _serve(
        self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for number in range(1, MAX_REQUESTS + 1):
            try:
                head = await self._read_head(reader)
                async with asyncio.timeout(self._patience.body_s):
                    body = await reader.readexactly(head.length)
            except _BadRequestError as error:
                await self._refuse(reader, writer, error.status)
                return
            self._busy.add(task)
            answer = await self._handler(HttpRequest(head.method, head.path, body))
            keep_alive = head.keep_alive and number < MAX_REQUESTS and self._is_open()
            is_head = head.method == "HEAD"
            await self._write(writer, answer, keep_alive=keep_alive, without_body=is_head)
            self._busy.discard(task)
            if not keep_alive:
                return

    async def _refuse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: HTTPStatus
    ) -> None:
        """Answer and end; what still comes is thrown away, so that the answer is not reset."""
        await self._write(writer, _plain(status), keep_alive=False)
        writer.write_eof()
        left = MAX_LINGER_BYTES
        async with asyncio.timeout(LINGER_S):
            while left > 0 and (data := await reader.read(4096)):
                left -= len(data)

    def _is_open(self) -> bool:
        return self._server is not None and self._server.is_serving()

    async def _read_head(self, reader: asyncio.StreamReader) -> _Head:
        async with asyncio.timeout(self._patience.idle_s):
            first = await reader.readexactly(1)
        try:
            async with asyncio.timeout(self._patience.head_s):
                rest = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise _BadRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from error
        return _parse_head((first + rest)[:-4])

    async def _write(
        self,
        writer: asyncio.StreamWriter,
        answer: HttpAnswer,
        *,
        keep_alive: bool,
        without_body: bool = False,
    ) -> None:
        head = (
            f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
            f"Date: {formatdate(usegmt=True)}\r\n"
            f"Content-Type: {answer.content_type}\r\n"
            f"Content-Length: {len(answer.body)}\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Cache-Control: no-store\r\n"
            f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n"
        )
        writer.write(head.encode("ascii") + (b"" if without_body else answer.body))
        async with asyncio.timeout(self._patience.write_s):
            await writer.drain()


def _parse_head(data: bytes) -> _Head:
    line, *fields = data.split(b"\r\n")
    request = _REQUEST_LINE.fullmatch(line)
    if request is None:
        raise _BadRequestError(HTTPStatus.BAD_REQUEST)
    headers: dict[bytes, bytes] = {}
    for field in fields:
        match = _HEADER.fullmatch(field)
        name = match[1].lower() if match else b""
        if match is None or (name in _ONCE and name in headers):
            raise _BadRequestError(HTTPStatus.BAD_REQUEST)
        headers[name] = match[2]
    is_11 = request[3] == b"1"
    if is_11 and b"host" not in headers:
        raise _BadRequestError(HTTPStatus.BAD_REQUEST)
    if b"transfer-encoding" in headers:
        raise _BadRequestError(HTTPStatus.NOT_IMPLEMENTED)
    if b"expect" in headers:
        raise _BadRequestError(HTTPStatus.EXPECTATION_FAILED)
    method = request[1].decode()
    wanted = headers.get(b"connection", b"").lower()
    keep_alive = is_11 and wanted != b"close"
    return _Head(method, request[2].decode(), _length(method, headers), keep_alive)


def _length(method: str, headers: dict[bytes, bytes]) -> int:
    text = headers.get(b"content-length")
    if text is None:
        if method in {"POST", "PUT", "PATCH"}:
            raise _BadRequestError(HTTPStatus.LENGTH_REQUIRED)
        return 0
    if _LENGTH.fullmatch(text) is None:
        raise _BadRequestError(HTTPStatus.BAD_REQUEST)
    if int(text) > MAX_BODY_BYTES:
        raise _BadRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return int(text)


def _plain(status: HTTPStatus) -> HttpAnswer:
    return HttpAnswer(status, "text/plain; charset=utf-8", f"{status.phrase}\n".encode())
