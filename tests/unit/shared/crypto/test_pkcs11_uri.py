"""A key file names a token and a key in it, and nothing that would be loaded or typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.crypto.pkcs11 import TokenUri
from sextant_shared.errors import Code, PlatformError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no PKCS#11 URI"),
        ("PKCS11:token=a", "no PKCS#11 URI"),
        ("file:///etc/keys", "no PKCS#11 URI"),
        ("pkcs11:" + "a" * 1100, "no PKCS#11 URI"),
        ("pkcs11:", "without a value"),
        ("pkcs11:token", "without a value"),
        ("pkcs11:token=a;token=b", "repeated"),
        ("pkcs11:slot-id=1", "unknown"),
        ("pkcs11:token=a;", "without a value"),
        ("pkcs11:token=NA XBO", "as RFC 7512 says"),
        ("pkcs11:token=a%2", "as RFC 7512 says"),
        ("pkcs11:token=Ä", "as RFC 7512 says"),
        ("pkcs11:token=%FF", "UTF-8"),
        ("pkcs11:token=a;type=public", "private key"),
        ("pkcs11:object=key;id=%01", "names no token"),
        ("pkcs11:token=", "names no token"),
        ("pkcs11:token=a?pin-value=1234", "query attributes"),
        ("pkcs11:token=a?module-path=/tmp/evil.so", "query attributes"),
    ],
)
def test_what_names_no_token_or_asks_for_more_is_refused(text: str, said: str) -> None:
    with pytest.raises(PlatformError, match=said) as caught:
        TokenUri.parse(text)
    assert caught.value.code is Code.MALFORMED


def test_a_pin_in_a_name_is_not_repeated_and_its_place_is_told() -> None:
    with pytest.raises(PlatformError) as caught:
        TokenUri.parse("pkcs11:token=a?pin-value=1234")
    assert "1234" not in f"{caught.value} {caught.value.received}"
    assert "SEXTANT_PIN_FILE" in caught.value.fix


def test_the_examples_of_the_standard_are_read() -> None:
    uri = TokenUri.parse(
        "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;"
        "model=1.0;object=my-certificate;type=private;id=%69%95%3E%5C%F4%BD%EC%91;serial=1"
    )
    assert uri.token == "The Software PKCS#11 Softtoken"
    assert uri.manufacturer == "Snake Oil, Inc."
    assert uri.id == bytes.fromhex("69953e5cf4bdec91")
    assert uri.names_key


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(
    token=TEXT,
    serial=st.none() | TEXT,
    label=st.none() | TEXT,
    identifier=st.none() | st.binary(max_size=20),
)
def test_what_is_written_is_read_back(
    token: str, serial: str | None, label: str | None, identifier: bytes | None
) -> None:
    uri = TokenUri(token=token, serial=serial, object=label, id=identifier)
    assert TokenUri.parse(str(uri)) == uri
    assert str(uri).isascii()
