"""Calls another service: one long-lived client, tokens shared, few calls with many items.

Responsible for authentication, retries of calls that are safe to repeat, trace context, and for
turning problem documents back into errors. Not responsible for what a failure means.
"""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from opentelemetry.trace import SpanKind

from sextant_shared.chassis.identity import TOKEN_PATH
from sextant_shared.chassis.telemetry import Telemetry, current_traceparent, leave_out_current
from sextant_shared.clock import Clock
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict, read_model
from sextant_shared.protocol.problems import MAX_PROBLEM_BYTES, error_of
from sextant_shared.protocol.tokens import make_dpop_proof, make_token_request

# Longer than the 5 s after which a resolver asks its second server: a dead first one only slows.
CONNECT_TIMEOUT_S = 6.0
DEFAULT_TIMEOUT_S = 30.0
MAX_CONNECTIONS = 8  # httpx's pool costs milliseconds a call when many are in flight
MAX_ATTEMPTS = 4
BACKOFF_S = 0.2
MAX_RETRY_AFTER_S = 30  # who is told to wait longer tells its own caller
TOKEN_MARGIN_S = 30  # refresh before the token can expire on the way
MAX_TOKEN_ANSWER_BYTES = 8192
_RETRIED = (Code.UNAVAILABLE, Code.RATE)


class TokenAnswer(Strict):
    """What a token endpoint answers (RFC 6749 §5.1)."""

    access_token: str
    token_type: str = ""
    expires_in: int


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
        tls: ssl.SSLContext | None = None,
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
            verify=True if tls is None else tls,
            limits=limits,
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
            trust_env=False,
        )
        self._token = ""
        self._token_expires = 0.0
        self._token_lock = asyncio.Lock()

    def renew(self, signer: Signer) -> None:
        """Use another access key from now on; a token is bound to the key that fetched it."""
        if signer.kid != self._signer.kid:
            self._signer = signer
            self._token_expires = 0.0

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

        `repeatable` calls are tried again, with jitter, while the service is unavailable: pass
        False unless the same request twice has the effect of one.

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
                wait_s = error.retry_after_s or 0
                is_over = attempt == MAX_ATTEMPTS or wait_s > MAX_RETRY_AFTER_S
                if not repeatable or error.code not in _RETRIED or is_over:
                    raise
                jitter = random.uniform(0.5, 1)  # noqa: S311 -- spreads callers, guards nothing
                await asyncio.sleep(wait_s + BACKOFF_S * 2**attempt * jitter)
        raise PlatformError(Code.UNAVAILABLE, f"{self._base_url} does not answer")

    async def poll(
        self, path: str, *, json: Any, timeout_s: float, is_idle: Callable[[httpx.Response], bool]
    ) -> httpx.Response:
        """Return a successful answer to a POST that waits for news; it is made once.

        The span of one that `is_idle`, which brought none, is sent nowhere.

        Raises:
            PlatformError: as `request`.
        """
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        return await self._once("POST", path, {}, {"json": json, "timeout": timeout}, is_idle)

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, *, params: Mapping[str, str | int] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """Yield a successful answer whose body is read piece by piece.

        Raises:
            PlatformError: as `request`; nothing is repeated.
        """
        with self._span(method, path):
            headers = await self._headers(method, path)
            try:
                async with self._http.stream(
                    method, f"{self._base_url}{path}", params=params, headers=headers
                ) as response:
                    if not response.is_success:
                        raise self._refusal(response, await _start_of(response), headers)
                    yield response
            except httpx.RequestError as error:
                raise self._unreachable(error) from error

    async def _once(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        options: dict[str, Any],
        is_idle: Callable[[httpx.Response], bool] = lambda _: False,
    ) -> httpx.Response:
        with self._span(method, path):
            for is_last in (False, True):
                sent = {**headers, **await self._headers(method, path)}
                response = await self._send(method, path, sent, options)
                if response.is_success:
                    if is_idle(response):
                        leave_out_current()
                    return response
                error = self._refusal(response, response.content, sent)
                if error.code is not Code.AUTH or is_last:
                    raise error
        raise PlatformError(Code.AUTH, "no access")

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], options: dict[str, Any]
    ) -> httpx.Response:
        given = {name: value for name, value in options.items() if value is not None}
        try:
            return await self._http.request(
                method, f"{self._base_url}{path}", headers=headers, **given
            )
        except httpx.RequestError as error:
            raise self._unreachable(error) from error

    def _refusal(
        self, response: httpx.Response, body: bytes, sent: Mapping[str, str]
    ) -> PlatformError:
        error = _error(response, body)
        # Only the token that was refused: another caller may have fetched a fresh one meanwhile.
        if error.code is Code.AUTH and sent["Authorization"] == f"DPoP {self._token}":
            self._token_expires = 0.0  # revoked, or the service restarted
        return error

    def _span(self, method: str, path: str) -> Any:
        route = "/".join(path.partition("?")[0].split("/")[:3])  # no ids in a span's name
        return self._telemetry.span(
            f"{method} {route}", kind=SpanKind.CLIENT, attributes={"http.request.method": method}
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
            now = self._clock()
            if now + TOKEN_MARGIN_S >= self._token_expires:
                answer = await self._fetch_token(now)
                self._token = answer.access_token
                self._token_expires = now + answer.expires_in
            return self._token

    async def _fetch_token(self, now: float) -> TokenAnswer:
        url = f"{self._base_url}{TOKEN_PATH}"
        form, proof = make_token_request(self._client_id, self._base_url, url, self._signer, now)
        try:
            response = await self._http.post(url, data=form, headers={"DPoP": proof})
        except httpx.RequestError as error:
            raise self._unreachable(error) from error
        if not response.is_success:
            raise _error(response, response.content)
        return read_model(
            TokenAnswer, parse_json(response.content, max_bytes=MAX_TOKEN_ANSWER_BYTES)
        )

    def _unreachable(self, error: httpx.RequestError) -> PlatformError:
        return PlatformError(
            Code.UNAVAILABLE, f"{self._base_url} does not answer: {type(error).__name__}"
        )


async def _start_of(response: httpx.Response) -> bytes:
    """Return a refusal's body, or its beginning: a refusal is never longer than a problem."""
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MAX_PROBLEM_BYTES:
            break
    return body


def _error(response: httpx.Response, body: bytes) -> PlatformError:
    retry_after = response.headers.get("retry-after", "")
    seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
    return error_of(response.status_code, body, seconds)
