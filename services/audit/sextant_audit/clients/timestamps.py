"""Asks a time-stamping authority over HTTP (RFC 3161, 3.4), bounded in time and size.

Not responsible for what it says (`sextant_shared.protocol.timestamps`).
"""

import asyncio

import httpx
from opentelemetry.trace import SpanKind

from sextant_shared.chassis.telemetry import WITNESS_STATUS, Telemetry
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.timestamps import MAX_REPLY_BYTES, QUERY_TYPE, REPLY_TYPE

OK = 200


class HttpAuthority:
    """One authority at one address; a connection for each question, for it is asked once a day."""

    def __init__(
        self,
        telemetry: Telemetry,
        url: str,
        timeout_s: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._telemetry = telemetry
        self._url = url
        self._timeout_s = timeout_s
        self._transport = transport

    async def ask(self, query: bytes) -> bytes:
        """Return the reply to a query.

        Raises:
            PlatformError: `E_UNAVAILABLE` when none comes in time, or something else does.
        """
        with self._telemetry.span("audit.timestamp", kind=SpanKind.CLIENT) as span:
            try:
                async with asyncio.timeout(self._timeout_s):
                    status, kind, data = await self._post(query)
            except TimeoutError as error:
                raise _unavailable(f"does not answer within {self._timeout_s:g} s") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _unavailable(f"does not answer ({type(error).__name__})") from error
            span.set_attribute(WITNESS_STATUS, status)
            if status != OK or kind != REPLY_TYPE:
                raise _unavailable(f"answers {status} {kind}".rstrip())
            return data

    async def _post(self, query: bytes) -> tuple[int, str, bytes]:
        async with (
            httpx.AsyncClient(
                transport=self._transport,
                timeout=self._timeout_s,
                trust_env=False,
                follow_redirects=False,
            ) as http,
            http.stream(
                "POST", self._url, content=query, headers={"Content-Type": QUERY_TYPE}
            ) as response,
        ):
            data = b""
            async for block in response.aiter_bytes():
                data += block
                if len(data) > MAX_REPLY_BYTES:
                    raise _unavailable("answers without end")
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        return response.status_code, kind, data


def _unavailable(detail: str) -> PlatformError:
    return PlatformError(Code.UNAVAILABLE, f"the time-stamping authority {detail}")
