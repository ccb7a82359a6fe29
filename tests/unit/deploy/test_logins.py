"""Certificates of a server's logins: one for each role, by one authority, named as in the chart."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from deploy.local.logins import papers
from tests.support.vectors import ROOT

EXAMPLE = yaml.safe_load((ROOT / "deploy" / "helm" / "examples" / "postgresql.yaml").read_text())
HOST = "db.sextant.example"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("logins") / "made"
    papers(made, HOST)
    return made


def read(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def common_name(certificate: x509.Certificate) -> str:
    (found,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found.value)


def test_each_address_of_the_example_finds_its_login(folder: Path) -> None:
    found = 0
    for room, values in EXAMPLE["rooms"].items():
        database = values["database"]
        for name in ("url", "readerUrl", "officerUrl", "ownerUrl"):
            if name not in database:
                continue
            address = urlsplit(database[name])
            files = folder / (f"{room}-migrator" if name == "ownerUrl" else room)
            words = {key: Path(one).name for key, (one,) in parse_qs(address.query).items()}
            certificate = read(files / words["sslcert"])
            assert common_name(certificate) == address.username
            assert (files / words["sslkey"]).is_file()
            certificate.verify_directly_issued_by(read(files / words["sslrootcert"]))
            assert address.hostname == HOST
            found += 1
    assert found == 10


def test_the_server_has_the_name_of_the_addresses(folder: Path) -> None:
    names = read(folder / "server" / "server.crt").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == [HOST]


def test_the_key_of_the_authority_is_nowhere(folder: Path) -> None:
    certificates = {path.with_suffix("") for path in folder.rglob("*.crt")}
    keys = {path.with_suffix("") for path in folder.rglob("*.key")}
    assert {path.name for path in certificates - keys} == {"ca"}
