"""Signed JSON: what two readers could take differently is refused before any signature."""

import json
from typing import Any

import pytest

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SIGNATURE_SIZE, SoftwareSigner
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.jws import MAX_SIGNATURES, countersign_jws, parse_jws, sign_jws
from tests.support.envelopes import XAL

LIMIT = 65536
HEADER = {"alg": "Ed25519", "kid": XAL.sig[0].kid, "typ": "test"}
SIGNATURE = {"protected": b64u(json.dumps(HEADER).encode()), "signature": b64u(bytes(64))}
ALGORITHMS = ", ".join(SIGNATURE_SIZE)


def outer(signature: Any = SIGNATURE, **changes: Any) -> dict[str, Any]:
    return {"payload": b64u(b"{}"), "signatures": [signature], **changes}


def header(**changes: Any) -> dict[str, Any]:
    protected = b64u(json.dumps({**HEADER, **changes}).encode())
    return outer({**SIGNATURE, "protected": protected})


@pytest.mark.parametrize("character", ["ͥ", "é", "\x00", "=", "+", "😀"])
def test_a_payload_that_is_no_base64url_is_refused(character: str) -> None:
    members = json.loads(sign_jws(b"{}", "test", XAL.sig))
    members["payload"] += character
    with pytest.raises(PlatformError) as caught:
        parse_jws(json.dumps(members, ensure_ascii=False).encode(), "test", LIMIT)
    assert caught.value.code is Code.MALFORMED


@pytest.mark.parametrize(
    ("members", "told"),
    [
        (header(typ="other"), ["E_MALFORMED", "another kind of document", "test", "other"]),
        (
            header(alg="none"),
            ["E_KEY", "the signature algorithm is not in the registry", ALGORITHMS, "none"],
        ),
        (header(kid="short"), ["E_MALFORMED", "a kid is a 43-character thumbprint", "", ""]),
        (header(kid=7), ["E_MALFORMED", "a kid is a 43-character thumbprint", "", ""]),
        (
            header(crit="b64"),
            [
                "E_MALFORMED",
                "a protected header has other members than it may",
                "alg, kid, typ",
                "alg, crit, kid, typ",
            ],
        ),
        (outer([]), ["E_MALFORMED", "a signature is an object", "", ""]),
        (
            outer({**SIGNATURE, "header": {}}),
            [
                "E_MALFORMED",
                "a signature has other members than it may",
                "protected, signature",
                "header, protected, signature",
            ],
        ),
        (
            outer({**SIGNATURE, "signature": 1}),
            ["E_MALFORMED", "protected and signature are strings", "", ""],
        ),
        (
            outer(extra=1),
            [
                "E_MALFORMED",
                "the JWS has other members than it may",
                "payload, signatures",
                "extra, payload, signatures",
            ],
        ),
        (outer(payload=1), ["E_MALFORMED", "payload is a string and signatures a list", "", ""]),
        (outer(signatures=1), ["E_MALFORMED", "payload is a string and signatures a list", "", ""]),
        (
            outer(signatures=[]),
            ["E_MALFORMED", f"a JWS carries 1 to {MAX_SIGNATURES} signatures", "", ""],
        ),
        (
            outer(signatures=[SIGNATURE] * (MAX_SIGNATURES + 1)),
            ["E_MALFORMED", f"a JWS carries 1 to {MAX_SIGNATURES} signatures", "", ""],
        ),
    ],
)
def test_each_other_shape_is_refused_with_what_was_met(
    members: dict[str, Any], told: list[str]
) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_jws(json.dumps(members).encode(), "test", LIMIT)
    error = caught.value
    assert [error.code, error.detail, error.expected, error.received] == told


def test_what_is_too_long_is_not_countersigned() -> None:
    signed = sign_jws(b"{}", "test", XAL.sig)
    with pytest.raises(PlatformError, match="E_TOO_LARGE"):
        countersign_jws(signed, "test", len(signed) - 1, XAL.sig)
    with pytest.raises(PlatformError, match="another kind of document"):
        countersign_jws(signed, "other", LIMIT, XAL.sig)


def test_a_countersignature_covers_the_same_payload_and_stands_behind_the_others() -> None:
    signed = sign_jws(b'{"a":1}', "test", XAL.sig)
    second = SoftwareSigner.from_seed(Alg.ED25519, bytes(range(32)))
    both = parse_jws(countersign_jws(signed, "test", LIMIT, [second]), "test", LIMIT)
    assert both.payload == b'{"a":1}'
    assert [one.kid for one in both.signatures] == [*(key.kid for key in XAL.sig), second.kid]
    assert both.signatures[:-1] == parse_jws(signed, "test", LIMIT).signatures
    assert second.sign(both.signatures[-1].signing_input) == both.signatures[-1].signature
