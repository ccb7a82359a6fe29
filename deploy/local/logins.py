"""Papers for a PostgreSQL server where each login is a client certificate, as the chart shows it.

Makes an authority of one day that nobody can use afterwards (its key is never written), the
server's certificate, and for each room the files of its Secret, named as in the chart's example.
"""

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sextant_shared.clock import system_clock

ROOMS = ("audit", "exchange", "declarations")
LOGINS = {"tls": "writer", "reader": "reader"}
OFFICER = {"officer": "officer"}  # as whom declarations reads for officers
OWNER = {"tls": "migrator"}
Issued = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def issue(name: str, by: Issued | None = None, hosts: Sequence[str] = ()) -> Issued:
    """Return a certificate and its key: of an authority, of a server, or of a login."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.fromtimestamp(system_clock(), dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(by[1] if by else key, hashes.SHA256()), key


def logins(room: str) -> dict[str, str]:
    """Return the logins of a service: name of its files, and role."""
    return LOGINS | OFFICER if room == "declarations" else LOGINS


def papers(folder: Path, host: str) -> None:
    """Write `server`, and for each room its own folder and its owner's, `ROOM-migrator`."""
    authority = issue("authority of a trial")
    _write(folder / "server", authority, {"server": issue(host, authority, [host])})
    for room in ROOMS:
        for place, given in ((room, logins(room)), (f"{room}-migrator", OWNER)):
            issued = {
                name: issue(f"sextant_{room}_{role}", authority) for name, role in given.items()
            }
            _write(folder / place, authority, issued)


def _write(folder: Path, authority: Issued, issued: dict[str, Issued]) -> None:
    folder.mkdir(mode=0o700, parents=True)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "ca.crt").write_bytes(authority[0].public_bytes(pem))
    for name, (certificate, key) in issued.items():
        (folder / f"{name}.crt").write_bytes(certificate.public_bytes(pem))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(pem, form, serialization.NoEncryption())
        )


if __name__ == "__main__":
    papers(Path(sys.argv[1]), sys.argv[2])
