"""The SDK sends large envelopes to the exchange over a line that breaks anywhere."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_client.session import Session
from sextant_client.stored import StoredEnvelope
from sextant_client.transfer import untold
from sextant_client.uploading import send
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.exchange.audits import MemoryAudit
from tests.integration.exchange.conftest import Enrolled
from tests.integration.exchange.containers import KEYS, SEC, XAL, Container, sealed
from tests.integration.exchange.parts import uploads
from tests.integration.exchange.world import BASE_URL, World
from tests.support.logs import MemoryLog

PART_BYTES = 50_000
BODY = sealed(content=b"y" * 200_000)


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """No pauses, and parts so small that there are several."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sextant_client.uploading.time.sleep", lambda _s: None)
        patched.setattr("sextant_client.uploading.PART_BYTES", PART_BYTES)
        yield


@dataclass
class Line(httpx.BaseTransport):
    """The line to an exchange in this process; `troubles` befall the parts one by one.

    A number cuts a part after so many bytes; `lost` loses the answer to a part that arrived;
    `restart` stops and starts the exchange before it.
    """

    portal: BlockingPortal
    world: World
    troubles: list[int | str] = field(default_factory=list)
    arrived: int = 0
    calls: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path.rpartition('/')[0]}")
        trouble: int | str = ""
        if request.method == "PATCH" and self.troubles:
            trouble = self.troubles.pop(0)
        if trouble == "restart":
            self.portal.call(self.world.restart)
            self.world.clock.now += 1
        body = request.read()
        taken = body[:trouble] if isinstance(trouble, int) else body
        answer = self._passed_on(request, taken)
        if request.method == "PATCH" and answer.status_code not in {401, 409}:
            self.arrived += len(taken)
        if trouble == "lost" or len(taken) < len(body):
            raise httpx.ReadError("the line broke")
        headers = [(k, v) for k, v in answer.headers.items() if k != "transfer-encoding"]
        return httpx.Response(answer.status_code, headers=headers, content=answer.content)

    def _passed_on(self, request: httpx.Request, body: bytes) -> httpx.Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield body

        async def go() -> httpx.Response:
            content = pieces() if "content-length" in request.headers else None
            headers = {k: v for k, v in request.headers.items() if k != "host"}
            return await self.world.send(
                request.method, request.url.path, content=content, headers=headers
            )

        return self.portal.call(go)


@contextmanager
def running(enrolled: Enrolled, root: Path) -> Iterator[Line]:
    """Yield the line to a fresh copy of the exchange."""
    folder, leaves = enrolled
    shutil.copytree(folder, root / "exchange")
    world = World(root / "exchange", MemoryAudit(MemoryLog(list(leaves))))
    world.copy_database_of(folder)
    with start_blocking_portal() as portal:
        portal.call(world.start)
        try:
            yield Line(portal, world)
        finally:
            portal.call(world.stop)


def session(line: Line) -> Session:
    return Session(
        BASE_URL,
        client_id=f"{XAL}/test",
        signer=KEYS[XAL].api,
        clock=line.world.clock,
        transport=line,
    )


def stored(root: Path, container: Container = BODY) -> StoredEnvelope:
    envelope = StoredEnvelope(root / "envelope")
    envelope.folder.mkdir()
    envelope.container.write_bytes(container.data)
    return envelope


def check(line: Line, container: Container, answer: httpx.Response, deposits: int = 1) -> None:
    """The receipt holds, the exchange hands out the same bytes, and keeps nothing else."""
    assert answer.status_code in {200, 201}
    keys = line.world.audit.log.keys
    verify_custody(answer.content, container.digest, container.id, keys)
    secretariat = line.world.caller(SEC)
    fetched = line.portal.call(secretariat.get, f"{container.path}/content")
    assert fetched.content == container.data
    assert uploads(line.world) == []
    assert len(line.world.files()) == deposits


trouble = st.one_of(st.integers(0, PART_BYTES), st.sampled_from(["lost", "restart"]))


@pytest.fixture(scope="module")
def one_line(
    enrolled: Enrolled, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Line, Iterator[int]]]:
    """A line that stays for many envelopes, and numbers for them."""
    with running(enrolled, tmp_path_factory.mktemp("line")) as line:
        yield line, count(1)


@settings(max_examples=8, deadline=None)
@given(troubles=st.lists(trouble, max_size=5))
def test_whatever_breaks_each_byte_arrives_once_and_one_deposit_is_made(
    one_line: tuple[Line, Iterator[int]], troubles: list[int | str]
) -> None:
    line, numbers = one_line
    line.troubles, line.arrived = list(troubles), 0
    number = next(numbers)
    container = sealed(number, content=b"y" * 200_000)
    with TemporaryDirectory() as folder:
        answer = send(session(line), stored(Path(folder), container), 0, untold)
    assert line.arrived == len(container.body)
    check(line, container, answer, number)


def test_a_client_that_was_killed_goes_on_where_the_exchange_has_it(
    enrolled: Enrolled, tmp_path: Path
) -> None:
    with running(enrolled, tmp_path) as line:
        envelope = stored(tmp_path)

        def killed(done: int, _total: int) -> None:
            if done > 120_000:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            send(session(line), envelope, 0, killed)
        assert envelope.upload.exists()
        before = line.arrived
        assert 0 < before < len(BODY.body)
        line.calls.clear()
        told: list[int] = []
        answer = send(session(line), envelope, 0, lambda done, _total: told.append(done))
        assert line.calls[1] == "HEAD /v1/uploads"
        assert "POST /v1" not in line.calls
        assert line.arrived == len(BODY.body)
        assert told[-1] == len(BODY.data)
        check(line, BODY, answer)


def test_an_upload_that_expired_begins_anew(enrolled: Enrolled, tmp_path: Path) -> None:
    with running(enrolled, tmp_path) as line:
        envelope = stored(tmp_path)
        line.troubles = [1000, *["restart"] * 20]

        def killed(_done: int, _total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            send(session(line), envelope, 0, killed)
        line.troubles = []
        line.portal.call(line.world.restart)
        line.world.clock.now += 1
        shutil.rmtree(line.world.folder / "uploads")
        (line.world.folder / "uploads").mkdir()
        line.portal.call(line.world.restart)
        line.world.clock.now += 1
        check(line, BODY, send(session(line), envelope, 0, untold))


def test_what_does_not_fit_the_signed_head_is_refused_at_once(
    enrolled: Enrolled, tmp_path: Path
) -> None:
    with running(enrolled, tmp_path) as line:
        bent = Container(BODY.manifest, BODY.body[:-1] + bytes([BODY.body[-1] ^ 1]))
        with pytest.raises(PlatformError) as caught:
            send(session(line), stored(tmp_path, bent), 0, untold)
        assert caught.value.code is Code.DIGEST
        assert line.arrived == len(BODY.body)
        assert line.world.files() == uploads(line.world) == []


def test_a_line_that_stays_broken_ends_with_what_to_do(enrolled: Enrolled, tmp_path: Path) -> None:
    with running(enrolled, tmp_path) as line:
        envelope = stored(tmp_path)
        line.troubles = [0] * 50
        with pytest.raises(PlatformError) as caught:
            send(session(line), envelope, 0, untold)
        assert caught.value.code is Code.UNAVAILABLE
        assert "nothing is lost" in caught.value.fix
        line.troubles = []
        check(line, BODY, send(session(line), envelope, 0, untold))
