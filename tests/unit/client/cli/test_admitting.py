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


def kid_of(home: Path) -> str:
    (key,) = json.loads(sextant("keys", "list", "--home", home, "--json").stdout)["keys"]
    return str(key["kid"])


def test_the_only_key_of_a_client_goes_only_when_that_is_said(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "clients.json"
    admit(home, path)
    before = path.read_text()
    done = sextant("keys", "dismiss", kid_of(home), "--from", path)
    assert done.status != 0
    assert "exchange" in done.stderr
    assert path.read_text() == before
    assert sextant("keys", "dismiss", kid_of(home), "--from", path, "--last").status == 0
    assert json.loads(path.read_text()) == []


def test_nothing_is_taken_out_when_one_of_the_keys_is_not_there(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "clients.json"
    admit(home, path)
    before = path.read_text()
    done = sextant("keys", "dismiss", kid_of(home), "nobody", "--from", path, "--last")
    assert done.status != 0
    assert "nobody" in done.stderr
    assert path.read_text() == before


def test_a_client_is_known_by_its_next_key_alone_once_the_old_one_is_dismissed(
    home: Path, tmp_path: Path
) -> None:
    path, next_home = tmp_path / "clients.json", tmp_path / "next"
    sextant("keys", "generate", "--use", "api", "--home", next_home)
    admit(home, path)
    admit(next_home, path)
    assert sextant("keys", "dismiss", kid_of(home), "--from", path).status == 0
    directory = StaticDirectory.from_file(path)
    assert directory.find("exchange", kid_of(next_home)).subject.role is Role.EXCHANGE
    with pytest.raises(PlatformError):
        directory.find("exchange", kid_of(home))


@pytest.mark.parametrize("command", ["dismiss", "suspend", "revoke"])
def test_an_id_that_begins_with_a_hyphen_is_no_option(
    home: Path, tmp_path: Path, command: str
) -> None:
    admit(home, tmp_path / "clients.json")
    options = {"dismiss": ("--from", tmp_path / "clients.json")}
    done = sextant(
        "keys", command, "-nAbc", *options.get(command, ("--home", home, "--reason", "x"))
    )
    assert done.status != 0
    assert "No such option" not in done.stderr
