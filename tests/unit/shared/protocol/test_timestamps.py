"""Replies of a time-stamping authority: which are believed, and why the others are not."""

import re
from collections.abc import Callable

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_shared.clock import system_clock, timestamp_s
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.timestamps import (
    MAX_REPLY_BYTES,
    TOLERANCE_S,
    Timestamp,
    make_query,
    read_roots,
    require_sane_time,
    verify_timestamp,
)
from sextant_shared.protocol.tokenorder import in_der_order, token_of
from tests.support.tsa import Authority, authority, needs_openssl, stranger

pytestmark = needs_openssl
DATA = b"log.example/sextant\n7\n"


def code(reply: bytes, data: bytes = DATA, nonce: int | None = None, by: str = "") -> Code:
    roots = read_roots((stranger() if by == "stranger" else authority()).roots)
    with pytest.raises(PlatformError) as caught:
        verify_timestamp(reply, data, roots, nonce)
    return caught.value.code


def told(work: Callable[[], object]) -> tuple[str, str, str, str]:
    with pytest.raises(PlatformError) as caught:
        work()
    error = caught.value
    return str(error.code), error.detail, error.expected, error.received


def judged(reply: bytes, data: bytes = DATA, nonce: int | None = None) -> tuple[str, str, str, str]:
    return told(lambda: verify_timestamp(reply, data, read_roots(authority().roots), nonce))


GRANTED = "a granted TimeStampResp"


@pytest.fixture(scope="module")
def stamped() -> tuple[bytes, int]:
    query = make_query(DATA)
    return authority().reply(query.body), query.nonce


def test_a_reply_about_other_bytes_is_refused(stamped: tuple[bytes, int]) -> None:
    assert judged(stamped[0], DATA + b"x", stamped[1]) == (
        "E_DIGEST",
        "the time-stamp is about other bytes",
        f"SHA-256 {sha256(DATA + b'x').hex()}",
        f"2.16.840.1.101.3.4.2.1 {sha256(DATA).hex()}",
    )


def test_a_reply_to_another_query_is_refused(stamped: tuple[bytes, int]) -> None:
    assert judged(stamped[0], nonce=stamped[1] + 1) == (
        "E_INTEGRITY",
        "the time-stamp answers another query",
        f"nonce {stamped[1] + 1}",
        f"nonce {stamped[1]}",
    )


def test_a_reply_by_an_authority_that_is_not_pinned_is_refused(stamped: tuple[bytes, int]) -> None:
    roots = read_roots(stranger().roots)
    found = told(lambda: verify_timestamp(stamped[0], DATA, roots, stamped[1]))
    assert found[:3] == (
        "E_SIGNATURE",
        "the time-stamp is not signed by an authority that is believed",
        "a chain to a pinned root, for time-stamping, valid at that time",
    )
    assert re.fullmatch("[a-z -]+certificate[a-z -]*", found[3])  # in the words of OpenSSL


def test_what_openssl_says_in_another_form_is_told_as_it_is(stamped: tuple[bytes, int]) -> None:
    at = stamped[0].index(sha256(DATA)) - 60  # inside the token, before what is stamped
    found = [
        judged(stamped[0][:n] + bytes([stamped[0][n] ^ 1]) + stamped[0][n + 1 :], DATA, stamped[1])
        for n in range(max(at, 40), 60)
    ]
    said = [one[3] for one in found if one[0] == "E_SIGNATURE"]
    assert any(one.startswith("Error while verifying certificates: ") for one in said)
    assert max(map(len, said)) <= 200


def test_an_authority_without_the_purpose_does_not_even_sign() -> None:
    one = Authority(purpose=ExtendedKeyUsageOID.CODE_SIGNING)
    query = make_query(DATA)
    with pytest.raises(Exception, match="openssl"):
        one.reply(query.body)


def test_a_reply_by_an_expired_certificate_is_refused() -> None:
    one, query = Authority(expired=True), make_query(DATA)
    with pytest.raises(PlatformError) as caught:
        verify_timestamp(one.reply(query.body), DATA, read_roots(one.roots), query.nonce)
    assert caught.value.code is Code.SIGNATURE
    assert "expired" in caught.value.received


def test_a_refusal_of_the_authority_is_no_time_stamp() -> None:
    found = judged(authority().reply(b"no query"))
    assert found[:3] == ("E_MALFORMED", "the authority granted no time-stamp", GRANTED)
    assert found[3].startswith("status 2 ")
    assert len(found[3]) > len("status 2 ")


@pytest.mark.parametrize("reply", [b"", b"0", b"\x30\x80", b"<html>", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_reply_is_refused(reply: bytes) -> None:
    assert code(reply) is Code.MALFORMED


def test_an_endless_reply_is_refused_before_it_is_read() -> None:
    assert judged(bytes(MAX_REPLY_BYTES + 1)) == (
        "E_TOO_LARGE",
        "a reply has at most 65536 bytes",
        "",
        "",
    )
    found = judged(bytes(MAX_REPLY_BYTES))
    assert found[:3] == ("E_MALFORMED", "this is no reply of RFC 3161", GRANTED)
    assert 0 < len(found[3]) <= 200


def test_a_reply_that_is_granted_without_a_token_is_refused() -> None:
    found = judged(b"\x30\x05\x30\x03\x02\x01\x00")
    assert found[:3] == ("E_MALFORMED", "the reply holds no time-stamp token", GRANTED)
    assert found[3]


def test_bytes_after_a_reply_are_refused(stamped: tuple[bytes, int]) -> None:
    assert code(stamped[0] + b"\x00") is Code.MALFORMED


def test_each_changed_byte_is_refused_or_says_the_same(stamped: tuple[bytes, int]) -> None:
    """A token has a few bytes that nobody signs: versions, and parameters of algorithms."""
    reply, nonce = stamped
    roots = read_roots(authority().roots)
    sound, believed = verify_timestamp(reply, DATA, roots, nonce), []
    for at in range(len(reply)):
        changed = bytearray(reply)
        changed[at] ^= 1 << at % 8
        try:
            found = verify_timestamp(bytes(changed), DATA, roots, nonce)
        except PlatformError:
            continue
        believed.append(at)
        assert (found.time, found.authority) == (sound.time, sound.authority)
    assert len(believed) < 16, believed


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_without_another_error(data: bytes) -> None:
    assert code(data) is Code.MALFORMED


@pytest.mark.parametrize("off", [-TOLERANCE_S - 2, TOLERANCE_S + 2])
def test_a_time_that_cannot_be_is_refused(off: float) -> None:
    stamp = Timestamp(1000.0 + off, "x", bytes(32))
    assert told(lambda: require_sane_time(stamp, 1000.0, 1060.0 if off < 0 else 1000.0)) == (
        "E_CLOCK",
        "the time-stamp states a time that cannot be",
        f"1970-01-01T00:16:40Z to {'1970-01-01T00:17:40Z' if off < 0 else '1970-01-01T00:16:40Z'}",
        timestamp_s(1000.0 + off),
    )
    require_sane_time(stamp, 1000.0 + off, 1000.0 + off)
    for edge in (-TOLERANCE_S, TOLERANCE_S):
        require_sane_time(Timestamp(1000.0 + edge, "x", bytes(32)), 1000.0, 1000.0)


@pytest.mark.parametrize("pem", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_roots_that_do_not_load_are_refused(pem: bytes) -> None:
    found = told(lambda: read_roots(pem))
    assert found[:3] == (
        "E_KEY",
        "the file of time-stamping authorities holds no certificate that loads",
        "one or more PEM certificates",
    )
    assert 0 < len(found[3]) <= 120


def test_a_time_stamp_is_verified_by_us_and_by_openssl(stamped: tuple[bytes, int]) -> None:
    found = verify_timestamp(stamped[0], DATA, read_roots(authority().roots), stamped[1])
    assert abs(found.time - system_clock()) < 60
    assert found.authority.startswith("CN=tsa.example root #")
    assert "Verification: OK" in authority().verifies(stamped[0], DATA)
    assert "Verification: FAILED" in authority().verifies(stamped[0], DATA + b"x")


def test_an_authority_may_send_its_certificates_in_any_order() -> None:
    """OpenSSL sends the signer's first, which here is the longer one: out of order."""
    one, query = Authority(sends_chain=True), make_query(DATA)
    reply = one.reply(query.body)
    ordered = in_der_order(reply)
    assert ordered != reply
    assert sorted(ordered) == sorted(reply)
    assert in_der_order(ordered) == ordered
    found = verify_timestamp(reply, DATA, read_roots(one.roots), query.nonce)
    assert found.token == token_of(reply) in reply
    assert "Verification: OK" in one.verifies(reply, DATA)
    assert "Verification: OK" in one.verifies(ordered, DATA)


def test_what_cannot_be_walked_is_left_as_it_is(stamped: tuple[bytes, int]) -> None:
    reply = stamped[0]
    for cut in range(0, len(reply), 5):
        assert in_der_order(reply[:cut]) == reply[:cut]
        bent = reply[:cut] + bytes([reply[cut] ^ 0x81]) + reply[cut + 1 :]
        assert sorted(in_der_order(bent)) == sorted(bent)


def test_two_queries_have_two_nonces() -> None:
    assert make_query(DATA).nonce != make_query(DATA).nonce
