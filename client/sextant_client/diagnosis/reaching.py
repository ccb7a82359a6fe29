"""Reaches a service without credentials, and says in plain words why it cannot be reached."""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping

import httpx

from sextant_shared.errors import Code, PlatformError

TIMEOUT_S = 5.0
_REASONS: tuple[tuple[type[BaseException], str, str], ...] = (
    (
        ssl.SSLCertVerificationError,
        "the certificate does not verify",
        "Check the address and this machine's clock and certificates; never go around it.",
    ),
    (
        ssl.SSLError,
        "no TLS there",
        "Check https or http and the port; a proxy between may break TLS.",
    ),
    (
        socket.gaierror,
        "the name is not known (DNS)",
        "Check the spelling in config.json, and that this machine resolves names.",
    ),
    (
        ConnectionRefusedError,
        "the machine answers, but nothing listens on that port",
        "Check the port; ask the operator whether the service runs.",
    ),
    (
        httpx.ConnectTimeout,
        f"no connection within {TIMEOUT_S:g} s",
        "Check the network: a firewall may drop what goes to that address.",
    ),
    (
        httpx.TimeoutException,
        f"connected, but no answer within {TIMEOUT_S:g} s",
        "Ask the operator.",
    ),
)
"""Whatever stands first among the causes of a failure, with what to look at."""
Ask = Callable[[str, Mapping[str, str]], httpx.Response]
"""Fetches an address with these headers; raises `httpx.TransportError`."""


def ask_network(
    url: str, headers: Mapping[str, str], tls: ssl.SSLContext | None = None
) -> httpx.Response:
    """Fetch an address over the network."""
    verify = True if tls is None else tls
    return httpx.get(url, headers=headers, timeout=TIMEOUT_S, trust_env=False, verify=verify)


def reach(ask: Ask, url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Return what is answered at `url`, whatever it is.

    Raises:
        PlatformError: `E_UNAVAILABLE` with the reason and what to look at; `E_MALFORMED` for an
            address that is none.
    """
    try:
        return ask(url, headers or {})
    except httpx.TransportError as error:
        detail, fix = _words(url, error)
        raise PlatformError(Code.UNAVAILABLE, detail, fix=fix) from error
    except (httpx.InvalidURL, ValueError) as error:
        raise PlatformError(
            Code.MALFORMED,
            f"{url} is no address",
            fix="Correct it in config.json, or run: sextant init.",
        ) from error


def _words(url: str, error: httpx.TransportError) -> tuple[str, str]:
    """Return what failed on the way to a service, and what to look at."""
    causes = list(_causes(error))
    for kind, detail, fix in _REASONS:
        for cause in causes:
            if isinstance(cause, kind):
                said = getattr(cause, "verify_message", "") or getattr(cause, "reason", "")
                return f"{url}: {detail}{f' ({said})' if said else ''}", fix
    return f"{url} does not answer ({type(error).__name__})", "Check address and network."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
