"""Where spans are kept: files and folders, or a back end that is asked over HTTP.

A source is a text: a path, or an address with the back end's name before it, as in
`jaeger+http://127.0.0.1:16686`, `tempo+https://traces.example`, `phoenix+http://127.0.0.1:6006#default`
(the part after `#` is Phoenix's project).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from sextant_client.traces.formats import read_spans
from sextant_client.traces.spans import ENVELOPE_ID, Span, Wanted
from sextant_shared.clock import Clock, system_clock
from sextant_shared.errors import Code, PlatformError

MAX_BYTES = 256 << 20  # of one file or answer
SUFFIXES = (".jsonl", ".json")
TIMEOUT_S = 20.0
SERVICES = ("exchange", "declarations")  # those that name an envelope in a span
PAGE = 1000
MAX_PAGES = 100
_DAY_S = 86_400
_FORMS = "a file, a folder, or jaeger+http://…, tempo+http://…, phoenix+http://…"


class Source(Protocol):
    """Where spans are kept."""

    def spans(self, wanted: Wanted) -> list[Span]:
        """Return the spans of what is wanted, and perhaps others.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_UNAVAILABLE`, `E_MALFORMED`, `E_TOO_LARGE`.
        """
        ...


@dataclass(frozen=True)
class Files:
    """A file of spans, or a folder whose `.jsonl` and `.json` files all are, also one deeper."""

    path: Path

    def spans(self, wanted: Wanted) -> list[Span]:  # noqa: ARG002 -- a file is read whole
        """Return all spans."""
        return [span for path in self._paths() for span in read_spans(_bytes(path), str(path))]

    def _paths(self) -> list[Path]:
        if self.path.is_dir():
            within = (path for depth in ("*", "*/*") for path in self.path.glob(depth))
            found = sorted(p for p in within if p.suffix in SUFFIXES and p.is_file())
        else:
            found = [self.path] if self.path.exists() else []
        if not found:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no file of spans at {self.path}",
                expected=_FORMS,
                fix="Name what the services write: TRACE_FILE, or the file of your collector.",
            )
        return found


@dataclass(frozen=True)
class Jaeger:
    """Jaeger's query service, by the JSON that its own page uses."""

    http: "Http"
    clock: Clock = system_clock

    def spans(self, wanted: Wanted) -> list[Span]:
        """Ask for a trace by its id, or for traces by the envelope's attribute."""
        if wanted.trace:
            return self.http.spans(f"/api/traces/{wanted.trace}", {})
        found = []
        since, until = _window(wanted, self.clock)
        for service in SERVICES:
            asked = {
                "service": service,
                "tags": json.dumps({ENVELOPE_ID: wanted.envelope}),
                "start": str(since * 1_000_000),
                "end": str(until * 1_000_000),
                "limit": "20",
            }
            found += self.http.spans("/api/traces", asked)
        return found


@dataclass(frozen=True)
class Tempo:
    """Grafana Tempo's query front end."""

    http: "Http"
    clock: Clock = system_clock

    def spans(self, wanted: Wanted) -> list[Span]:
        """Ask for a trace by its id, after a search by TraceQL for those of an envelope."""
        traces = [wanted.trace] if wanted.trace else self._search(wanted)
        return [span for trace in traces for span in self.http.spans(f"/api/traces/{trace}", {})]

    def _search(self, wanted: Wanted) -> list[str]:
        since, until = _window(wanted, self.clock)
        query = f'{{ span.{ENVELOPE_ID} = "{wanted.envelope}" }}'
        asked = {"q": query, "start": str(since), "end": str(until), "limit": "20"}
        answer = self.http.json("/api/search", asked)
        found = answer.get("traces") or ()
        return [str(one["traceID"]).zfill(32) for one in found if one.get("traceID")]


@dataclass(frozen=True)
class Phoenix:
    """Arize Phoenix, which keeps traces beside what else it is for."""

    http: "Http"
    project: str = "default"

    def spans(self, wanted: Wanted) -> list[Span]:
        """Ask for spans by their trace, after a search for those of an envelope."""
        if wanted.trace:
            return list(self._pages({"trace_id": wanted.trace}))
        attribute = f"{ENVELOPE_ID}:{json.dumps(wanted.envelope)}"
        traces = sorted({span.trace for span in self._pages({"attribute": attribute})})
        return [span for trace in traces for span in self._pages({"trace_id": trace})]

    def _pages(self, asked: Mapping[str, str]) -> Iterator[Span]:
        cursor: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            path = f"/v1/projects/{self.project}/spans"
            answer = self.http.json(path, {**asked, **cursor, "limit": str(PAGE)})
            if not answer:
                return
            yield from read_spans(json.dumps(answer).encode(), f"{self.http.base}{path}")
            following = answer.get("next_cursor")
            if not following:
                return
            cursor = {"cursor": str(following)}


@dataclass(frozen=True)
class Http:
    """A back end over HTTP: bounded answers, no redirects, no proxies of the environment."""

    base: str
    transport: httpx.BaseTransport | None = None

    def spans(self, path: str, asked: Mapping[str, str]) -> list[Span]:
        """Return the spans of an answer; 404 is none."""
        data = self._get(path, asked)
        return read_spans(data, f"{self.base}{path}") if data else []

    def json(self, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """Return an answer that is an object; 404 is an empty one."""
        data = self._get(path, asked)
        try:
            answer = json.loads(data or b"{}")
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise PlatformError(Code.MALFORMED, f"{self.base}{path} answered no JSON object")
        return answer

    def _get(self, path: str, asked: Mapping[str, str]) -> bytes:
        client = httpx.Client(transport=self.transport, timeout=TIMEOUT_S, trust_env=False)
        headers = {"Accept": "application/json"}
        try:
            with (
                client,
                client.stream(
                    "GET", f"{self.base}{path}", params=dict(asked), headers=headers
                ) as answer,
            ):
                return self._body(path, answer)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise PlatformError(
                Code.UNAVAILABLE,
                f"{self.base} does not answer: {type(error).__name__}",
                fix="Is the back end up, and is this its query address?",
            ) from error

    def _body(self, path: str, answer: httpx.Response) -> bytes:
        if answer.status_code == httpx.codes.NOT_FOUND:
            return b""
        if answer.status_code != httpx.codes.OK:
            raise PlatformError(
                Code.UNAVAILABLE,
                f"{self.base}{path} answered {answer.status_code}",
                expected="200 or 404",
            )
        body = bytearray()
        for piece in answer.iter_bytes():
            body += piece
            _refuse_beyond(len(body), f"{self.base}{path}")
        return bytes(body)


_KINDS: Mapping[str, Callable[[Http], Source]] = {
    "jaeger": Jaeger,
    "tempo": Tempo,
    "phoenix": Phoenix,
}


def source_of(text: str, transport: httpx.BaseTransport | None = None) -> Source:
    """Return the source that a text names.

    Raises:
        PlatformError: `E_MALFORMED`, for an address that says no back end.
    """
    if "://" not in text:
        return Files(Path(text).expanduser())
    scheme, _, rest = text.partition("://")
    kind, _, plain = scheme.partition("+")
    if kind not in _KINDS or plain not in {"http", "https"}:
        raise PlatformError(
            Code.MALFORMED,
            f"{scheme}:// says no back end that is known here",
            expected=_FORMS,
            received=text,
        )
    place, _, project = rest.partition("#")
    http = Http(f"{plain}://{place.rstrip('/')}", transport)
    if kind == "phoenix" and project:
        return Phoenix(http, project)
    return _KINDS[kind](http)


def _window(wanted: Wanted, clock: Clock) -> tuple[int, int]:
    """Return from when to when an envelope can occur, in seconds: its id holds its beginning."""
    sealed = int(wanted.envelope.replace("-", "")[:12], 16) // 1000
    return sealed - _DAY_S, int(clock()) + 60


def _bytes(path: Path) -> bytes:
    try:
        _refuse_beyond(path.stat().st_size, str(path))
        return path.read_bytes()
    except OSError as error:
        raise PlatformError(Code.NOT_FOUND, f"{path} does not open: {error.strerror}") from error


def _refuse_beyond(size: int, place: str) -> None:
    if size > MAX_BYTES:
        raise PlatformError(
            Code.TOO_LARGE, f"{place} is too long to be read", expected=f"at most {MAX_BYTES} bytes"
        )
