"""Orders of officers: what is asked of the service, and what to do when nobody knows if it came."""

import json
from pathlib import Path

import httpx
import pytest

from sextant_client.officers import Order, content_of, send_order
from sextant_client.session import Session
from sextant_shared.errors import Code, PlatformError
from tests.support.messages import MESSAGES

ORDER = Order(type="correspondence", to="NA-XAL", parts={"content": MESSAGES["correspondence"]})


def session(seen: list[httpx.Request], *statuses: int) -> Session:
    """Return a session with a service that answers with these, one after the other."""
    answers = iter(statuses)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(next(answers), json={"message": "m"})

    transport = httpx.MockTransport(answer)
    return Session("http://sec", client_id="officer", signer=None, transport=transport)


def test_a_repeat_after_a_lost_answer_carries_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sextant_client.session.time.sleep", lambda _: None)
    seen: list[httpx.Request] = []
    sent = send_order(session(seen, 503, 201), ORDER, None)
    first, second = (request.headers["Idempotency-Key"] for request in seen)
    assert first == second == sent["key"]
    assert json.loads(seen[0].content) == {
        "type": "correspondence",
        "to": "NA-XAL",
        "content": MESSAGES["correspondence"],
    }


def test_when_nobody_answers_the_key_to_repeat_with_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sextant_client.session.time.sleep", lambda _: None)
    with pytest.raises(PlatformError) as raised:
        send_order(session([], *[503] * 6), ORDER, "my-own-order")
    assert raised.value.code is Code.UNAVAILABLE
    assert "--key my-own-order" in raised.value.fix


def test_json_is_sent_as_content_and_all_else_as_a_document(tmp_path: Path) -> None:
    letter, scan = tmp_path / "letter.json", tmp_path / "scan.PDF"
    letter.write_text('{"v": 1}')
    scan.write_bytes(b"%PDF")
    assert content_of(letter) == {"content": {"v": 1}}
    assert content_of(scan) == {"document": {"cty": "application/pdf", "data": "JVBERg"}}


@pytest.mark.parametrize("name", ["missing.json", "broken.json"])
def test_a_file_that_is_no_content_is_refused_before_anything_is_sent(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(PlatformError) as raised:
        content_of(tmp_path / name)
    assert raised.value.code is Code.MALFORMED
