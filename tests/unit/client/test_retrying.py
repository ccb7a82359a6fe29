"""How the SDK repeats: as Retry-After says, within a bound, and never what cannot become better."""

from email.utils import formatdate

import httpx
import pytest

from sextant_client.retrying import MAX_RETRY_AFTER_S
from sextant_client.session import Session
from sextant_shared.errors import Code, PlatformError

NOW = 1_800_000_000.0


def session(answer: httpx.Response, calls: list[httpx.Request]) -> Session:
    def server(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return answer

    transport = httpx.MockTransport(server)
    url = "http://exchange.example"
    return Session(url, client_id="x", signer=None, clock=lambda: NOW, transport=transport)


def problem(status: int, code: Code, **headers: str) -> httpx.Response:
    body = {"code": str(code), "detail": "no", "received": "created then"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers=named)


def test_told_to_come_back_much_later_it_does_not_wait_but_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sextant_client.session.time.sleep", lambda _s: pytest.fail("it slept"))
    calls: list[httpx.Request] = []
    answer = problem(429, Code.RATE, Retry_After=str(MAX_RETRY_AFTER_S + 1))
    with pytest.raises(PlatformError) as caught:
        session(answer, calls).request("GET", "/v1/mailbox")
    assert (caught.value.code, len(calls)) == (Code.RATE, 1)
    assert f"in {MAX_RETRY_AFTER_S + 1} s or later" in caught.value.fix


@pytest.mark.parametrize("ahead", [-7200.0, 3600.0])
def test_a_clock_that_is_off_is_told_by_how_much(ahead: float) -> None:
    answer = problem(422, Code.CLOCK, Date=formatdate(NOW - ahead, usegmt=True))
    with pytest.raises(PlatformError) as caught:
        session(answer, []).request("GET", "/v1/mailbox")
    assert f"clock is {ahead:+.0f} s from the server's" in caught.value.received
    assert caught.value.received.startswith("created then; ")
    assert caught.value.fix.startswith("Set this machine's clock")


def test_a_clock_that_is_right_is_not_blamed() -> None:
    date = formatdate(NOW, usegmt=True)
    for code in (Code.CLOCK, Code.AUTH):
        with pytest.raises(PlatformError) as caught:
            session(problem(422, code, Date=date), []).request("GET", "/v1/mailbox")
        assert "Set this" not in caught.value.fix


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 99 Nov 2026"])
def test_a_server_that_tells_no_time_is_no_trouble(date: str) -> None:
    with pytest.raises(PlatformError) as caught:
        session(problem(422, Code.CLOCK, Date=date), []).request("GET", "/v1/mailbox")
    assert caught.value.received == "created then"
