"""Why a service cannot be reached, and how little disk is too little, in words a person can act on.

What needs a registry and tokens is tested with a platform: tests/integration/client.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from sextant_client import errors as exits
from sextant_client.cli.doctor import document_of, status_of, words_of
from sextant_client.diagnosis.checks import Level, Line, free_bytes
from sextant_client.diagnosis.reaching import ask_network, reach
from sextant_client.home import Home
from sextant_shared.errors import Code, PlatformError

URL = "https://exchange.example"


def failing(outer: httpx.TransportError, inner: BaseException | None) -> PlatformError:
    def ask(_url: str, _headers: Mapping[str, str]) -> httpx.Response:
        raise outer from inner

    with pytest.raises(PlatformError) as caught:
        reach(ask, URL)
    assert caught.value.code is Code.UNAVAILABLE
    assert caught.value.fix
    return caught.value


def expired() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "verify failed")
    error.verify_message = "certificate has expired"
    return error


@pytest.mark.parametrize(
    ("outer", "inner", "said"),
    [
        (httpx.ConnectError("x"), socket.gaierror(-2, "unknown"), "(DNS)"),
        (httpx.ConnectError("x"), expired(), "does not verify (certificate has expired)"),
        (httpx.ConnectError("x"), ssl.SSLError(1, "wrong version"), "no TLS there"),
        (httpx.ConnectError("x"), ConnectionRefusedError(), "nothing listens on that port"),
        (httpx.ConnectTimeout("x"), TimeoutError(), "no connection within"),
        (httpx.ReadTimeout("x"), TimeoutError(), "no answer within"),
        (httpx.ReadError("x"), None, "does not answer (ReadError)"),
    ],
)
def test_each_way_of_not_reaching_a_service_has_words_of_its_own(
    outer: httpx.TransportError, inner: BaseException | None, said: str
) -> None:
    assert said in failing(outer, inner).detail


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_port_where_nothing_listens_is_told_over_a_real_network(
    listening: socket.socket,
) -> None:
    port = listening.getsockname()[1]
    listening.close()
    with pytest.raises(PlatformError, match="nothing listens"):
        reach(ask_network, f"http://127.0.0.1:{port}/readyz")


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(PlatformError) as caught:
        reach(ask_network, "http://[::1/readyz")
    assert caught.value.code is Code.MALFORMED


def test_the_disk_of_a_home_that_is_not_made_yet_is_that_of_its_folder(tmp_path: Path) -> None:
    assert free_bytes(Home(tmp_path / "not" / "yet")) > 0


def test_a_failure_weighs_more_than_a_warning_and_says_what_to_do() -> None:
    fine = Line("disk", Level.OK, "plenty")
    warned = Line("rotation", Level.WARNING, "rotate sig", "sextant keys rotate")
    failed = Line("keys", Level.FAIL, "no sig key", "sextant keys generate")
    assert status_of([fine]) == exits.OK
    assert status_of([fine, warned]) == exits.WARNINGS
    assert status_of([warned, failed, fine]) == exits.REFUSED
    assert words_of(warned) == "WARN rotation       rotate sig. sextant keys rotate"
    (document,) = document_of([warned])["checks"]
    assert (document["ok"], document["level"]) == (True, "warning")
    assert document["fix"] == "sextant keys rotate"
