"""Listening: events where they get through, the long poll where not, each delivery once."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_client.listening import EVENT_STREAM, EVENTS, Event, Listener, read_events
from sextant_client.session import Session
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.problems import MEDIA_TYPE, problem_of

Answer = Callable[[httpx.Request], httpx.Response]


def delivery(seq: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "sender": "NA-XAL",
        "id": f"id-{seq}",
        "type": "declaration.annual",
        "class": "C1",
        "size": 1,
        "manifest": "m",
        "deposited": "2026-01-01T00:00:00.000Z",
        "state": "available",
        "attempts": 0,
        "last_error": "",
        "index": seq,
    }


def stream(*blocks: str) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": EVENT_STREAM}, text="".join(blocks))


def event(seq: int) -> str:
    return f"id: {seq}\nevent: delivery\ndata: {json.dumps(delivery(seq))}\n\n"


def page(*numbers: int) -> httpx.Response:
    items = [delivery(seq) for seq in numbers]
    return httpx.Response(200, json={"items": items, "next": numbers[-1] if numbers else 0})


def problem(code: Code, status: int) -> httpx.Response:
    document = problem_of(PlatformError(code, "no"))
    return httpx.Response(status, json=document, headers={"content-type": MEDIA_TYPE})


class Exchange:
    """Answers requests one after the other, and remembers what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path, request.url.params["after"]))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def heard(self, count: int, after: int = 0) -> list[int]:
        session = Session(
            "http://exchange.example",
            client_id="NA-XBO/test",
            signer=None,
            transport=httpx.MockTransport(self),
        )
        listener = iter(Listener(session, after, sleep=self.pauses.append))
        return [next(listener).seq for _ in range(count)]


def test_a_stream_that_ends_is_opened_again_behind_the_last_delivery() -> None:
    ended = 'event: end\ndata: {"next":2}\n\n'
    exchange = Exchange(
        stream("retry: 100\n\n", event(1), ":\n\n", event(2), ended), stream(event(3))
    )
    assert exchange.heard(3) == [1, 2, 3]
    assert exchange.asked == [(EVENTS, "0"), (EVENTS, "2")]
    assert exchange.pauses == []


def test_a_stream_that_breaks_is_opened_again_after_the_pause_it_was_told() -> None:
    exchange = Exchange(stream("retry: 100\n\n", event(1)), stream(event(1), event(2)))
    assert exchange.heard(2) == [1, 2]  # what comes twice is given once
    assert 0.05 <= exchange.pauses[0] <= 0.1


@pytest.mark.parametrize(
    "first",
    [
        problem(Code.NOT_FOUND, 404),
        problem(Code.MALFORMED, 405),
        httpx.Response(200, text="<html>a proxy</html>"),
    ],
)
def test_an_exchange_without_streams_is_polled_at_once(first: httpx.Response) -> None:
    exchange = Exchange(first, page(), page(5, 6))
    assert exchange.heard(2, after=4) == [5, 6]
    assert [path for path, _ in exchange.asked] == [EVENTS, "/v1/mailbox", "/v1/mailbox"]
    assert exchange.pauses == []


def test_streams_that_bring_nothing_give_way_to_the_long_poll() -> None:
    silent = httpx.ReadTimeout("a proxy keeps it to itself")
    exchange = Exchange(silent, silent, page(1))
    assert exchange.heard(1) == [1]
    assert [path for path, _ in exchange.asked] == [EVENTS, EVENTS, "/v1/mailbox"]


def test_a_service_that_is_full_is_asked_again_when_it_said() -> None:
    full = problem(Code.UNAVAILABLE, 503)
    full.headers["retry-after"] = "7"
    exchange = Exchange(full, stream(event(1)))
    assert exchange.heard(1) == [1]
    assert exchange.pauses == [7]


@pytest.mark.parametrize("code", [Code.AUTH, Code.INTEGRITY])
def test_a_refusal_that_waiting_does_not_mend_is_told(code: Code) -> None:
    exchange = Exchange(*[problem(code, 401 if code is Code.AUTH else 500) for _ in range(2)])
    with pytest.raises(PlatformError) as caught:
        exchange.heard(1)
    assert caught.value.code is code


def test_fields_are_read_as_the_standard_says() -> None:
    text = (
        ":beat\n\nid: 1\nevent:delivery\ndata: a\ndata:b\nunknown: x\n\nretry: 5x\n\nevent: e\n\n"
    )
    events = list(read_events(text.splitlines()))
    assert events == [Event(), Event("delivery", "a\nb"), Event(), Event()]


_WORD = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), min_size=1)


@given(st.lists(st.tuples(_WORD, st.lists(_WORD, min_size=1, max_size=3))))
def test_what_a_server_writes_is_what_is_read(written: list[tuple[str, list[str]]]) -> None:
    lines: list[str] = []
    for name, data in written:
        lines += [":beat", f"event: {name}", *(f"data: {line}" for line in data), ""]
    assert list(read_events(lines)) == [Event(name, "\n".join(data)) for name, data in written]
