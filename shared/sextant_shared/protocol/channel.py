"""How a caller connects by TLS: whose certificates it accepts, and which it shows.

Responsible for the two files that an edge with mutual TLS asks for. Not responsible for who anybody
is: that rests on keys and signatures, never on a certificate.
"""

import ssl
from collections.abc import Callable
from pathlib import Path

from sextant_shared.errors import Code, PlatformError


def open_channel(ca_file: Path | None, certificate_file: Path | None) -> ssl.SSLContext | None:
    """Return how to connect, None where nothing was set and the usual authorities are trusted.

    `certificate_file` holds certificate, chain and private key, PEM. Without `ca_file` the
    authorities of this machine are trusted.

    Raises:
        PlatformError: `E_KEY` when a file does not open or does not fit.
    """
    if ca_file is None and certificate_file is None:
        return None
    context = ssl.create_default_context()
    if ca_file is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # these authorities and no others
        _load(ca_file, lambda: context.load_verify_locations(cafile=ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if certificate_file is not None:
        _load(certificate_file, lambda: context.load_cert_chain(certificate_file, password=""))
    return context


def _load(path: Path, load: Callable[[], None]) -> None:
    try:
        load()
    except (OSError, ValueError) as error:  # of which the errors of TLS are kinds
        raise PlatformError(
            Code.KEY,
            f"{path} does not load: {type(error).__name__}",
            expected="PEM: authorities; or a certificate, its chain and its key without passphrase",
            fix="Ask the operator for the file, or leave the setting out.",
        ) from error
