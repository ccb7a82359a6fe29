import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.encoding import b64u, canonical_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import (
    AccessEntry,
    format_accepted,
    format_entry,
    parse_entry,
)
from tests.support.entries import sample_entries
from tests.support.logs import INSTANT, envelope_id, make_accepted, random128

ACCEPTED = json.loads(format_entry(make_accepted(5)))


def bent(**members: Any) -> bytes:
    kept = {**ACCEPTED, **members}
    return canonical_json({name: value for name, value in kept.items() if value is not ...})


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="no type"),
        pytest.param(b"\xff{}", id="not utf-8"),
        pytest.param(b"[" * 4000, id="deep nesting"),
        pytest.param(bent(type="envelope.lost"), id="an unknown type"),
        pytest.param(bent(v=2), id="another version"),
        pytest.param(bent(v=True), id="true for one"),
        pytest.param(bent(reg="0"), id="a number as text"),
        pytest.param(bent(reg=-1), id="a negative index"),
        pytest.param(bent(more=1), id="an unknown member"),
        pytest.param(bent(man=...), id="a missing member"),
        pytest.param(bent(id="A" * 21 + "B"), id="an id with spare bits"),
        pytest.param(bent(man="A" * 42 + "B"), id="a digest with spare bits"),
        pytest.param(bent(man="A" * 44), id="a long digest"),
        pytest.param(bent(t="2026-11-24T11:28:00Z"), id="a time to the second"),
        pytest.param(bent(t="2026-13-24T11:28:00.000Z"), id="a thirteenth month"),
        pytest.param(bent(t="2026-11-24T11:28:00.000Z\n"), id="a newline after the time"),
        pytest.param(bent(env=envelope_id(1).upper()), id="an upper-case envelope id"),
        pytest.param(bent(env="0193a3c0-0000-4000-8000-000000000001"), id="another uuid version"),
        pytest.param(json.dumps(ACCEPTED).encode(), id="blanks"),
        pytest.param(json.dumps(ACCEPTED, separators=(",", ":")).encode()[::-1], id="reversed"),
        pytest.param(bent()[:-1] + b',"v":1}', id="a member twice"),
        pytest.param(bent().replace(b'"reg":0', b'"reg":0.0'), id="a float"),
        pytest.param(bent().replace(b'"reg":0', b'"reg":-0'), id="minus zero"),
        pytest.param(bent().replace(b'"type"', b'"\\u0074ype"'), id="an escaped letter"),
        pytest.param(bent() + b"\n", id="a newline after it"),
    ],
)
def test_what_is_not_exactly_an_entry_is_refused(data: bytes) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_entry(data)
    assert caught.value.code is Code.MALFORMED


def test_a_member_that_is_not_said_is_left_out_and_never_null() -> None:
    common: Any = {"v": 1, "id": random128(1), "t": INSTANT, "nonce": random128(2)}
    said = {**common, "type": "access", "commit": b64u(bytes(32))}
    assert parse_entry(canonical_json(said)) == AccessEntry(**said)
    for null in ({"env": None}, {"ref": None}, {"env": None, "ref": None}):
        with pytest.raises(PlatformError) as caught:
            parse_entry(canonical_json({**said, **null}))
        assert caught.value.code is Code.MALFORMED


def test_an_entry_beyond_the_limit_is_refused() -> None:
    with pytest.raises(PlatformError, match="E_TOO_LARGE"):
        parse_entry(b"[" * 4097)


def test_the_refusal_names_every_place() -> None:
    with pytest.raises(PlatformError) as caught:
        parse_entry(bent(reg="0", man=...))
    assert {f.pointer for f in caught.value.findings} == {
        "/envelope.accepted/reg",
        "/envelope.accepted/man",
    }


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes_are_an_entry_or_a_refusal(noise: bytes, cut: int) -> None:
    good = bent()
    for candidate in (noise, good[:cut] + noise + good[cut:], good[:cut] + noise):
        try:
            entry = parse_entry(candidate)
        except PlatformError:
            continue
        assert format_entry(entry) == candidate


def test_each_type_of_entry_reads_back() -> None:
    for entry in sample_entries():
        assert parse_entry(format_entry(entry)) == entry


@given(st.integers(0, 2**122 - 1), st.binary(min_size=32, max_size=32), st.integers(0, 2**53 - 1))
def test_the_short_way_to_an_accepted_entry_gives_the_same_bytes(
    number: int, digest: bytes, reg: int
) -> None:
    entry = make_accepted(number, env=envelope_id(number % 1000), man=digest, reg=reg)
    quick = format_accepted(
        id_=entry.id, t=entry.t, nonce=entry.nonce, env=entry.env, man=entry.man, reg=entry.reg
    )
    assert quick == format_entry(entry)
    assert parse_entry(quick) == entry
