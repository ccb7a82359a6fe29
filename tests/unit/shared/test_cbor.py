from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sextant_shared.cbor import MAX_CBOR_BYTES, MAX_CBOR_DEPTH, Tagged, decode_cbor, encode_cbor
from sextant_shared.errors import Code, PlatformError

# RFC 8949 appendix A: the examples of the kinds that this subset takes.
EXAMPLES = [
    (0, "00"),
    (23, "17"),
    (24, "1818"),
    (100, "1864"),
    (1000, "1903e8"),
    (1000000, "1a000f4240"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (-1, "20"),
    (-10, "29"),
    (-100, "3863"),
    (-1000, "3903e7"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (b"", "40"),
    (bytes([1, 2, 3, 4]), "4401020304"),
    ("", "60"),
    ("IETF", "6449455446"),
    ('"\\', "62225c"),
    ("\u6c34", "63e6b0b4"),
    ([], "80"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    (list(range(1, 26)), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
    ({}, "a0"),
    ({1: 2, 3: 4}, "a201020304"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    (["a", {"b": "c"}], "826161a161626163"),
    (Tagged(18, [1]), "d28101"),
]

REFUSED = [
    pytest.param("", "bytes end", id="nothing"),
    pytest.param("0000", "bytes follow", id="a second value"),
    pytest.param("1817", "longer than it need be", id="23 in two bytes"),
    pytest.param("190018", "longer than it need be", id="24 in three"),
    pytest.param("1a0000ffff", "longer than it need be", id="65535 in five"),
    pytest.param("1b00000000ffffffff", "longer than it need be", id="32 bits in nine"),
    pytest.param("5801ff", "longer than it need be", id="a length in two bytes"),
    pytest.param("5f42010243030405ff", "indefinite", id="bytes in chunks"),
    pytest.param("7f61616162ff", "indefinite", id="text in chunks"),
    pytest.param("9fff", "indefinite", id="an array without a length"),
    pytest.param("bfff", "indefinite", id="a map without a length"),
    pytest.param("ff", "indefinite", id="a break alone"),
    pytest.param("1c", "indefinite", id="a reserved length"),
    pytest.param("a203040102", "in order", id="keys out of order"),
    pytest.param("a201020102", "in order", id="a key twice"),
    pytest.param("a2616101016102", "in order", id="text before a number"),
    pytest.param("a1f501", "no integer or text", id="true as a key"),
    pytest.param("a1410001", "no integer or text", id="bytes as a key"),
    pytest.param("a18001", "no integer or text", id="an array as a key"),
    pytest.param("f7", "no receipt holds", id="undefined"),
    pytest.param("f814", "no receipt holds", id="false in two bytes"),
    pytest.param("f8ff", "no receipt holds", id="another simple value"),
    pytest.param("f90000", "no receipt holds", id="a half float"),
    pytest.param("fb3ff199999999999a", "no receipt holds", id="a float"),
    pytest.param("c11a514b67b0", "no receipt holds", id="another tag"),
    pytest.param("d8128101", "longer than it need be", id="tag 18 in two bytes"),
    pytest.param("61ff", "not UTF-8", id="text that is none"),
    pytest.param("63edb080", "not UTF-8", id="a surrogate"),
    pytest.param("4401", "bytes end", id="bytes that are missing"),
    pytest.param("9b7fffffffffffffff", "longer than its bytes", id="an endless array"),
    pytest.param("bb7fffffffffffffff", "longer than its bytes", id="an endless map"),
    pytest.param("5b7fffffffffffffff", "bytes end", id="endless bytes"),
    pytest.param("81" * MAX_CBOR_DEPTH + "00", "deeper", id="too deep"),
]  # fmt: skip


@pytest.mark.parametrize(("encoded", "why"), REFUSED)
def test_another_encoding_is_refused(encoded: str, why: str) -> None:
    with pytest.raises(PlatformError, match=why) as caught:
        decode_cbor(bytes.fromhex(encoded))
    assert caught.value.code is Code.MALFORMED


def test_more_bytes_than_allowed_are_refused_unread() -> None:
    with pytest.raises(PlatformError) as caught:
        decode_cbor(bytes(MAX_CBOR_BYTES + 1))
    assert caught.value.code is Code.TOO_LARGE


@pytest.mark.parametrize("value", [1.5, {1, 2}, 1 << 64, -(1 << 64) - 1, object()])
def test_what_the_subset_cannot_state_is_not_written(value: Any) -> None:
    with pytest.raises(PlatformError) as caught:
        encode_cbor(value)
    assert caught.value.code is Code.MALFORMED


@pytest.mark.parametrize(("value", "encoded"), EXAMPLES)
def test_an_example_of_the_standard_is_written_and_read(value: Any, encoded: str) -> None:
    assert encode_cbor(value).hex() == encoded
    assert decode_cbor(bytes.fromhex(encoded)) == value


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 64), (1 << 64) - 1)
    | st.binary(max_size=300)
    | st.text(max_size=40)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-500, 500) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_written_is_read_as_the_same(value: Any) -> None:
    assume(_depth(value) <= MAX_CBOR_DEPTH)
    read = decode_cbor(encode_cbor(value))
    assert (repr(read), read) == (repr(_sorted(value)), value)


@given(st.binary(max_size=60))
def test_what_is_read_has_no_second_encoding(data: bytes) -> None:
    try:
        value = decode_cbor(data)
    except PlatformError:
        return
    assert encode_cbor(value) == data


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=encode_cbor)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    return 1 + max((_depth(item) for item in value), default=0) if isinstance(value, list) else 1
