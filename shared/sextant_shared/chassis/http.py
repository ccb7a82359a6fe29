"""Calls another service: one long-lived client, tokens shared, few calls with many items.

Responsible for authentication, retries of calls that are safe to repeat, trace context, and for
turning problem documents back into errors. Not responsible for what a failure means.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from opentelemetry.trace import SpanKind

from sextant_shared.chassis.identity import TOKEN_PATH
from sextant_shared.chassis.telemetry import Telemetry, current_traceparent
from sextant_shared.clock import Clock
from sextant_shared.crypto.signing import Signer
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.problems import error_of
from sextant_shared.protocol.tokens import make_dpop_proof, make_token_request

CONNECT_TIMEOUT_S = 3.0
DEFAULT_TIMEOUT_S = 30.0
MAX_CONNECTIONS = 8  # httpx's pool costs milliseconds a call when many are in flight
MAX_ATTEMPTS = 4
BACKOFF_S = 0.2
TOKEN_MARGIN_S = 30  # refresh before the token can expire on the way
_RETRIED = (Code.UNAVAILABLE, Code.RATE)


class ServiceClient:
    """An authenticated client of one service."""

    def __init__(
        self,
        base_url: str,
        *,
        client_id: str,
        signer: Signer,
        clock: Clock,
        telemetry: Telemetry | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._client_id = client_id
        self._signer = signer
        self._clock = clock
        self._telemetry = telemetry or Telemetry("client")
        limits = httpx.Limits(
            max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS
        )
        self._http = httpx.AsyncClient(
            transport=transport,
            limits=limits,
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
            trust_env=False,
        )
        self._token = ""
        self._token_expires = 0.0
        self._token_lock = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
        timeout_s: float | None = None,
    ) -> httpx.Response:
        """Return a successful answer.

        `repeatable` calls are tried again, with jitter, while the service is unavailable.

        Raises:
            PlatformError: what the problem document names; `E_UNAVAILABLE` when nobody answers.
        """
        options: dict[str, Any] = {"params": params, "json": json, "content": content}
        if timeout_s is not None:
            options["timeout"] = httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                return await self._once(method, path, headers or {}, options)
            except PlatformError as error:
                if not repeatable or error.code not in _RETRIED or attempt == MAX_ATTEMPTS:
                    raise
                backoff = BACKOFF_S * 2**attempt * random.uniform(0.5, 1)  # noqa: S311 -- jitter
                await asyncio.sleep(max(backoff, error.retry_after_s or 0))
        raise PlatformError(Code.UNAVAILABLE, f"{self._base_url} does not answer")

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, *, params: Mapping[str, str | int] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """Yield a successful answer whose body is read piece by piece.

        Raises:
            PlatformError: as `request`; nothing is repeated.
        """
        with self._span(method, path):
            try:
                headers = await self._headers(method, path)
                async with self._http.stream(
                    method, f"{self._base_url}{path}", params=params, headers=headers
                ) as response:
                    if response.is_error:
                        await response.aread()
                        raise _error(response)
                    yield response
            except httpx.TransportError as error:
                raise self._unreachable(error) from error

    async def _once(
        self, method: str, path: str, headers: Mapping[str, str], options: dict[str, Any]
    ) -> httpx.Response:
        with self._span(method, path):
            for is_last in (False, True):
                sent = {**headers, **await self._headers(method, path)}
                response = await self._send(method, path, sent, options)
                if response.is_success:
                    return response
                error = _error(response)
                if error.code is not Code.AUTH or is_last:
                    raise error
                self._token_expires = 0.0  # revoked, or the service restarted: ask once more
        raise PlatformError(Code.AUTH, "no access")

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], options: dict[str, Any]
    ) -> httpx.Response:
        given = {name: value for name, value in options.items() if value is not None}
        try:
            return await self._http.request(
                method, f"{self._base_url}{path}", headers=headers, **given
            )
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _span(self, method: str, path: str) -> Any:
        name = f"{method} {path.split('?', maxsplit=1)[0].split('/')[1]}"
        return self._telemetry.span(
            name, kind=SpanKind.CLIENT, attributes={"http.request.method": method}
        )

    async def _headers(self, method: str, path: str) -> dict[str, str]:
        token = await self._access_token()
        url = f"{self._base_url}{path}"
        proof = make_dpop_proof(method, url, self._signer, self._clock(), token)
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        if traceparent := current_traceparent():
            headers["traceparent"] = traceparent
        return headers

    async def _access_token(self) -> str:
        async with self._token_lock:
            if self._clock() + TOKEN_MARGIN_S < self._token_expires:
                return self._token
            now = self._clock()
            url = f"{self._base_url}{TOKEN_PATH}"
            form, proof = make_token_request(
                self._client_id, self._base_url, url, self._signer, now
            )
            try:
                response = await self._http.post(url, data=form, headers={"DPoP": proof})
            except httpx.TransportError as error:
                raise self._unreachable(error) from error
            if response.is_error:
                raise _error(response)
            answer = response.json()
            self._token = str(answer["access_token"])
            self._token_expires = now + float(answer["expires_in"])
            return self._token

    def _unreachable(self, error: httpx.TransportError) -> PlatformError:
        return PlatformError(
            Code.UNAVAILABLE, f"{self._base_url} does not answer: {type(error).__name__}"
        )


def _error(response: httpx.Response) -> PlatformError:
    retry_after = response.headers.get("retry-after", "")
    seconds = int(retry_after) if retry_after.isdigit() else None
    return error_of(response.status_code, response.content, seconds)
