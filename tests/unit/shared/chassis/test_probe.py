"""The probe of an image: one question over loopback, an honest exit status."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sextant_shared.chassis.probe import main


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 503)
        self.end_headers()
        self.wfile.write(b"store: E_UNAVAILABLE")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


@pytest.mark.parametrize(
    "words", [[], ["8001"], ["/a", "/b"], ["x", "/readyz"], ["8001", "readyz"], ["relative"]]
)
def test_words_that_make_no_question_are_not_understood(words: list[str]) -> None:
    assert main(words) == 2


def test_a_service_that_is_not_ready_fails_with_what_it_said(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(port), "/other"]) == 1
    assert "503 store: E_UNAVAILABLE" in capsys.readouterr().err


def test_a_port_where_nobody_listens_fails() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    assert main([str(number), "/readyz"]) == 1
    assert main(["99999", "/readyz"]) == 1


def test_a_service_that_is_ready_passes_and_says_nothing(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(port), "/readyz"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_socket_passes_while_somebody_listens_at_it(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    assert main([str(path)]) == 1
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert main([str(path)]) == 1, "a socket that a dead signer left behind"
        listener.listen()
        assert main([str(path)]) == 0
