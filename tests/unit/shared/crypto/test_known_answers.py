"""The frozen known answers of the envelope specification, Appendix A."""

import hashlib
import hmac

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from sextant_shared.crypto import selftest
from sextant_shared.crypto.chunked import BodyEncryptor, _derive, hkdf_expand, padme, sealed_size
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SoftwareOpener
from sextant_shared.crypto.selftest import run_known_answers
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.envelope import _slot_info, commitment_key

CEK = bytes(range(32))
SALT = bytes(range(24))
HH = hashlib.sha256(b'{"v":1}').digest()
CONTENT = b"hello declarations"


def test_header_hash() -> None:
    assert HH.hex() == "afbf9d0f3560b0fd7795e81c42a0a79ee6b6fc67e064f77826aee642cad28d91"


def test_body_key_nonce_and_commitment() -> None:
    label = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
    derived = hkdf_expand(CEK, label + SALT + b"dxe/1 body\x00" + HH, 76)
    assert derived[:32].hex() == "5ed084d87e97aadbea62b2cd95edeab8d4e175f0a36715b043e9562a44f95d15"
    _, nonce, commitment = _derive(CEK, b"dxe/1 body\x00" + HH, SALT)
    assert nonce.hex() == "529115542455457d5b7830fc"
    assert commitment.hex() == "a8cbf75d573f29252890d605c37a06a961dce663adb666f5996d40a27db14dd8"


def test_body() -> None:
    inner = len(CONTENT).to_bytes(8, "big") + CONTENT
    inner += bytes(padme(len(inner)) - len(inner))
    encryptor = BodyEncryptor(CEK, b"dxe/1 body\x00" + HH, SALT)
    body = encryptor.header + encryptor.update(inner) + encryptor.finish()
    assert len(body) == sealed_size(len(inner)) == 4168
    digest = hashlib.sha256(body).hexdigest()
    assert digest == "b437c1943302f1bf187bd701d69eb05bd01525930b37e014ff798f040f4cff8d"


def test_plaintext_commitment() -> None:
    kpc = commitment_key(CEK, HH)
    assert kpc.hex() == "244b6980a8ee45cc28078fd119dcc36284ffb6ffed4547deadc69b3a5e77e786"
    pc = hmac.new(kpc, CONTENT, "sha256").hexdigest()
    assert pc == "afdb92494e21ca8613371ad7d1ec77be0556a89dfe78b6d226e3a36abaa20989"


@pytest.mark.parametrize(
    ("alg", "kid", "digest"),
    [
        (
            Alg.K1,
            "MJwKDno5Id1kHPv3g7V6SEsuonUoWFGPAo79jD9ZvFk",
            "c9a3565ffde4f72b51661be391ee13e46378d7f06dd5c8bf5af9d2cfb5b8336b",
        ),
        (
            Alg.K2,
            "UAgisAeRSldDj0Npn6NZyEKi9eOBm-gJehXLwJOlpTQ",
            "a8a5a7c2ee19c31f2b003586440acef7759b5a88bd499219b8083c78e385e64f",
        ),
    ],
)
def test_sealing_keys_from_a_seed(alg: Alg, kid: str, digest: str) -> None:
    opener = SoftwareOpener.from_seed(alg, CEK)
    assert opener.kid == kid
    assert hashlib.sha256(b64u_decode(opener.jwk["pub"])).hexdigest() == digest


@pytest.mark.parametrize(
    ("alg", "kid"),
    [
        (Alg.ED25519, "1IG2tMH7J2wbJZnOf8LJzQitKf7LMvoAElsuDMVM54Y"),
        (Alg.ML_DSA_65, "x0kWwvv_AqVn61aqlQHnR3QwLdzUjPE_JWxbqdcwnmc"),
    ],
)
def test_signing_keys_from_a_seed(alg: Alg, kid: str) -> None:
    assert SoftwareSigner.from_seed(alg, CEK).kid == kid


@pytest.mark.parametrize(
    ("length", "padded"),
    [
        (1, 4096),
        (4097, 4352),
        (8200, 8704),
        (10000, 10240),
        (65544, 67584),
        (1000008, 1015808),
        (10485768, 10747904),
        (104857608, 106954752),
    ],
)
def test_padding(length: int, padded: int) -> None:
    assert padme(length) == padded


def test_slot_info_is_75_bytes() -> None:
    kid = "MJwKDno5Id1kHPv3g7V6SEsuonUoWFGPAo79jD9ZvFk"
    info = _slot_info(HH, kid)
    assert info == bytes.fromhex("6478652f3120736c6f7400") + HH + b64u_decode(kid)
    assert len(info) == 75


def test_the_installed_library_can_do_all_of_it() -> None:
    run_known_answers()


def test_a_library_that_lacks_an_algorithm_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(_alg: Alg, _seed: bytes) -> None:
        raise UnsupportedAlgorithm("ML-KEM-768 is not supported")

    monkeypatch.setattr(SoftwareOpener, "from_seed", lacking)
    with pytest.raises(PlatformError, match="ML-KEM-768 is not supported") as caught:
        run_known_answers()
    assert caught.value.code is Code.INTERNAL
    assert "pinned wheel" in caught.value.fix


@pytest.mark.parametrize("name", ["_KNOWN_KIDS", "_KNOWN_BODY"])
def test_an_answer_other_than_known_stops_the_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"_KNOWN_KIDS": {Alg.K1: "another"}, "_KNOWN_BODY": "00"}
    monkeypatch.setattr(selftest, name, wrong[name])
    with pytest.raises(PlatformError, match="than known") as caught:
        run_known_answers()
    assert caught.value.code is Code.INTERNAL
