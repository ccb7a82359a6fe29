"""Waits on this machine for a browser that a sign-in provider sends back (RFC 8252 §7.3).

Responsible for listening on 127.0.0.1 at a free port, for one answer that carries the right
`state`, and for a page that says how it went. Not responsible for what the answer is good for
(`people`). Anybody on the machine may call the port: what does not carry the state is told so, and
waiting goes on. The code itself is of no use without the verifier, which never leaves this process.
"""

import hmac
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from sextant_shared.encoding import b64, sha256
from sextant_shared.errors import Code, PlatformError

PATH = "/signed-in"
SLOW_S = 5.0  # until a connection that says nothing is given up
_STYLE = "body{font:18px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:32rem}"
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64(sha256(_STYLE.encode()))}'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    "<style>{style}</style>"
    "<h1>{title}</h1><p>{text}</p></html>"
)


class Loopback:
    """Listens from the beginning of the `with` block, so that no answer can come too early."""

    def __init__(self, state: str) -> None:
        self._state = state
        self._answer: dict[str, str] = {}
        self._server = HTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends the browser."""
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def __enter__(self) -> Self:
        """Return itself; it listens already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        self._server.server_close()

    def wait(self, seconds: float) -> Mapping[str, str]:
        """Return the members of the provider's answer.

        Raises:
            PlatformError: `E_AUTH` when none came in time.
        """
        deadline = time.monotonic() + seconds
        while not self._answer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise PlatformError(
                    Code.AUTH,
                    f"nobody signed in within {seconds:.0f} s",
                    fix="Run it again, and sign in in the browser it opens.",
                )
            self._server.timeout = left
            self._server.handle_request()
        return self._answer

    def take(self, target: str) -> tuple[HTTPStatus, str, str]:
        """Take one request of a browser; return status, title and text of the page it gets."""
        parts = urlsplit(target)
        if parts.path != PATH:
            return HTTPStatus.NOT_FOUND, "Nothing is here", "This address is for one sign-in."
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        said = dict(pairs)
        fits = hmac.compare_digest(said.get("state", "").encode(), self._state.encode())
        if not fits or len(said) != len(pairs):
            text = "This is no answer to the sign-in that the command waits for."
            return HTTPStatus.BAD_REQUEST, "Not taken", text
        self._answer = said
        if "error" in said:
            text = "The provider did not sign you in. The command says why."
            return HTTPStatus.OK, "Not signed in", text
        text = "The command goes on. This window can be closed."
        return HTTPStatus.OK, "Thank you", text

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self.take

        class Handler(BaseHTTPRequestHandler):
            timeout = SLOW_S

            def do_GET(self) -> None:
                status, title, text = take(self.path)
                page = _PAGE.format(title=title, text=text, style=_STYLE).encode()
                self.send_response(status)
                for name, value in {
                    "Content-Type": "text/html; charset=utf-8",
                    "Content-Length": str(len(page)),
                    "Cache-Control": "no-store",
                    "Content-Security-Policy": _POLICY,
                    "Referrer-Policy": "no-referrer",
                    "Connection": "close",
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_: object) -> None:
                """Say nothing: a log line would hold the code."""

        return Handler
