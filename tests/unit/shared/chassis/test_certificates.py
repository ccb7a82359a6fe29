"""How long certificates hold; what cannot be read has ended."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from sextant_shared.chassis.certificates import seconds_left

NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)


def certificate(days: int) -> bytes:
    key, name = Ed25519PrivateKey.generate(), x509.Name([])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    begun = made.not_valid_before(NOW - dt.timedelta(days=400))
    ended = begun.not_valid_after(NOW + dt.timedelta(days=days))
    return ended.sign(key, None).public_bytes(Encoding.PEM)


@pytest.mark.parametrize("data", [None, b"", b"no certificate", certificate(-1)])
def test_what_is_away_or_unreadable_or_over_has_no_time_left(
    tmp_path: Path, data: bytes | None
) -> None:
    path = tmp_path / "edge.pem"
    if data is not None:
        path.write_bytes(data)
    assert seconds_left([path], NOW.timestamp) == {str(path): 0.0}


def test_a_chain_holds_as_long_as_the_first_of_it_that_ends(tmp_path: Path) -> None:
    chain, other = tmp_path / "edge.pem", tmp_path / "client.pem"
    chain.write_bytes(certificate(30) + certificate(9) + certificate(400))
    other.write_bytes(certificate(2))
    left = seconds_left([chain, other], NOW.timestamp)
    assert left == {str(chain): 9 * 86400, str(other): 2 * 86400}


def test_without_files_no_number_is_sent() -> None:
    assert seconds_left([]) is None


def test_files_of_one_name_in_several_folders_do_not_hide_one_another(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "tls.crt" for folder in ("a", "b")]
    for path, days in zip(paths, (1, 300), strict=True):
        path.parent.mkdir()
        path.write_bytes(certificate(days))
    left = seconds_left(paths, NOW.timestamp)
    assert left == {str(paths[0]): 86400, str(paths[1]): 300 * 86400}
