"""A small time-stamping authority: certificates made on the spot, replies by `openssl ts`."""

import atexit
import datetime as dt
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from shutil import rmtree, which
from tempfile import mkdtemp

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sextant_shared.clock import system_clock
from tests.support.vectors import IN_CI

DAY = dt.timedelta(days=1)
_CONFIG = """
[tsa]
default_tsa = it
[it]
dir = {folder}
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
{certs}signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    purpose: x509.ObjectIdentifier | None,
    until: dt.datetime,
) -> x509.Certificate:
    made = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - 3000 * DAY)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
    )
    if purpose is not None:
        made = made.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return made.sign(issuer_key, SHA256())


def made_folder() -> Path:
    """Return a folder that goes when the process ends."""
    folder = mkdtemp(prefix="sextant-tsa-")
    atexit.register(rmtree, folder, ignore_errors=True)
    return Path(folder)


@dataclass
class Authority:
    """A time-stamping authority in a folder; a test may give it another purpose or age."""

    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING
    expired: bool = False
    subject: str = "tsa.example"
    sends_chain: bool = False
    folder: Path = field(default_factory=made_folder)

    def __post_init__(self) -> None:
        now = dt.datetime.fromtimestamp(system_clock(), dt.UTC)
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        until = now + 1000 * DAY
        issuer = f"{self.subject} root"
        root = certificate(issuer, root_key, issuer, root_key, purpose=None, until=until)
        until = now - DAY if self.expired else until
        one = certificate(self.subject, key, issuer, root_key, purpose=self.purpose, until=until)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.file("ca.pem").write_bytes(root.public_bytes(Encoding.PEM))
        self.file("tsa.pem").write_bytes(one.public_bytes(Encoding.PEM))
        self.file("tsa.key").write_bytes(private)
        self.file("serial").write_text("01\n")
        certs = f"certs = {self.folder}/ca.pem\n" if self.sends_chain else ""
        self.file("tsa.cnf").write_text(_CONFIG.format(folder=self.folder, certs=certs))

    def file(self, name: str) -> Path:
        return self.folder / name

    @property
    def roots(self) -> bytes:
        return self.file("ca.pem").read_bytes()

    def reply(self, query: bytes) -> bytes:
        """Return the reply to a query, as the authority signs it now."""
        self.file("query").write_bytes(query)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", self.file("tsa.cnf"),
             "-queryfile", self.file("query"), "-out", self.file("reply")],
            check=True,
            capture_output=True,
        )  # fmt: skip
        return self.file("reply").read_bytes()

    def verifies(self, reply: bytes, data: bytes) -> str:
        """Return what OpenSSL says of a reply about `data`: a second opinion."""
        self.file("seen").write_bytes(reply)
        self.file("data").write_bytes(data)
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-in", self.file("seen"), "-data", self.file("data"),
             "-CAfile", self.file("ca.pem")],
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        return done.stdout + done.stderr


@cache
def authority() -> Authority:
    """Return the one that most tests ask."""
    return Authority()


@cache
def stranger() -> Authority:
    """Return one that nobody pinned."""
    return Authority(subject="stranger.example")


needs_openssl = pytest.mark.skipif(
    not IN_CI and which("openssl") is None, reason="`openssl` is the authority, and is not here"
)
