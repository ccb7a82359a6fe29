"""Times and ids: one spelling each, so that two readers never see two instants."""

import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared.clock import parse_timestamp, timestamp_ms, timestamp_s, uuid7
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import UUID7_PATTERN

NOON = 1_795_521_600.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-24",
        "2026-11-24 12:00:00Z",
        "2026-11-24T12:00:00",
        "2026-11-24T12:00:00+00:00",
        "2026-11-24T12:00:00+00:00Z",
        "2026-11-24T12:00:00z",
        "2026-11-24T12:00:00Z\n",
        "2026-11-24T12:00:00.1Z",
        "2026-11-24T12:00:00,123Z",
        "2026-11-24T12Z",
        "20261124T120000Z",
        "2026-W48-2T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T12:00:60Z",
        "٢٠٢٦-11-24T12:00:00Z",
    ],
)
def test_a_time_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(PlatformError) as caught:
        parse_timestamp(text)
    assert caught.value.code is Code.MALFORMED


def test_a_known_instant_reads_and_writes() -> None:
    assert timestamp_s(NOON) == "2026-11-24T12:00:00Z"
    assert timestamp_ms(NOON + 0.5) == "2026-11-24T12:00:00.500Z"
    assert parse_timestamp("2026-11-24T12:00:00Z") == NOON


@given(st.integers(0, 4_000_000_000_000))
def test_milliseconds_survive_reading_and_writing(milliseconds: int) -> None:
    text = timestamp_ms(milliseconds / 1000)
    assert timestamp_ms(parse_timestamp(text)) == text


def test_ids_are_ordered_by_their_millisecond_and_never_equal() -> None:
    ids = [uuid7(partial(float, moment)) for moment in (NOON, NOON + 0.001, NOON + 1)]
    assert ids == sorted(ids)
    assert all(re.match(UUID7_PATTERN, one) for one in ids)
    assert uuid7(lambda: NOON) != uuid7(lambda: NOON)
