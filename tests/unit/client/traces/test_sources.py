"""Back ends are asked as their makers document it; what they answer is bounded, never trusted."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from sextant_client.traces import sources
from sextant_client.traces.sources import source_of
from sextant_client.traces.spans import Wanted
from sextant_shared.errors import Code, PlatformError
from tests.support.spans import ENVELOPE, STORY, TRACE, jaeger, otlp, phoenix

BY_TRACE, BY_ENVELOPE = Wanted.of(TRACE.upper()), Wanted.of(ENVELOPE)
KINDS = ("jaeger", "tempo", "phoenix")


@dataclass
class BackEnd:
    """Answers by path and remembers what it was asked."""

    answers: dict[str, Any]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = {key: value[0] for key, value in parse_qs(request.url.query.decode()).items()}
        self.asked.append((request.url.path, query))
        if request.url.path not in self.answers:
            return httpx.Response(404, json={"error": "trace not found"})
        return httpx.Response(200, json=self.answers[request.url.path])


def ask(kind: str, answer: Callable[[httpx.Request], httpx.Response], wanted: Wanted) -> Any:
    source = source_of(f"{kind}+http://127.0.0.1:1", httpx.MockTransport(answer))
    return wanted.among(source.spans(wanted))


@pytest.mark.parametrize("text", ["", "12", TRACE[1:], ENVELOPE[:-1], "NA-XAL"])
def test_an_id_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(PlatformError) as refused:
        Wanted.of(text)
    assert refused.value.code is Code.MALFORMED
    assert "32 hex digits" in refused.value.expected


@pytest.mark.parametrize(
    "text", ["zipkin+http://127.0.0.1:1", "http://127.0.0.1", "jaeger+ftp://x"]
)
def test_an_address_without_a_known_back_end_is_refused(text: str) -> None:
    with pytest.raises(PlatformError) as refused:
        source_of(text)
    assert "jaeger+http://" in refused.value.expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(500), Code.UNAVAILABLE),
        (httpx.Response(302, headers={"Location": "http://127.0.0.1:2/"}), Code.UNAVAILABLE),
        (httpx.Response(200, text="<html>"), Code.MALFORMED),
        (httpx.Response(200, text="[]"), Code.MALFORMED),
        (httpx.Response(200, content=b" " * 2000), Code.TOO_LARGE),
    ],
)
def test_an_answer_that_is_none_is_told(
    kind: str, answer: httpx.Response, code: Code, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 1000)
    with pytest.raises(PlatformError) as refused:
        ask(kind, lambda _: answer, BY_ENVELOPE)
    assert refused.value.code is code


@pytest.mark.parametrize("kind", KINDS)
def test_a_back_end_that_is_away_is_told(kind: str) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(PlatformError) as refused:
        ask(kind, away, BY_TRACE)
    assert refused.value.code is Code.UNAVAILABLE


@pytest.mark.parametrize("kind", KINDS)
def test_a_trace_that_a_back_end_does_not_know_has_no_spans(kind: str) -> None:
    assert ask(kind, BackEnd({}), BY_TRACE) == []
    assert ask(kind, BackEnd({}), BY_ENVELOPE) == []


@pytest.mark.parametrize(
    ("kind", "path", "answer"),
    [
        ("jaeger", f"/api/traces/{TRACE}", jaeger()),
        ("tempo", f"/api/traces/{TRACE}", {"batches": otlp(base64_ids=True)}),
        ("phoenix", "/v1/projects/default/spans", phoenix()),
    ],
)
def test_a_trace_is_asked_for_by_its_id(kind: str, path: str, answer: Any) -> None:
    back_end = BackEnd({path: answer})
    assert [one.id for one in ask(kind, back_end, BY_TRACE)] == [one.id for one in STORY]
    assert [asked for asked, _ in back_end.asked] == [path]


def test_jaeger_is_asked_for_an_envelope_by_its_attribute_since_it_was_sealed() -> None:
    back_end = BackEnd({"/api/traces": jaeger()})
    assert len(ask("jaeger", back_end, BY_ENVELOPE)) == len(STORY)
    assert {query["service"] for _, query in back_end.asked} == {"exchange", "declarations"}
    query = back_end.asked[0][1]
    assert json.loads(query["tags"]) == {"dxe.envelope.id": ENVELOPE}
    sealed_us = int(ENVELOPE.replace("-", "")[:12], 16) * 1000
    assert int(query["start"]) < sealed_us < int(query["end"])


def test_tempo_is_asked_for_an_envelope_by_traceql() -> None:
    found = {"traces": [{"traceID": TRACE.lstrip("0")}], "metrics": {}}
    trace = f"/api/traces/{TRACE}"
    back_end = BackEnd({"/api/search": found, trace: {"batches": otlp()}})
    assert ask("tempo", back_end, BY_ENVELOPE) == list(STORY)
    assert back_end.asked[0][1]["q"] == f'{{ span.dxe.envelope.id = "{ENVELOPE}" }}'
    assert back_end.asked[1][0] == trace


def test_phoenix_is_asked_page_by_page_in_the_project_that_is_named() -> None:
    first, second = phoenix(), phoenix()
    first["data"], second["data"] = first["data"][:1], second["data"][1:]
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, dict(request.url.params)))
        is_second = "cursor" in request.url.params
        return httpx.Response(200, json=second if is_second else {**first, "next_cursor": "Mg"})

    source = source_of("phoenix+http://127.0.0.1:1#cwc", httpx.MockTransport(answer))
    found = BY_ENVELOPE.among(source.spans(BY_ENVELOPE))
    assert [one.id for one in found] == [one.id for one in STORY]
    assert {path for path, _ in asked} == {"/v1/projects/cwc/spans"}
    assert asked[0][1]["attribute"] == f'dxe.envelope.id:"{ENVELOPE}"'
    assert [query.get("cursor") for _, query in asked] == [None, "Mg", None, "Mg"]


def test_a_folder_is_all_its_files_of_spans_and_nothing_else(tmp_path: Path) -> None:
    for one in STORY:
        path = tmp_path / f"{one.service}.jsonl"
        path.write_text(json.dumps(one.as_line()) + "\n")
    (tmp_path / "collector.json").write_text(json.dumps({"resourceSpans": otlp()}))
    (tmp_path / "notes.txt").write_text("no spans")
    found = BY_ENVELOPE.among(source_of(str(tmp_path)).spans(BY_ENVELOPE))
    assert found == list(STORY)


def test_a_folder_of_the_folders_of_services_is_all_their_files(tmp_path: Path) -> None:
    for one in STORY:
        path = tmp_path / one.service / f"{one.service}.jsonl"
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as file:
            file.write(json.dumps(one.as_line()) + "\n")
    found = BY_ENVELOPE.among(source_of(str(tmp_path)).spans(BY_ENVELOPE))
    assert found == list(STORY)


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_a_place_without_files_of_spans_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PlatformError) as refused:
        source_of(str(tmp_path / name)).spans(BY_TRACE)
    assert refused.value.code is Code.NOT_FOUND


def test_a_file_that_is_too_long_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 10)
    path = tmp_path / "spans.jsonl"
    path.write_text(" " * 11)
    with pytest.raises(PlatformError) as refused:
        source_of(str(path)).spans(BY_TRACE)
    assert refused.value.code is Code.TOO_LARGE
