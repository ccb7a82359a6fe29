"""Copies of a log in folders, and a plain web server over one."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from bench.fsck import lay_out, leaves_of
from sextant_client.enrolment import make_trust
from sextant_client.home import Home
from sextant_shared.models.log import LogDiscovery
from sextant_shared.models.party import RegistrarKeys, RegistrarsFile
from tests.support.logs import ORIGIN, log_keys, log_signers
from tests.support.parties import registrar_pairs


@cache
def leaves(size: int, common: int) -> tuple[bytes, ...]:
    """Return the leaves of a history; histories of another `common` part after so many."""
    return (*leaves_of(min(size, common)), *leaves_of(max(0, size - common), first=10**6 + common))


def make_copy(folder: Path, size: int, common: int = 10**6) -> Path:
    """Write a log of `size` entries; what lies in the folder already is grown or overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    lay_out(folder, leaves(size, common), log_signers(), ORIGIN)
    return folder


def fresh_copy(folder: Path, size: int) -> Path:
    """Return a copy that the test may change."""
    return make_copy(folder / f"log-{size}", size)


def make_home(folder: Path, policy: str | None = None) -> Home:
    """Return a home that pins the log of the tests."""
    keys = [RegistrarKeys(name="REG-1", keys=[dict(half.jwk) for half in registrar_pairs(1)[0]])]
    made = make_trust(
        RegistrarsFile(threshold=1, registrars=keys),
        LogDiscovery(origin=ORIGIN, vkeys=list(log_keys().vkeys)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    pinned = made.model_copy(update={"policy": policy})
    (folder / "trust.json").write_text(pinned.model_dump_json())
    return Home(folder)


def flip(path: Path, at: int, bit: int = 0) -> None:
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Serve a folder as any web server does; yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
