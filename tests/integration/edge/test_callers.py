"""Callers of an edge with mutual TLS: the SDK by its home's files, a service by its settings."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from sextant_client.diagnosis.reaching import ask_network
from sextant_client.home import Config
from sextant_client.session import Session, channel_of, transport_of
from sextant_shared.chassis.http import ServiceClient
from sextant_shared.clock import system_clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.channel import open_channel
from tests.integration.exchange.world import static_signer
from tests.support.command import sextant
from tests.support.edges import Papers, make_papers
from tests.unit.client.identity.homes import make_office

pytestmark = [pytest.mark.anyio, pytest.mark.long]
ANSWER = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    made = make_papers(tmp_path_factory.mktemp("papers") / "papers")
    for name in ("good", "rogue"):
        both = (made.folder / f"{name}.pem").read_text() + (made.folder / f"{name}.key").read_text()
        (made.folder / f"{name}-both.pem").write_text(both)
    return made


@pytest.fixture
async def edge(papers: Papers) -> AsyncIterator[str]:
    """Whoever shows a good certificate is told that nothing is here; all others are refused."""
    context = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cafile=papers.folder / "clients.pem"
    )
    context.load_cert_chain(papers.folder / "server.pem", papers.folder / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


def config_of(url: str, papers: Papers, certificate: str | None) -> Config:
    """Return the configuration of a home that has been given these files."""
    shown = str(papers.folder / f"{certificate}-both.pem") if certificate else None
    return Config(
        v=1,
        party="NA-XAL",
        client_id="NA-XAL/a",
        exchange=url,
        audit=url,
        ca_file=str(papers.folder / "clients.pem"),
        certificate_file=shown,
    )


async def code_of(call: Callable[[], Awaitable[object]]) -> Code:
    """Return what a call ends with."""
    with pytest.raises(PlatformError) as refused:
        await call()
    return refused.value.code


@pytest.mark.parametrize(
    ("certificate", "code"),
    [("good", Code.NOT_FOUND), ("rogue", Code.UNAVAILABLE), (None, Code.UNAVAILABLE)],
)
async def test_the_certificate_that_was_given_is_shown(
    certificate: str | None, code: Code, edge: str, papers: Papers
) -> None:
    config = config_of(edge, papers, certificate)
    session = Session(edge, client_id="a", signer=None, transport=transport_of(config))
    shown = Path(config.certificate_file) if config.certificate_file else None
    service = ServiceClient(
        edge,
        client_id="a",
        signer=static_signer("a"),
        clock=system_clock,
        tls=open_channel(papers.folder / "clients.pem", shown),
    )

    async def by_sdk() -> None:
        await asyncio.to_thread(session.request, "GET", "/x", repeatable=False)

    async def by_service() -> None:
        await service.request("GET", "/x", repeatable=False)

    assert await code_of(by_sdk) == code
    assert await code_of(by_service) == code
    session.close()
    await service.close()


async def test_the_doctor_reaches_it_by_the_same_files(edge: str, papers: Papers) -> None:
    tls = channel_of(config_of(edge, papers, "good"))
    answer = await asyncio.to_thread(ask_network, f"{edge}/readyz", {}, tls)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "show", "NA-XAL"),
        ("log", "show"),
        ("log", "mirror", "EDGE", "copy"),
        ("log", "mirror", "EDGE", "copy", "--hashes-only"),
        ("log", "fsck", "EDGE"),
    ],
    ids=" ".join,
)
async def test_commands_reach_it_by_the_files_of_their_home(
    words: tuple[str, ...], edge: str, papers: Papers, tmp_path: Path
) -> None:
    home = make_office(tmp_path).home
    home.write_config(config_of(edge, papers, "good"))
    said = [str(tmp_path / "copy") if word == "copy" else word for word in words]
    said = [edge if word == "EDGE" else word for word in said]
    done = await asyncio.to_thread(sextant, *said, "--home", home.path)
    assert done.status != 0
    assert "E_NOT_FOUND" in done.stderr or "is missing" in done.stdout, done.stderr


def test_without_files_nothing_is_changed(papers: Papers) -> None:
    plain = config_of("https://a.example", papers, None).model_copy(update={"ca_file": None})
    assert transport_of(plain) is None


@pytest.mark.parametrize("name", ["absent.pem", "good.pem", "server.key"])
def test_a_file_that_does_not_load_is_told_by_name(name: str, papers: Papers) -> None:
    with pytest.raises(PlatformError, match=name) as refused:
        open_channel(None, papers.folder / name)
    assert refused.value.code is Code.KEY


def test_authorities_that_are_none_are_told(papers: Papers) -> None:
    with pytest.raises(PlatformError, match=r"server\.key"):
        open_channel(papers.folder / "server.key", None)
