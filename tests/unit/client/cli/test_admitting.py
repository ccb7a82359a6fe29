"""A service comes to know its clients by the public half of their access keys."""

import json
from pathlib import Path

import pytest

from sextant_shared.chassis.directory import StaticDirectory
from sextant_shared.errors import PlatformError
from sextant_shared.protocol.access import Role
from tests.support.command import Done, sextant


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    assert sextant("keys", "generate", "--use", "api", "--home", folder).status == 0
    return folder


def admit(home: Path, into: Path, name: str = "exchange", role: str = "exchange") -> Done:
    return sextant("keys", "admit", name, "--role", role, "--into", into, "--home", home)


def test_a_home_without_an_access_key_says_how_to_make_one(tmp_path: Path) -> None:
    done = admit(tmp_path, tmp_path / "clients.json")
    assert done.status != 0
    assert "sextant keys generate --use api" in done.stderr
    assert not (tmp_path / "clients.json").exists()


def test_a_party_is_never_named_in_a_clients_file(home: Path, tmp_path: Path) -> None:
    done = admit(home, tmp_path / "clients.json", role="party")
    assert done.status == 2
    assert "officer" in done.stderr


@pytest.mark.parametrize("text", ["{}", "[1]", "nonsense", '[{"client_id": "a"}]'])
def test_a_file_that_is_no_clients_file_is_left_as_it_is(
    home: Path, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "clients.json"
    path.write_text(text)
    done = admit(home, path)
    assert done.status != 0
    assert "E_MALFORMED" in done.stderr
    assert path.read_text() == text


def test_an_id_that_a_service_would_refuse_is_refused_here(home: Path, tmp_path: Path) -> None:
    assert admit(home, tmp_path / "clients.json", name="two words").status != 0


def test_the_service_knows_who_was_admitted_once_and_by_its_public_half_alone(
    home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "clients.json"
    for name, role in (("auditor", "auditor"), ("exchange", "exchange"), ("exchange", "exchange")):
        assert admit(home, path, name, role).status == 0
    lines = json.loads(path.read_text())
    assert [line["client_id"] for line in lines] == ["auditor", "exchange"]
    assert all(set(line["jwk"]) == {"kty", "crv", "x"} for line in lines)
    directory = StaticDirectory.from_file(path)
    (key,) = json.loads(sextant("keys", "list", "--home", home, "--json").stdout)["keys"]
    assert directory.find("exchange", key["kid"]).subject.role is Role.EXCHANGE
    with pytest.raises(PlatformError):
        directory.find("officer", key["kid"])
