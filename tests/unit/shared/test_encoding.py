"""Bytes that two parsers could read differently are refused."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.encoding import b64_decode, b64u, b64u_decode, canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError

TEXTS = st.characters(codec="utf-8", exclude_characters="\0")
NAMES = st.text(TEXTS, max_size=8)


@pytest.mark.parametrize(
    "text",
    ["YQ==", "YR", "a", "a+b_", "a/b_", "YWJj\n", " YWJj", "YWJjé", "AA=A", "YQ\x00"],
    ids=["padded", "spare bits", "one", "plus", "slash", "newline", "blank", "é", "inner", "nul"],
)
def test_base64url_that_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(PlatformError) as caught:
        b64u_decode(text)
    assert caught.value.code is Code.MALFORMED


@pytest.mark.parametrize("text", ["YQ", "YR==", "YQ==\n", "Y_==", "YQ=", "===="])
def test_base64_that_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(PlatformError):
        b64_decode(text)


def test_another_length_than_expected_is_refused() -> None:
    with pytest.raises(PlatformError, match="wrong length"):
        b64u_decode(b64u(b"abc"), 4)


@given(st.binary(max_size=200))
def test_base64url_round_trips(data: bytes) -> None:
    assert b64u_decode(b64u(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b"[]",
        b"null",
        b"",
        b'{"a":1} x',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":[[[[[[1]]]]]]}',
        b"[" * 60_000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_ambiguous_json_is_refused(data: bytes) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_json(data, max_bytes=100_000)
    assert caught.value.code is Code.MALFORMED


def test_a_nul_is_told_of_each_text_that_holds_one_and_of_no_other() -> None:
    data = rb'{"a":["\u0000",{"b/c":"x\u0000"}],"d\u0000":{"e":1},"f":"\\u0000 is no NUL"}'
    with pytest.raises(PlatformError, match="NUL") as caught:
        parse_json(data, max_bytes=1000)
    error = caught.value
    assert (error.code, error.received) == (Code.MALFORMED, r"'\x00'")
    assert [(f.pointer, f.message.partition(" holds")[0]) for f in error.findings] == [
        ("/a/0", "a text"),
        ("/a/1/b~1c", "a text"),
        ("", "the name of a member"),
    ]
    assert all(f.expected and f.received and f.fix for f in error.findings)
    assert "\0" not in f"{error} {error.findings}"
    assert parse_json(rb'{"f":"\\u0000"}', max_bytes=100) == {"f": "\\u0000"}


def test_no_more_findings_on_nul_than_a_reader_can_use() -> None:
    with pytest.raises(PlatformError) as caught:
        parse_json(b'{"a":[' + b",".join([rb'"\u0000"'] * 5000) + b"]}", max_bytes=100_000)
    assert len(caught.value.findings) == 100


def test_json_beyond_its_bound_is_refused_unread() -> None:
    with pytest.raises(PlatformError) as caught:
        parse_json(b'{"a":"' + b"x" * 100 + b'"}', max_bytes=50)
    assert caught.value.code is Code.TOO_LARGE


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":[[],[],[],[],[],[]],"b":"' + b'\\"' * 200_000,
        b"{" + b",".join(b'"m%d":1' % n for n in range(100_000)) + b',"m99999":1}',
    ],
    ids=["a string that never closes", "the last of many members stands twice"],
)
def test_hostile_json_is_refused_in_linear_time(data: bytes) -> None:
    # Quadratic time would be minutes; the bound leaves room for a busy machine.
    started = time.process_time()
    with pytest.raises(PlatformError) as caught:
        parse_json(data, max_bytes=1 << 22)
    assert caught.value.code is Code.MALFORMED
    assert time.process_time() - started < 2


def test_depth_hidden_behind_an_escaped_quote_is_found() -> None:
    with pytest.raises(PlatformError, match="too deep"):
        parse_json(b'{"a":"\\"","b":[[[[[[1]]]]]]}', max_bytes=100)


def test_brackets_inside_strings_do_not_count_as_depth() -> None:
    assert parse_json(b'{"a":"[[[[[[[[[\\"[[["}', max_bytes=100)["a"].startswith("[[[")


@pytest.mark.parametrize(
    "value",
    [1.5, {"a": 0.1}, 2**53, [float("nan")], {"a": "\ud800"}, {1: 2}, b"a", ["\0"], {"\0": 1}],
)
def test_values_without_canonical_form_are_refused(value: object) -> None:
    with pytest.raises(PlatformError):
        canonical_json(value)


def test_members_are_ordered_by_utf16_code_units() -> None:
    # RFC 8785 §3.2.3: U+1F600 (surrogates d83d…) sorts before U+FB33.
    assert canonical_json({"\ufb33": 1, "\U0001f600": 2}) == '{"😀":2,"\ufb33":1}'.encode()


@given(st.dictionaries(NAMES, st.none(), max_size=6))
def test_the_order_of_members_is_that_of_utf16_whatever_their_names(value: dict[str, None]) -> None:
    names = list(json.loads(canonical_json(value)))
    assert names == sorted(value, key=lambda name: name.encode("utf-16-be"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(TEXTS, max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, JSON, max_size=5))
def test_canonical_json_reads_back_and_is_stable(value: dict[str, object]) -> None:
    data = canonical_json(value)
    again = parse_json(data, max_bytes=1 << 20, max_depth=20)
    assert again == value
    assert canonical_json(again) == data
    assert json.loads(data) == value
