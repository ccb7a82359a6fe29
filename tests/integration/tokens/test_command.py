"""`sextant` with keys in a token: what is made where, what is said, what is left behind."""

import os
from pathlib import Path

import pytest

from sextant_client import errors as exits
from sextant_client.keystore import Keystore
from sextant_shared.crypto.pkcs11 import TokenUri
from sextant_shared.errors import PlatformError
from sextant_shared.models.party import KeyUse
from tests.integration.tokens.conftest import LABEL, OTHER, log_out
from tests.support.command import Done, sextant
from tests.support.softhsm import SoftHsm

URI = str(TokenUri(token=LABEL))


@pytest.fixture
def way(hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Say by the environment how keys are opened; return a home that is empty."""
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse\n")
    monkeypatch.setenv("SEXTANT_PASSPHRASE_FILE", str(passphrase))
    monkeypatch.setenv("SEXTANT_PKCS11_MODULE", str(hsm.access.module))
    monkeypatch.setenv("SEXTANT_PIN_FILE", str(hsm.access.pin_file))
    return tmp_path / "home"


def generate(home: Path, *options: str, token: str = URI) -> Done:
    return sextant("keys", "generate", "--token", token, "--home", home, *options)


@pytest.mark.parametrize(
    ("options", "token", "said", "fix"),
    [
        (("--kem", "K1"), URI, "X25519 half of K1 is not held in tokens", "Add --kem K2."),
        ((), "token=a", "no PKCS#11 URI", ""),
        ((), f"{URI};id=%01", "under names of their own", ""),
        ((), f"{URI}?pin-value=1", "has no query attributes", "SEXTANT_PIN_FILE"),
        ((), "pkcs11:token=nowhere", "token nowhere is not there", "Plug it in"),
        (("--profile", "S3"), URI, "no such profile", ""),
        (("--kem", "K3"), URI, "no such profile", ""),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is(
    options: tuple[str, ...], token: str, said: str, fix: str, way: Path
) -> None:
    done = generate(way, *options, token=token)
    assert done.status in {exits.REFUSED, exits.UNTRUSTED}
    assert said in done.stderr
    assert fix in done.stderr
    assert not list(way.glob("keys/*"))


def test_halves_that_would_lie_in_open_files_are_refused(
    way: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEXTANT_PASSPHRASE_FILE")
    done = generate(way)
    assert done.status != exits.OK
    assert "must be sealed" in done.stderr
    assert "--passphrase-file" in done.stderr
    assert not list(way.glob("keys/*"))


def test_a_key_without_a_file_does_not_stay_in_the_token(hsm: SoftHsm, tmp_path: Path) -> None:
    token = TokenUri(token=OTHER)
    in_the_way = tmp_path / "keys"
    in_the_way.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="keys"):
        Keystore(in_the_way, b"x", hsm.access).generate(KeyUse.API, token=token)
    assert hsm.access.use(token, lambda session: list(session.get_objects())) == []


def test_keys_are_made_where_they_can_lie_and_listed_half_by_half(way: Path) -> None:
    made = generate(way, "--profile", "S2", "--use", "sig", "--use", "seal", "--json").json()
    assert [key["token"] is not None for key in made["keys"]] == [True, False, True]
    listed = sextant("keys", "list", "--home", way, "--json").json()["keys"]
    assert [(key["alg"], key["file"]) for key in listed] == [
        ("MLKEM1024-P384", "sealed"),
        ("ES384", "none"),
        ("ML-DSA-87", "sealed"),
    ]
    shown = sextant("keys", "list", "--home", way).stdout.splitlines()
    assert shown[0].endswith(f"P-384 half in token {LABEL}, ML-KEM half in file, sealed")
    assert shown[1].endswith(f"  token {LABEL}")
    assert shown[2].endswith("  file, sealed")


def test_listing_opens_nothing(way: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert generate(way, "--use", "seal").status == exits.OK
    for name in [name for name in os.environ if name.startswith("SEXTANT_")]:  # noqa: TID251 -- the test's own
        monkeypatch.delenv(name)
    done = sextant("keys", "list", "--home", way)
    assert done.status == exits.OK
    assert "P-384 half in token" in done.stdout


@pytest.mark.usefixtures("started_anew")
def test_the_doctor_says_that_the_pin_is_wrong_and_what_to_do(way: Path, hsm: SoftHsm) -> None:
    assert generate(way, "--use", "api").status == exits.OK
    log_out()
    wrong = str(hsm.access_with("1111").pin_file)
    done = sextant("--pin-file", wrong, "doctor", "--home", way, "--json")
    ok, found = token_line(done)
    assert not ok
    assert "the PIN does not open" in found
    assert "Correct the PIN file" in found


def test_the_doctor_tries_the_token(way: Path) -> None:
    assert generate(way, "--use", "sig", "--use", "seal").status == exits.OK
    assert token_line(sextant("doctor", "--home", way, "--json")) == (
        True,
        "2 keys sign or open with it",
    )


def token_line(done: Done) -> tuple[bool, str]:
    (line,) = (check for check in done.json()["checks"] if check["name"] == "token")
    return line["ok"], line["found"]


def test_a_home_without_a_token_needs_none(tmp_path: Path) -> None:
    sextant("keys", "generate", "--use", "seal", "--home", tmp_path)
    assert token_line(sextant("doctor", "--home", tmp_path, "--json")) == (
        True,
        "no key lies in one",
    )


def test_every_command_opens_sealed_files_by_the_environment(way: Path) -> None:
    assert sextant("keys", "generate", "--use", "sig", "--home", way).status == exits.OK
    keys = next(
        check
        for check in sextant("doctor", "--home", way, "--json").json()["checks"]
        if check["name"] == "keys"
    )
    assert keys["found"].startswith("no api, seal key")  # they were read, or it would say sealed


def test_a_sealed_file_without_passphrase_is_told(tmp_path: Path) -> None:
    keys = Keystore(tmp_path, b"x")
    keys.generate(KeyUse.API)
    with pytest.raises(PlatformError, match="is sealed"):
        Keystore(tmp_path).api_signer()
