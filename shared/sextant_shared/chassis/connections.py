"""Bounds connections and the heads of requests, which the HTTP server itself does not.

How many connections there are, in all and from one address; how long and how large a head may be;
how long one may go on sending a body that is answered already. How long it may idle is the server's
own setting, and bodies are bounded further in (`middleware`, `routing`). Without this a stranger
could hold connections and memory with heads that never end.
"""

import asyncio
import ipaddress
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sextant_shared.chassis import headers
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.problems import MEDIA_TYPE, problem_of, status_of

LINGER_S = 2.0  # for an answer to reach who is still sending; a close at once could destroy it
RETRY_AFTER_S = 2
_IPV6_PREFIX = 64  # one customer has at least as many addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What connections may take; times in seconds.

    `uncounted` are addresses without a bound of their own: a balancer, this machine.
    """

    head_timeout_s: float
    max_head_bytes: int
    max_connections: int
    max_per_address: int
    uncounted: frozenset[str] = frozenset()


@dataclass(slots=True)
class Door:
    """Counts the connections of one server, in all and by address."""

    limits: ConnectionLimits
    count: int = 0
    by_address: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> str | None:
        """Count one connection; return why it is refused, None when it may stay."""
        if self.count >= self.limits.max_connections:
            return "too many connections"
        if address in self.limits.uncounted:
            self.count += 1
            return None
        network = network_of(address)
        if self.by_address[network] >= self.limits.max_per_address:
            return "too many connections from this address"
        self.count += 1
        self.by_address[network] += 1
        return None

    def leave(self, address: str) -> None:
        """Count one less."""
        self.count -= 1
        if address in self.limits.uncounted:
            return
        network = network_of(address)
        self.by_address[network] -= 1
        if self.by_address[network] <= 0:
            del self.by_address[network]


def network_of(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address  # a local socket has none
    if isinstance(known, ipaddress.IPv4Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))


def bounded_http(limits: ConnectionLimits) -> type[HttpToolsProtocol]:
    """Return the server's protocol with these limits; all its connections share one door."""
    door = Door(limits)

    class Bounded(BoundedHttp):
        """The protocol of one server."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(door, *args, **options)

    return Bounded


class BoundedHttp(HttpToolsProtocol):
    """The server's HTTP/1.1 protocol, with limits on a head that has not ended yet."""

    def __init__(self, door: Door, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._door = door
        self._address = ""
        self._is_in = False
        self._head_bytes = 0
        self._in_head = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let a connection in and give it its time for a first head, or refuse it."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._address = self.client[0] if self.client else ""
        reason = self._door.enter(self._address)
        if reason is not None:
            self._refuse(PlatformError(Code.UNAVAILABLE, reason, retry_after_s=RETRY_AFTER_S))
            return
        self._is_in = True
        self._start_timer(self._door.limits.head_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let place and timer go with the connection."""
        self._stop_timer()
        if self._is_in:
            self._is_in = False
            self._door.leave(self._address)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """A head ended in time."""
        self._in_head = False
        self._head_bytes = 0
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A body ended: nothing is left to close the connection for."""
        self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Close soon when the answer came before the body ended: nobody reads the rest."""
        super().on_response_complete()
        is_answered = self.cycle.response_complete
        if is_answered and self.cycle.more_body and self._timer is None:
            self._start_timer(LINGER_S)

    def data_received(self, data: bytes) -> None:
        """Count what arrives while a head is open; a whole head in one piece costs nothing."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        limits = self._door.limits
        if self._head_bytes > limits.max_head_bytes:
            self._refuse(
                PlatformError(
                    Code.TOO_LARGE,
                    "the head of the request is too long",
                    expected=f"at most {limits.max_head_bytes} bytes",
                )
            )
        elif self._timer is None:
            self._start_timer(limits.head_timeout_s)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as everything else that is refused."""
        self._refuse(PlatformError(Code.MALFORMED, "not HTTP/1.1", received=msg[:80]))

    def _refuse(self, error: PlatformError) -> None:
        """Answer without the app, and close."""
        body = json.dumps(problem_of(error)).encode()
        lines = [f"HTTP/1.1 {status_of(error.code)} Refused"]
        if error.retry_after_s is not None:
            lines.append(f"Retry-After: {error.retry_after_s}")
        lines += [f"Content-Type: {MEDIA_TYPE}", f"Content-Length: {len(body)}"]
        lines += [*headers.lines(), "Connection: close", "", ""]
        self.transport.write("\r\n".join(lines).encode("ascii") + body)
        self.transport.close()

    def _start_timer(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
