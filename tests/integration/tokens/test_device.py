"""Keys in SoftHSM2: what keeps a token from working is told with what to do, and as ours."""

import json
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.pkcs11 import TokenAccess, TokenUri, device
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.crypto.signing import Verifier
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.keyfiles import PrivateKey, read_key_file, read_public, write_key_file
from sextant_shared.protocol.tokenkeys import discard_from_token, generate_in_token, try_key
from tests.integration.tokens.conftest import LABEL, OTHER, REMOVABLE
from tests.support.softhsm import SoftHsm

TOKEN = TokenUri(token=LABEL)
CLASSICAL = (Alg.ED25519, Alg.ES384, Alg.K2)
PASSPHRASE = b"correct horse"

Reread = Callable[..., PrivateKey]


@pytest.fixture(scope="module")
def made(hsm: SoftHsm) -> dict[Alg, PrivateKey]:
    """Return a key of each algorithm that a token can hold."""
    return {alg: generate_in_token(alg, "sig", TOKEN, hsm.access) for alg in CLASSICAL}


@pytest.fixture
def reread(made: dict[Alg, PrivateKey], tmp_path: Path, hsm: SoftHsm) -> Reread:
    """Return a key as a later process reads it, with the file's `token` changed if one is given."""

    def read(alg: Alg, access: TokenAccess | None = None, token: str | None = None) -> PrivateKey:
        path = tmp_path / f"{alg}.json"
        path.unlink(missing_ok=True)
        write_key_file(path, made[alg])
        if token is not None:
            path.write_text(json.dumps({**json.loads(path.read_text()), "token": token}))
        return read_key_file(path, access=access or hsm.access)

    return read


def refusal(key: PrivateKey) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        try_key(key)
    return caught.value


@pytest.mark.usefixtures("started_anew")
@pytest.mark.parametrize("alg", CLASSICAL)
def test_a_wrong_pin_is_told_and_not_tried_twice(
    alg: Alg, reread: Reread, hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = reread(alg, hsm.access_with("9999"))
    first = refusal(key)
    assert (first.code, first.detail) == (
        Code.UNAVAILABLE,
        f"the PIN does not open token {LABEL}; it is not tried again",
    )
    assert "9999" not in f"{first} {first.received} {first.fix}"
    monkeypatch.setattr(device, "_find", lambda *_: Untouchable())
    assert refusal(key).detail == first.detail


class Untouchable:
    """A token that fails the test when somebody logs in."""

    flags = device.load_library().TokenFlag.LOGIN_REQUIRED

    def open(self, **_: object) -> None:
        raise AssertionError("the PIN was tried again")


@pytest.mark.usefixtures("started_anew")
@pytest.mark.parametrize(
    ("flag", "said"), [("USER_PIN_LOCKED", "is locked"), ("USER_PIN_FINAL_TRY", "one more wrong")]
)
def test_the_last_try_of_a_pin_is_left_to_a_person(
    flag: str, said: str, reread: Reread, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = Untouchable()
    token.flags |= device.load_library().TokenFlag[flag]
    monkeypatch.setattr(device, "_find", lambda *_: token)
    assert said in refusal(reread(Alg.ES384)).detail


@pytest.mark.usefixtures("started_anew")
def test_ways_to_the_token_that_lead_nowhere_are_told_with_what_to_set(
    reread: Reread, hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, pin = hsm.access.module, hsm.access.pin_file
    not_a_module = tmp_path / "module.so"
    not_a_module.write_bytes(b"\x7fELF but not really")
    ways = {
        "no PKCS#11 module is named": TokenAccess(None, pin),
        "is not there": TokenAccess(tmp_path / "nowhere.so", pin),
        "does not load as a PKCS#11 module": TokenAccess(not_a_module, pin),
        "asks for a PIN": TokenAccess(module, None),
        "cannot read the PIN file": TokenAccess(module, tmp_path / "nowhere"),
    }
    for said, access in ways.items():
        error = refusal(reread(Alg.ES384, access))
        assert said in error.detail
        assert error.code is Code.UNAVAILABLE
        assert "SEXTANT_P" in error.fix
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    error = refusal(reread(Alg.ES384))
    assert "python-pkcs11 is not installed" in error.detail
    assert "pip install 'sextant-client[token]'" in error.fix


def test_a_token_that_is_not_there_is_told_beside_those_that_are(reread: Reread) -> None:
    error = refusal(reread(Alg.ED25519, token="pkcs11:token=NA-XAL;id=%01"))
    assert error.detail == "token NA-XAL is not there"
    assert f"{LABEL} (" in error.received
    assert f"{OTHER} (" in error.received


@pytest.mark.parametrize("alg", CLASSICAL)
def test_a_key_that_is_not_in_the_token_is_told(alg: Alg, reread: Reread) -> None:
    error = refusal(reread(alg, token=str(TOKEN.key(b"\x01", "gone"))))
    assert error.detail == f"token {LABEL} holds no key of this name"
    assert error.code is Code.UNAVAILABLE


@pytest.mark.parametrize("alg", CLASSICAL)
def test_another_key_under_the_name_is_no_flaw_of_what_was_sent(
    alg: Alg, reread: Reread, hsm: SoftHsm
) -> None:
    another = generate_in_token(alg, "sig", TOKEN, hsm.access)
    error = refusal(reread(alg, token=another.token))
    assert error.detail == f"token {LABEL} holds another key than the key file names"
    assert error.code is Code.UNAVAILABLE


def test_a_key_of_another_kind_is_a_failure_of_the_token(
    reread: Reread, made: dict[Alg, PrivateKey]
) -> None:
    error = refusal(reread(Alg.ES384, token=made[Alg.ED25519].token))
    assert error.code is Code.UNAVAILABLE
    assert LABEL in error.detail


def test_a_token_taken_out_is_told_and_goes_on_when_it_is_back(
    hsm: SoftHsm, tmp_path: Path
) -> None:
    key = generate_in_token(Alg.K2, "seal", TokenUri(token=REMOVABLE), hsm.access)
    label = REMOVABLE.encode()
    folders = list(hsm.tokens.iterdir())
    (folder,) = (each for each in folders if label in (each / "token.object").read_bytes())
    sealed = SealingKey.from_jwk(key.jwk).seal(b"info", bytes(32))
    assert key.opener.open(b"info", sealed) == bytes(32)
    away = shutil.move(folder, tmp_path / "away")
    with pytest.raises(PlatformError) as caught:
        key.opener.open(b"info", sealed)
    assert caught.value.code is Code.UNAVAILABLE
    assert f"token {REMOVABLE}" in caught.value.detail
    assert caught.value.fix
    shutil.move(away, folder)
    assert key.opener.open(b"info", sealed) == bytes(32)


def test_what_was_made_and_not_kept_can_be_taken_back(hsm: SoftHsm) -> None:
    key = generate_in_token(Alg.ES384, "sig", TOKEN, hsm.access)
    try_key(key)
    discard_from_token(key, hsm.access)
    assert "holds no key of this name" in refusal(key).detail


@pytest.mark.parametrize("alg", [Alg.ED25519, Alg.ES384])
def test_the_file_of_a_key_in_a_token_holds_no_secret(
    alg: Alg, made: dict[Alg, PrivateKey], tmp_path: Path
) -> None:
    write_key_file(tmp_path / "key.json", made[alg], PASSPHRASE)
    file = read_public(tmp_path / "key.json")
    assert (file.seed, file.ct, file.scrypt) == (None, None, None)
    assert file.token == made[alg].token


def test_the_file_half_of_a_split_key_is_sealed(
    made: dict[Alg, PrivateKey], tmp_path: Path, hsm: SoftHsm
) -> None:
    path = tmp_path / "key.json"
    write_key_file(path, made[Alg.K2], PASSPHRASE)
    assert read_public(path).seed is None
    with pytest.raises(PlatformError, match="passphrase does not open"):
        read_key_file(path, b"wrong", hsm.access)
    key = read_key_file(path, PASSPHRASE, hsm.access)
    assert key.kid == made[Alg.K2].kid
    try_key(key)


def test_private_keys_never_leave_the_token(made: dict[Alg, PrivateKey], hsm: SoftHsm) -> None:
    library = device.load_library()

    def look(session: object) -> list[tuple[bool, ...]]:
        asked = {library.Attribute.CLASS: library.ObjectClass.PRIVATE_KEY}
        names = ("SENSITIVE", "EXTRACTABLE", "ALWAYS_SENSITIVE", "NEVER_EXTRACTABLE")
        return [
            tuple(key[library.Attribute[name]] for name in names)
            for key in session.get_objects(asked)  # type: ignore[attr-defined]  # untyped library
        ]

    found = hsm.access.use(TOKEN, look)
    assert len(found) >= len(made)
    assert set(found) == {(True, False, True, True)}


@pytest.mark.usefixtures("started_anew")
def test_threads_take_turns_at_the_token(made: dict[Alg, PrivateKey]) -> None:
    """The module is initialised for one thread at a time; an operation begun is one ended."""
    messages = [str(number).encode() for number in range(80)]
    with ThreadPoolExecutor(8) as threads:
        signatures = list(threads.map(made[Alg.ED25519].signer.sign, messages))
    for message, signature in zip(messages, signatures, strict=True):
        Verifier.from_jwk(made[Alg.ED25519].jwk).verify(message, signature)


@settings(max_examples=10, deadline=None)
@given(message=st.binary(max_size=300))
def test_signatures_of_the_token_verify(made: dict[Alg, PrivateKey], message: bytes) -> None:
    for alg in (Alg.ED25519, Alg.ES384):
        signature = made[alg].signer.sign(message)
        Verifier.from_jwk(made[alg].jwk).verify(message, signature)


@settings(max_examples=10, deadline=None)
@given(info=st.binary(max_size=100), cek=st.binary(min_size=32, max_size=32))
def test_the_token_opens_what_is_sealed_to_the_split_key(
    made: dict[Alg, PrivateKey], info: bytes, cek: bytes
) -> None:
    sealed = SealingKey.from_jwk(made[Alg.K2].jwk).seal(info, cek)
    assert made[Alg.K2].opener.open(info, sealed) == cek
