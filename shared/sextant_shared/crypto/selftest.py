"""Known answers at start: a build without ML-KEM or ML-DSA stops here with a clear message."""

from sextant_shared.crypto.chunked import BodyDecryptor, BodyEncryptor
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SealingKey, SoftwareOpener
from sextant_shared.crypto.signing import PROFILES, SoftwareSigner, Verifier
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError

_SEED = bytes(range(32))
_KNOWN_KIDS = {
    Alg.ED25519: "1IG2tMH7J2wbJZnOf8LJzQitKf7LMvoAElsuDMVM54Y",
    Alg.ML_DSA_65: "x0kWwvv_AqVn61aqlQHnR3QwLdzUjPE_JWxbqdcwnmc",
    Alg.K1: "MJwKDno5Id1kHPv3g7V6SEsuonUoWFGPAo79jD9ZvFk",
    Alg.K2: "UAgisAeRSldDj0Npn6NZyEKi9eOBm-gJehXLwJOlpTQ",
}
_SALT = bytes(range(24))
_CONTENT = b"hello declarations"
_INNER = len(_CONTENT).to_bytes(8, "big") + _CONTENT + bytes(4096 - 8 - len(_CONTENT))
_BODY_CONTEXT = b"dxe/1 body\x00" + sha256(b'{"v":1}')
_KNOWN_BODY = "b437c1943302f1bf187bd701d69eb05bd01525930b37e014ff798f040f4cff8d"


def run_known_answers() -> None:
    """Derive known keys, sign and verify in both profiles, seal with both KEMs, encrypt a body.

    Raises:
        PlatformError: `E_INTERNAL`, naming what the installed cryptography library lacks.
    """
    try:
        _check_profiles()
        _check_kems()
        _check_body()
    except PlatformError:
        raise
    except Exception as error:
        raise PlatformError(
            Code.INTERNAL,
            f"the installed cryptography library cannot do what the platform needs: {error}",
            fix="Install the pinned wheel; distribution builds may lack ML-KEM and ML-DSA.",
        ) from error


def _check_profiles() -> None:
    for alg in {alg for profile in PROFILES.values() for alg in profile}:
        seed = bytes(16) + _SEED if alg is Alg.ES384 else _SEED
        signer = SoftwareSigner.from_seed(alg, seed)
        _compare(alg, signer.kid)
        Verifier.from_jwk(signer.jwk).verify(b"known answer", signer.sign(b"known answer"))


def _check_kems() -> None:
    for alg in (Alg.K1, Alg.K2):
        opener = SoftwareOpener.from_seed(alg, _SEED)
        _compare(alg, opener.kid)
        sealed = SealingKey.from_jwk(opener.jwk).seal(b"known answer", _SEED)
        if opener.open(b"known answer", sealed) != _SEED:
            raise PlatformError(Code.INTERNAL, f"{alg} does not open what it sealed")


def _check_body() -> None:
    encryptor = BodyEncryptor(_SEED, _BODY_CONTEXT, _SALT)
    body = encryptor.header + encryptor.update(_INNER) + encryptor.finish()
    decryptor = BodyDecryptor(_SEED, _BODY_CONTEXT)
    opened = b"".join(decryptor.update(body)) + decryptor.finish()
    if sha256(body).hex() != _KNOWN_BODY or opened != _INNER:
        raise PlatformError(Code.INTERNAL, "a body encrypts to other bytes than known")


def _compare(alg: Alg, kid: str) -> None:
    known = _KNOWN_KIDS.get(alg, kid)
    if kid != known:
        raise PlatformError(
            Code.INTERNAL, f"{alg} gives another key than known", expected=known, received=kid
        )
