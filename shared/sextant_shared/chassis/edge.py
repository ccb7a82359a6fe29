"""Believes an edge that stands before the service, and nobody else, about who called.

Responsible for two things that only the edge can know: the caller's address, by which strangers are
counted, and the certificate the caller showed in TLS (RFC 9440), to which access tokens are bound
(RFC 8705 §3). Not responsible for letting anybody in: a certificate opens nothing.

Rules:

* Only from an address in `TRUSTED_PROXIES` are these headers read. From everywhere else they are
  letters on an envelope: nothing in a service looks at them.
* The edge writes them anew. Several of one kind mean that it passed a caller's own on: refused.
"""

import ipaddress
from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from sextant_shared.chassis.problems import problem_response
from sextant_shared.encoding import b64_decode, b64u, sha256
from sextant_shared.errors import Code, PlatformError

_ADDRESS = b"x-forwarded-for"
_CERTIFICATE = b"client-cert"
_THUMBPRINT = "sextant.client_certificate"
_FIX = "Let the edge overwrite the header, never append to it: docs/edge.md."


class EdgeGate:
    """Takes address and certificate of a caller from a trusted edge."""

    def __init__(self, app: ASGIApp, *, trusted: Collection[str]) -> None:
        self._app = app
        self._trusted = frozenset(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note what the edge says, then pass on."""
        if scope["type"] == "http" and (scope.get("client") or ("",))[0] in self._trusted:
            try:
                _believe(scope)
            except PlatformError as error:
                await problem_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def certificate_of(scope: Scope) -> str:
    """Return the thumbprint (`x5t#S256`) of the caller's certificate, empty without one."""
    return str(scope.get(_THUMBPRINT, ""))


def _believe(scope: Scope) -> None:
    address, certificate = _only(scope, _ADDRESS), _only(scope, _CERTIFICATE)
    if address:
        try:
            scope["client"] = (str(ipaddress.ip_address(address)), 0)
        except ValueError as error:
            raise PlatformError(
                Code.MALFORMED,
                "the edge does not name one caller",
                expected="X-Forwarded-For: <address>",
                received=address[:80],
                fix=_FIX,
            ) from error
    if certificate:
        scope[_THUMBPRINT] = b64u(sha256(_der(certificate)))


def _only(scope: Scope, name: bytes) -> str:
    values = [value for header, value in scope["headers"] if header == name]
    if len(values) > 1:
        raise PlatformError(
            Code.MALFORMED,
            f"the edge hands {name.decode()} on {len(values)} times",
            expected="once",
            fix=_FIX,
        )
    return values[0].decode("latin-1").strip() if values else ""


def _der(value: str) -> bytes:
    """Return the bytes of a byte sequence (RFC 9651 §3.3.5)."""
    inner = value[1:-1]
    if len(value) < len("::") or f":{inner}:" != value:
        raise PlatformError(
            Code.MALFORMED,
            "the edge's Client-Cert is no byte sequence",
            expected=":base64 of the certificate: (RFC 9440)",
            received=value[:40],
        )
    return b64_decode(inner)
