"""How a container leaves: from the disk, with its length, again from its beginning."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from sextant_client.session import Session
from sextant_client.stored import StoredEnvelope
from sextant_client.transfer import untold
from sextant_client.uploading import MAX_STALLS, send
from sextant_shared.errors import Code, PlatformError
from tests.integration.exchange.containers import sealed
from tests.support.memory import peak_growth

CONTAINER = sealed(content=b"z" * 200_000)
SIZE = len(CONTAINER.data)
Server = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sextant_client.uploading.time.sleep", lambda _s: None)


@pytest.fixture
def envelope(tmp_path: Path) -> StoredEnvelope:
    (tmp_path / "container.dxe").write_bytes(CONTAINER.data)
    return StoredEnvelope(tmp_path)


def session(server: Server) -> Session:
    transport = httpx.MockTransport(server)
    return Session("http://exchange.example", client_id="x", signer=None, transport=transport)


def standing(offset: str, status: int = 201) -> httpx.Response:
    headers = {"Upload-Offset": offset, "Upload-Complete": "?0", "Location": "/v1/uploads/abc"}
    return httpx.Response(status, headers=headers)


def problem(status: int, code: Code) -> httpx.Response:
    return httpx.Response(status, json={"code": str(code), "detail": "no"})


def test_a_small_container_is_one_request_with_its_length_and_begins_anew_when_repeated(
    envelope: StoredEnvelope,
) -> None:
    bodies: list[bytes] = []

    def server(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("POST", "/v1/envelopes")
        assert request.headers["content-length"] == str(SIZE)
        assert "transfer-encoding" not in request.headers
        bodies.append(request.read())
        return problem(503, Code.UNAVAILABLE) if len(bodies) == 1 else httpx.Response(201)

    assert send(session(server), envelope, SIZE + 1, untold).status_code == 201
    assert bodies == [CONTAINER.data] * 2


def test_what_moved_is_told_up_to_the_whole(envelope: StoredEnvelope) -> None:
    told: list[tuple[int, int]] = []
    server: Server = lambda request: httpx.Response(201, content=request.read()[:0])  # noqa: E731
    send(session(server), envelope, SIZE + 1, lambda done, total: told.append((done, total)))
    assert told[-1] == (SIZE, SIZE)
    assert told == sorted(told)
    assert len(told) > 2


@pytest.mark.parametrize("offset", ["", "-1", "1.5", str(SIZE + 1), "x"])
def test_an_exchange_that_says_no_offset_is_not_believed(
    envelope: StoredEnvelope, offset: str
) -> None:
    with pytest.raises(PlatformError) as caught:
        send(session(lambda _: standing(offset)), envelope, 0, untold)
    assert caught.value.code is Code.INTEGRITY


@pytest.mark.parametrize("place", ["", "http://elsewhere.example/x", "/v1/uploads/../envelopes"])
def test_an_upload_lies_where_uploads_lie(envelope: StoredEnvelope, place: str) -> None:
    answer = standing("0")
    answer.headers["Location"] = place
    with pytest.raises(PlatformError) as caught:
        send(session(lambda _: answer), envelope, 0, untold)
    assert caught.value.code is Code.MALFORMED
    assert not envelope.upload.exists()


def test_a_container_that_lost_bytes_on_the_disk_does_not_leave(envelope: StoredEnvelope) -> None:
    envelope.container.write_bytes(CONTAINER.data[:-1])
    with pytest.raises(PlatformError) as caught:
        send(session(lambda _: pytest.fail("it was sent")), envelope, 0, untold)
    assert caught.value.code is Code.INTEGRITY
    assert "not whole" in caught.value.detail


def test_a_note_that_is_none_begins_anew(envelope: StoredEnvelope) -> None:
    envelope.upload.write_text('{"v":1,"path":"/v1/envelopes"}')
    calls: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        return standing("20000") if request.method == "POST" else httpx.Response(201)

    assert send(session(server), envelope, 0, untold).status_code == 201
    assert calls == ["POST", "PATCH"]


@pytest.mark.parametrize("code", [Code.NOT_FOUND, Code.SIGNATURE, Code.FORBIDDEN])
def test_a_refusal_of_the_head_is_not_tried_again(envelope: StoredEnvelope, code: Code) -> None:
    calls: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        return problem(422, code)

    with pytest.raises(PlatformError) as caught:
        send(session(server), envelope, 0, untold)
    assert (caught.value.code, calls) == (code, ["POST"])


def test_an_upload_that_never_moves_is_given_up(envelope: StoredEnvelope) -> None:
    calls: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        request.read()
        if request.method == "PATCH":
            return problem(409, Code.STATE)
        return standing("20000", 201 if request.method == "POST" else 204)

    with pytest.raises(PlatformError) as caught:
        send(session(server), envelope, 0, untold)
    assert caught.value.code is Code.STATE
    assert calls.count("PATCH") == MAX_STALLS


class Counting(httpx.BaseTransport):
    """A server that reads a body piece by piece, as a real one does."""

    arrived = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        self.arrived = sum(map(len, request.stream))
        return httpx.Response(201)


def test_the_largest_container_leaves_in_little_memory(tmp_path: Path) -> None:
    envelope = StoredEnvelope(tmp_path)
    size = 112 << 20
    with envelope.container.open("wb") as file:
        file.truncate(size)
    server = Counting()
    one = Session("http://exchange.example", client_id="x", signer=None, transport=server)
    grown = peak_growth(lambda: send(one, envelope, size + 1, untold))
    assert server.arrived == size
    assert grown < 8 << 20
