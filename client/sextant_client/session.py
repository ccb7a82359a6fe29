"""One service over HTTP: access tokens, proofs, safe retries, problem documents as errors."""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from sextant_client.clocks import with_offset
from sextant_client.home import Config
from sextant_client.retrying import MAX_ATTEMPTS, given_up, pause_before
from sextant_client.tracing import Tracer
from sextant_shared.clock import Clock, system_clock
from sextant_shared.crypto.signing import Signer
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.channel import open_channel
from sextant_shared.protocol.problems import error_of
from sextant_shared.protocol.scenarios import Scenario
from sextant_shared.protocol.tokens import make_dpop_proof, make_token_request

TOKEN_PATH = "/oauth/token"  # noqa: S105 -- a path
TIMEOUT_S = 90.0  # longer than the longest long-poll
CONNECT_TIMEOUT_S = 6.0  # a resolver asks its second server after 5 s
BACKOFF_S = 0.3
BACKOFF_CAP_S = 15.0
TOKEN_MARGIN_S = 30

Body = Callable[[], Iterator[bytes]]
"""Gives a body from its beginning, as often as it is sent; its length stands in the headers."""


def channel_of(config: Config) -> ssl.SSLContext | None:
    """Return how services are connected to, by the files that their operator gave.

    Raises:
        PlatformError: `E_KEY` for a file that does not load.
    """
    names = (config.ca_file, config.certificate_file)
    return open_channel(*(Path(name) if name else None for name in names))


def transport_of(config: Config) -> httpx.BaseTransport | None:
    """Return what carries requests there, None for the usual.

    Raises:
        PlatformError: as `channel_of`.
    """
    tls = channel_of(config)
    return httpx.HTTPTransport(verify=tls, trust_env=False) if tls else None


class Session:
    """An authenticated session; every request carries a fresh proof, also when repeated.

    With `bearer`, what gives the token of a person who signed in, no proof is made.
    """

    def __init__(
        self,
        base_url: str,
        *,
        client_id: str,
        signer: Signer | None,
        bearer: Callable[[], str] | None = None,
        clock: Clock = system_clock,
        tracer: Tracer | None = None,
        transport: httpx.BaseTransport | None = None,
        scenario: Scenario | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._client_id = client_id
        self.scenario = scenario
        self._signer = signer
        self._bearer = bearer
        self._clock = clock
        self._tracer = tracer or Tracer()
        self._http = httpx.Client(
            transport=transport,
            timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            trust_env=False,
        )
        self._token = ""
        self._token_expires = 0.0

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        content: bytes | Body | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> httpx.Response:
        """Return a successful answer; while the service is unavailable, try again with jitter.

        A `Body` needs a Content-Length among the headers.

        Raises:
            PlatformError: what the problem document names, `E_UNAVAILABLE` when nobody answers.
        """
        options = {"params": params, "json": json, "content": content}
        given = {name: value for name, value in options.items() if value is not None}
        sent = {**(headers or {}), **({"Content-Type": content_type} if content_type else {})}
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                return self._once(method, path, sent, given)
            except PlatformError as error:
                if not repeatable:
                    raise
                pause = pause_before(attempt, error, step_s=BACKOFF_S, cap_s=BACKOFF_CAP_S)
                if pause is None:
                    raise given_up(attempt, error) from error
                time.sleep(pause)
        raise PlatformError(Code.UNAVAILABLE, f"{self.base_url} does not answer")

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        params: Mapping[str, int] | None = None,
        accept: str = "*/*",
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[httpx.Response]:
        """Yield a successful answer to a GET whose body is read piece by piece.

        Raises:
            PlatformError: as `request`; nothing is repeated.
        """
        with self._tracer.span(f"GET {_route(path)}"):
            try:
                sent = {**self._headers("GET", path), "Accept": accept, **(headers or {})}
                with self._http.stream(
                    "GET", f"{self.base_url}{path}", headers=sent, params=params
                ) as response:
                    if response.is_error:
                        response.read()
                        if response.status_code == httpx.codes.UNAUTHORIZED:
                            self._token_expires = 0.0
                        raise self._error(response)
                    yield response
            except httpx.TransportError as error:
                raise self._unreachable(error) from error

    def _once(
        self, method: str, path: str, headers: Mapping[str, str], options: dict[str, Any]
    ) -> httpx.Response:
        with self._tracer.span(f"{method} {_route(path)}"):
            for is_last in (False, True):
                sent = {**headers, **self._headers(method, path)}
                try:
                    response = self._http.request(
                        method, f"{self.base_url}{path}", headers=sent, **_fresh(options)
                    )
                except httpx.TransportError as error:
                    raise self._unreachable(error) from error
                if response.is_success:
                    return response
                error_received = self._error(response)
                if error_received.code is not Code.AUTH or is_last or self._signer is None:
                    raise error_received
                self._token_expires = 0.0  # the token died, or the service restarted: once more
                time.sleep(1.0)  # a service that just started refuses proofs older than itself
        raise PlatformError(Code.AUTH, "no access")

    def _headers(self, method: str, path: str) -> dict[str, str]:
        headers = {"traceparent": self._tracer.traceparent()}
        if self._bearer is not None:
            headers["Authorization"] = f"Bearer {self._bearer()}"
        elif self._signer is not None:
            token = self._access_token(self._signer)
            url = f"{self.base_url}{path}"
            proof = make_dpop_proof(method, url, self._signer, self._clock(), token)
            headers |= {"Authorization": f"DPoP {token}", "DPoP": proof}
        return headers

    def log_in(self) -> float:
        """Get an access token now and return how many seconds it lasts; 0 where none is needed.

        Raises:
            PlatformError: what the service refuses it with, `E_UNAVAILABLE`.
        """
        if self._signer is None:
            return 0.0
        self._token_expires = 0.0
        self._access_token(self._signer)
        return self._token_expires - self._clock()

    def _access_token(self, signer: Signer) -> str:
        now = self._clock()
        if now + TOKEN_MARGIN_S < self._token_expires:
            return self._token
        url = f"{self.base_url}{TOKEN_PATH}"
        form, proof = make_token_request(self._client_id, self.base_url, url, signer, now)
        try:
            response = self._http.post(url, data=form, headers={"DPoP": proof})
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if response.is_error:
            raise self._error(response)
        answer = response.json()
        self._token = str(answer["access_token"])
        self._token_expires = now + float(answer["expires_in"])
        return self._token

    def _error(self, response: httpx.Response) -> PlatformError:
        retry_after = response.headers.get("retry-after", "")
        seconds = int(retry_after) if retry_after.isdigit() else None
        error = error_of(response.status_code, response.content, seconds)
        return with_offset(error, response, self._clock())

    def _unreachable(self, error: httpx.TransportError) -> PlatformError:
        return PlatformError(
            Code.UNAVAILABLE,
            f"{self.base_url} does not answer ({type(error).__name__})",
            fix="Check the address and the network; nothing is lost, run the command again.",
        )


def _fresh(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of one try: a body from a function begins anew."""
    content = options.get("content")
    return {**options, "content": content()} if callable(content) else options


def _route(path: str) -> str:
    """Return a span name without ids: the first two parts of the path."""
    return "/".join(path.partition("?")[0].split("/")[:3])
