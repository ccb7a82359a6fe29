"""Access tokens and proofs: each way to be refused."""

from collections.abc import Mapping

import pytest

from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SoftwareSigner, Verifier
from sextant_shared.encoding import b64u, canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Role, Subject
from sextant_shared.protocol.tokens import (
    issue_access_token,
    make_client_assertion,
    make_dpop_proof,
    read_assertion,
    verify_access_token,
    verify_client_assertion,
    verify_dpop_proof,
)
from tests.support.parties import signer

NOW = 1_800_000_000.0
ISSUER = "https://exchange.example"
URL = f"{ISSUER}/v1/envelopes"
CLIENT = signer("client", Alg.ED25519)
SERVER = signer("server", Alg.ED25519)
SUBJECT = Subject("NA-XAL/submit-1", Role.PARTY, "NA-XAL")


def refused(token: str, word: str, **changes: object) -> None:
    options: dict[str, object] = {"method": "POST", "url": URL, "now": NOW, "access_token": "at"}
    with pytest.raises(PlatformError, match=word) as caught:
        verify_dpop_proof(token, **{**options, **changes})  # type: ignore[arg-type]
    assert caught.value.code is Code.AUTH


def proof(**changes: object) -> str:
    options: dict[str, object] = {"method": "POST", "url": URL, "now": NOW, "access_token": "at"}
    options |= changes
    return make_dpop_proof(
        str(options["method"]),
        str(options["url"]),
        CLIENT,
        float(str(options["now"])),
        None if options["access_token"] is None else str(options["access_token"]),
    )


def forged(header: Mapping[str, object], claims: Mapping[str, object], key: SoftwareSigner) -> str:
    head, body = b64u(canonical_json(dict(header))), b64u(canonical_json(dict(claims)))
    return f"{head}.{body}.{b64u(key.sign(f'{head}.{body}'.encode()))}"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"method": "GET"}, "htm"),
        ({"url": f"{ISSUER}/v1/mailbox"}, "htu"),
        ({"now": NOW - 61}, "stale"),
        ({"now": NOW + 61}, "stale"),
        ({"access_token": None}, "ath"),
        ({"access_token": "another"}, "ath"),
    ],
)
def test_a_proof_for_another_request_is_refused(changes: dict[str, object], word: str) -> None:
    refused(proof(**changes), word)


def test_a_proof_with_alg_none_or_another_alg_is_refused() -> None:
    claims: dict[str, object] = {"htm": "POST", "htu": URL, "iat": int(NOW), "jti": "x"}
    for alg in ("none", "EdDSA", "HS256", "ML-DSA-65"):
        header = {"alg": alg, "jwk": CLIENT.jwk, "typ": "dpop+jwt"}
        refused(forged(header, claims, CLIENT), "header")


def test_a_proof_signed_by_another_key_than_it_shows_is_refused() -> None:
    header = {"alg": "Ed25519", "jwk": CLIENT.jwk, "typ": "dpop+jwt"}
    claims: dict[str, object] = {"htm": "POST", "htu": URL, "iat": int(NOW), "jti": "x"}
    refused(forged(header, claims, SERVER), "does not verify")


@pytest.mark.parametrize("member", ["crit", "b64", "x5c"])
def test_further_header_members_are_refused(member: str) -> None:
    header = {"alg": "Ed25519", "jwk": CLIENT.jwk, "typ": "dpop+jwt", member: ["x"]}
    claims: dict[str, object] = {"htm": "POST", "htu": URL, "iat": int(NOW), "jti": "x"}
    refused(forged(header, claims, CLIENT), "header")


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c.d", "é.é.é", "x" * 3000, "....", "eyJ9.e30.YQ"]
)
def test_what_is_no_compact_jws_is_refused(token: str) -> None:
    refused(token, "JWS|header")


def test_a_proof_that_fits_gives_key_and_id() -> None:
    made = verify_dpop_proof(proof(), method="POST", url=URL, now=NOW, access_token="at")
    assert made.jkt == CLIENT.kid
    assert len(made.jti) == 22


def check_assertion(token: str, now: float = NOW) -> None:
    verify_client_assertion(read_assertion(token), Verifier.from_jwk(CLIENT.jwk), ISSUER, now)


def test_an_assertion_for_another_audience_is_refused() -> None:
    with pytest.raises(PlatformError, match="audience"):
        check_assertion(make_client_assertion("NA-XAL/a", "https://other.example", CLIENT, NOW))


@pytest.mark.parametrize("age", [-400, 400])
def test_an_assertion_out_of_its_time_is_refused(age: float) -> None:
    with pytest.raises(PlatformError, match="expired"):
        check_assertion(make_client_assertion("NA-XAL/a", ISSUER, CLIENT, NOW + age))


def test_an_assertion_by_another_key_is_refused() -> None:
    with pytest.raises(PlatformError, match="does not verify"):
        check_assertion(make_client_assertion("NA-XAL/a", ISSUER, SERVER, NOW))


def test_an_assertion_whose_issuer_is_not_its_subject_is_refused() -> None:
    header = {"alg": "Ed25519", "kid": CLIENT.kid, "typ": "JWT"}
    claims: dict[str, object] = {"iss": "a", "sub": "b", "aud": ISSUER, "exp": int(NOW), "jti": "x"}
    with pytest.raises(PlatformError, match="names no client"):
        read_assertion(forged(header, claims, CLIENT))


def access(now: float = NOW, issuer: str = ISSUER, key: SoftwareSigner = SERVER) -> str:
    return issue_access_token(SUBJECT, CLIENT.kid, issuer, key, now)


@pytest.mark.parametrize(
    ("token", "word"),
    [
        (access(now=NOW - 301), "expired"),
        (access(issuer="https://other.example"), "iss"),
        (access(key=CLIENT), "another issuer key"),
        (access()[:-4] + "AAAA", "does not verify|strict"),
    ],
    ids=["expired", "another issuer", "another key", "altered"],
)
def test_an_access_token_that_is_not_ours_is_refused(token: str, word: str) -> None:
    with pytest.raises(PlatformError, match=word) as caught:
        verify_access_token(token, issuer=ISSUER, verifier=Verifier.from_jwk(SERVER.jwk), now=NOW)
    assert caught.value.code is Code.AUTH


def test_an_access_token_gives_back_its_subject_and_key() -> None:
    verifier = Verifier.from_jwk(SERVER.jwk)
    token = verify_access_token(access(), issuer=ISSUER, verifier=verifier, now=NOW)
    assert token.subject == SUBJECT
    assert token.jkt == CLIENT.kid
