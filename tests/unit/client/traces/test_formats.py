"""The same spans out of every format, and a refusal with its place for what is none of them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from sextant_client.traces.formats import read_spans
from sextant_shared.errors import Code, PlatformError
from tests.support.spans import STORY, jaeger, otlp, phoenix


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in documents)


OWN = lines(*(one.as_line() for one in STORY))


def refusal(data: bytes) -> PlatformError:
    with pytest.raises(PlatformError) as refused:
        read_spans(data, "place")
    assert refused.value.code is Code.MALFORMED
    return refused.value


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"span_id": 1}\n', "place holds spans in no form"),
        (b"[1]", "place holds spans in no form"),
        (b"7\n", "place holds spans in no form"),
        (OWN + b"half a li\n" + OWN, "place:4 is no JSON"),
        (OWN + b'{"resourceSpans": 7}\n', "place:4 holds spans in no form"),
        (b"[" * 100_000, "place:1 is no JSON"),
        (json.dumps({"data": [{"spans": [{}], "processes": {}}]}).encode(), "in no form"),
    ],
)
def test_what_is_none_of_the_formats_is_refused_with_its_place(data: bytes, said: str) -> None:
    assert said in refusal(data + (b"\n" if data.startswith(b"[[") else b"")).detail


@pytest.mark.parametrize("id_", ["", "0af7", "zz" * 16, "AAAA", 7])
def test_an_id_of_another_length_or_alphabet_is_refused(id_: Any) -> None:
    batches = otlp()
    batches[1]["scopeSpans"][0]["spans"][0]["traceId"] = id_
    refusal(json.dumps({"resourceSpans": batches}).encode())


def test_a_time_without_a_zone_is_refused() -> None:
    answer = phoenix()
    answer["data"][0]["start_time"] = "2026-09-21T14:13:20"
    assert "no time zone" in refusal(json.dumps(answer).encode()).received


@pytest.mark.parametrize(
    "data",
    [
        OWN,
        OWN + b'{"trace_id": "0a',  # the last line is being written
        json.dumps({"resourceSpans": otlp()}).encode(),
        lines(*({"resourceSpans": [one]} for one in otlp())),
        json.dumps({"batches": otlp(base64_ids=True, names=True)}).encode(),
        json.dumps({"trace": {"resourceSpans": otlp()}}).encode(),
    ],
    ids=["own", "own, unfinished", "OTLP", "OTLP, lines", "Tempo", "Tempo 2"],
)
def test_own_lines_and_otlp_keep_everything(data: bytes) -> None:
    assert read_spans(data, "place") == list(STORY)


def test_jaeger_keeps_everything_but_the_types_of_attributes() -> None:
    found = read_spans(json.dumps(jaeger()).encode(), "place")
    for one, expected in zip(found, STORY, strict=True):
        assert expected.attributes.items() <= one.attributes.items()
        assert replace(one, attributes=expected.attributes) == expected


def test_phoenix_keeps_neither_kind_nor_links() -> None:
    found = read_spans(json.dumps(phoenix()).encode(), "place")
    for one, expected in zip(found, STORY, strict=True):
        plain = replace(expected, kind="internal", links=(), attributes=one.attributes)
        assert one == plain


def test_what_another_program_left_out_is_no_span() -> None:
    assert read_spans(b'{"data": null, "errors": []}', "place") == []
    assert read_spans(b'{"batches": []}', "place") == []
    assert read_spans(b"", "place") == []
