"""Tokens in the shape of Keycloak's, as we know it, made with keys of this test alone."""

import hmac
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.access import Role
from sextant_shared.protocol.people import (
    Principal,
    Provider,
    issuer_of,
    key_id_of,
    read_keys,
    verify_person,
)
from tests.support.provider import (
    ISSUER,
    NOW,
    PROVIDER,
    Claims,
    big,
    claims,
    ec_key,
    jwk_of,
    jwks,
    sign,
    token,
)


def read(text: str, provider: Provider = PROVIDER, now: float = NOW) -> Principal:
    keys = read_keys(jwks())
    return verify_person(text, keys[key_id_of(text)], provider, now)


REFUSED: list[tuple[str, Claims, str]] = [
    ("expired", {"exp": NOW - 31}, "expired"),
    ("for ever", {"exp": NOW + 10**6}, "lives too long"),
    ("without an end", {"exp": None}, "no exp"),
    ("an end that is text", {"exp": "9999999999"}, "no exp"),
    ("not yet valid", {"nbf": NOW + 31}, "not valid yet"),
    ("issued in the future", {"iat": NOW + 31}, "not valid yet"),
    ("of another issuer", {"iss": ISSUER + "/"}, "another issuer"),
    ("for another audience", {"aud": "account"}, "another audience"),
    ("for a longer audience", {"aud": "sextant-declarations-test"}, "another audience"),
    ("for nobody", {"aud": None}, "another audience"),
    ("an ID token", {"typ": "ID"}, "another kind"),
    ("a refresh token", {"typ": "Refresh"}, "another kind"),
    ("of nobody", {"sub": None}, "no sub"),
    ("of an id that writes lines", {"sub": "a\nb"}, "no id"),
    ("of no role of ours", {"realm_access": {"roles": ["offline_access"]}}, "one role"),
    ("of two roles", {"realm_access": {"roles": ["auditor", "verification-officer"]}}, "one role"),
    ("roles that are text", {"realm_access": {"roles": "auditor"}}, "one role"),
    ("roles elsewhere", {"realm_access": None, "roles": ["auditor"]}, "one role"),
    ("signed in yesterday", {"auth_time": NOW - 86_400}, "too long ago"),
    ("bound by a certificate", {"cnf": {"x5t#S256": "x"}}, "bound in a way"),
]


@pytest.mark.parametrize(("changed", "why"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_a_token_with_another_claim_is_refused_with_the_reason(changed: Claims, why: str) -> None:
    with pytest.raises(PlatformError, match=why) as refused:
        read(token(claims(**changed)))
    assert refused.value.code is Code.AUTH


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS512", "ES256", ""])
def test_a_header_cannot_choose_another_algorithm_for_a_key(alg: str) -> None:
    with pytest.raises(PlatformError, match="another algorithm"):
        read(token(claims(), header={"alg": alg}))


def test_a_token_without_signature_is_refused() -> None:
    head, body, _ = token(claims()).split(".")
    with pytest.raises(PlatformError, match="does not verify"):
        read(f"{head}.{body}.")


def test_a_public_key_used_as_a_secret_makes_no_token() -> None:
    head = b64u(b'{"alg":"HS256","typ":"JWT","kid":"kid-RS256"}')
    signed = f"{head}.{b64u(json.dumps(claims()).encode())}"
    mac = hmac.digest(jwk_of("RS256")["n"].encode(), signed.encode(), "sha256")
    with pytest.raises(PlatformError, match="another algorithm"):
        read(f"{signed}.{b64u(mac)}")


def test_a_token_by_another_key_of_the_same_id_is_refused() -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    signed = token(claims(), "EdDSA").rpartition(".")[0]
    with pytest.raises(PlatformError, match="does not verify"):
        read(f"{signed}.{b64u(other.sign(signed.encode()))}")


def test_a_signature_in_asn1_is_refused() -> None:
    signed = token(claims(), "ES256").rpartition(".")[0]
    der = ec_key().sign(signed.encode(), ec.ECDSA(SHA256()))
    with pytest.raises(PlatformError, match="does not verify"):
        read(f"{signed}.{b64u(der)}")


@pytest.mark.parametrize("header", [{"crit": ["b64"]}, {"typ": "dpop+jwt"}, {"typ": None}])
def test_another_kind_of_header_is_refused(header: Claims) -> None:
    with pytest.raises(PlatformError, match="header is not taken"):
        read(token(claims(), header=header))


def test_a_claim_that_stands_twice_is_refused() -> None:
    body = json.dumps(claims())[:-1] + f', "iss": "{ISSUER}"}}'
    signed = f"{token(claims()).partition('.')[0]}.{b64u(body.encode())}"
    with pytest.raises(PlatformError, match="strict token"):
        read(f"{signed}.{b64u(sign('RS256', signed.encode()))}")


@given(st.integers(0, 10_000), st.sampled_from("ABCxyz019-_.="))
def test_no_token_with_one_character_changed_is_taken(at: int, character: str) -> None:
    text = token(claims(), "EdDSA")
    at %= len(text)
    changed = text[:at] + character + text[at + 1 :]
    if changed != text:
        with pytest.raises((PlatformError, KeyError)):
            read(changed)


@given(st.text(max_size=200))
def test_whatever_comes_is_refused_as_unauthenticated(text: str) -> None:
    for reading in (key_id_of, issuer_of):
        with pytest.raises(PlatformError) as refused:
            reading(text)
        assert refused.value.code is Code.AUTH


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_a_token_of_keycloaks_shape_says_who_and_in_which_role(alg: str) -> None:
    person = read(token(claims(), alg))
    assert person.id == "oidc:8c5dbb5c-6b1e-4c4e-9a3a-0d6f3c7d1a11"
    assert (person.role, person.subject.party) == (Role.OFFICER, None)
    assert (person.display, person.via) == ("officer-1", ISSUER)
    assert person.jkt is None


def test_the_claim_of_roles_is_a_setting() -> None:
    provider = replace(PROVIDER, role_claim="groups", roles={"/audit": Role.AUDITOR})
    assert read(token(claims(groups=["/audit"])), provider).role is Role.AUDITOR


def test_clocks_may_differ_by_the_skew_and_no_more() -> None:
    assert read(token(claims(exp=NOW - 29))).expires == NOW - 29
    assert read(token(claims(nbf=NOW + 30))).role is Role.OFFICER


def test_a_bound_token_names_its_key() -> None:
    assert read(token(claims(cnf={"jkt": "abc"}))).jkt == "abc"


def _weak(jwk: Claims) -> Claims:
    return {**jwk, "n": big(2**1023 + 1)}


UNUSABLE: list[Callable[[], Claims]] = [
    lambda: {**jwk_of("RS256"), "use": "enc"},
    lambda: {**jwk_of("RS256"), "alg": "PS256"},
    lambda: {**jwk_of("RS256"), "d": "AQAB"},
    lambda: _weak(jwk_of("RS256")),
    lambda: {**jwk_of("ES256"), "y": jwk_of("ES256")["x"]},
    lambda: {"kty": "oct", "k": "AQAB", "kid": "a", "alg": "HS256"},
    lambda: {name: value for name, value in jwk_of("EdDSA").items() if name != "kid"},
]


@pytest.mark.parametrize("make", UNUSABLE)
def test_a_key_that_cannot_be_used_is_left_out(make: Callable[[], Claims]) -> None:
    listed = json.dumps({"keys": [make(), {**jwk_of("EdDSA"), "kid": "good"}]}).encode()
    assert list(read_keys(listed)) == ["good"]


def test_a_set_with_two_keys_of_one_id_is_refused() -> None:
    listed = json.dumps({"keys": [jwk_of("EdDSA"), jwk_of("EdDSA")]}).encode()
    with pytest.raises(PlatformError, match="one id"):
        read_keys(listed)
