"""A key has one shape and one name; everything else is no key."""

from typing import Any

import pytest

from sextant_shared.crypto.keys import Alg, akp_jwk, algorithm_of, ec_jwk, okp_jwk, thumbprint
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.crypto.signing import Verifier
from sextant_shared.errors import Code, PlatformError

ED: dict[Any, Any] = dict(okp_jwk(bytes(32)))


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "OKP", "crv": "Ed25519"},
        {**ED, "kid": "mine"},
        {**ED, "d": "AAAA"},
        {**ED, "crv": "Ed448"},
        {**ED, "kty": "okp"},
        {**ED, "x": None},
        {**ED, "x": ["AAAA"]},
        {**ED, 1: "one"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": "AKP", "alg": "ML-DSA-128", "pub": "AAAA"},
        {"kty": "AKP", "alg": "ES384", "pub": "AAAA"},
        {"kty": "oct", "k": "AAAA"},
    ],
    ids=[
        "nothing",
        "no point",
        "a further member",
        "a private member",
        "another curve",
        "another case",
        "null",
        "a list",
        "a number as name",
        "a curve outside the list",
        "a strength outside the list",
        "a fixed algorithm as AKP",
        "a symmetric key",
    ],
)
def test_what_is_no_key_of_the_list_is_refused_everywhere(jwk: Any) -> None:
    for read in (algorithm_of, thumbprint, Verifier.from_jwk, SealingKey.from_jwk):
        with pytest.raises(PlatformError) as caught:
            read(jwk)
        assert caught.value.code is Code.KEY


def test_the_name_of_a_key_does_not_depend_on_the_order_of_its_members() -> None:
    assert thumbprint(ED) == thumbprint(dict(reversed(ED.items())))


def test_a_published_thumbprint() -> None:
    # RFC 8037 appendix A.3.
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_each_kind_of_key_says_its_algorithm() -> None:
    assert algorithm_of(ED) is Alg.ED25519
    assert algorithm_of(ec_jwk(bytes(48), bytes(48))) is Alg.ES384
    for alg in set(Alg) - {Alg.ED25519, Alg.ES384}:
        assert algorithm_of(akp_jwk(alg, b"any")) is alg
