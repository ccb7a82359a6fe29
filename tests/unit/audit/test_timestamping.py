"""When the published head is time-stamped, by whom it is believed, and what failures cost."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from sextant_audit.clients.timestamps import HttpAuthority
from sextant_audit.domain.timestamping import PAGE, Authority, Timestamping
from sextant_audit.storage.timestamps import TimestampFolder
from sextant_shared.chassis.telemetry import Telemetry
from sextant_shared.clock import system_clock
from sextant_shared.encoding import b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import StampedHead
from sextant_shared.protocol.timestamps import (
    MAX_REPLY_BYTES,
    REPLY_TYPE,
    make_query,
    read_roots,
    verify_timestamp,
)
from tests.support.tsa import authority, needs_openssl, stranger
from tests.unit.audit.memory import Clock, TestLog, new_entry

pytestmark = [
    pytest.mark.anyio,
    needs_openssl,
]
DAY_S = 86_400.0


@dataclass
class Scene:
    """A log, an authority that answers as a test says, and a folder."""

    folder: Path
    log: TestLog
    clock: Clock = field(default_factory=lambda: Clock(system_clock()))
    asked: list[bytes] = field(default_factory=list)
    instead: bytes | PlatformError | None = None
    interval_s: float = DAY_S

    def __post_init__(self) -> None:
        self.log.clock = self.clock
        self.restart()

    def restart(self) -> None:
        roots = read_roots(authority().roots)
        self.stamping = Timestamping(
            TimestampFolder(self.folder),
            lambda: self.log.publisher.head,
            self.clock,
            Authority(self.ask, roots, self.interval_s),
        )

    async def ask(self, query: bytes) -> bytes:
        self.asked.append(query)
        if isinstance(self.instead, PlatformError):
            raise self.instead
        return authority().reply(query) if self.instead is None else self.instead

    async def publish(self, *numbers: int) -> None:
        self.log.signer.now = self.clock.now
        await self.log.sequencer.flush([[new_entry(number) for number in numbers]])
        await self.log.publisher.publish()

    async def sizes(self) -> list[int]:
        return [each.size for each in (await self.stamping.list(0)).items]


@pytest.fixture
async def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path / "timestamps", await TestLog().start())
    await made.publish(1, 2)
    return made


BAD: dict[str, tuple[Callable[[], bytes | PlatformError], str]] = {
    "another imprint": (lambda: authority().reply(make_query(b"other").body), "other bytes"),
    "garbage": (lambda: b"<html>", "no reply of RFC 3161"),
    "nothing": (lambda: b"", "no reply of RFC 3161"),
    "down": (lambda: PlatformError(Code.UNAVAILABLE, "does not answer"), "does not answer"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_reply_that_does_not_hold_is_told_and_never_kept(scene: Scene, name: str) -> None:
    make, detail = BAD[name]
    scene.instead = make()
    await scene.stamping.round()
    assert await scene.sizes() == []
    assert detail in (await scene.stamping.list(0)).fault
    assert scene.stamping.newest_timestamp() is None


async def test_an_old_reply_over_the_same_head_is_refused_by_its_nonce(scene: Scene) -> None:
    head = scene.log.publisher.head
    assert head is not None
    scene.instead = authority().reply(make_query(head.checkpoint.encode()).body)
    await scene.stamping.round()
    assert "another query" in scene.stamping.fault


async def test_a_reply_by_a_stranger_is_refused(scene: Scene) -> None:
    async def ask(query: bytes) -> bytes:
        return stranger().reply(query)

    scene.stamping._authority = Authority(ask, read_roots(authority().roots), DAY_S)
    await scene.stamping.round()
    assert "not signed by an authority that is believed" in scene.stamping.fault
    assert "issuer certificate" in scene.stamping.fault


async def test_a_time_that_is_not_ours_is_refused(scene: Scene) -> None:
    scene.clock.now -= 7200  # it is our clock that is wrong: nothing is kept either way
    await scene.publish(3)
    scene.log.publisher._published = scene.log.sequencer.head
    await scene.stamping.round()
    assert "a time that cannot be" in scene.stamping.fault


async def test_a_failing_authority_is_asked_ever_more_rarely(scene: Scene) -> None:
    scene.instead = b"no"
    tries = []
    for minute in range(600):
        before = len(scene.asked)
        await scene.stamping.round()
        tries += [minute] * (len(scene.asked) - before)
        scene.clock.now += 60
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps == sorted(gaps)
    assert (gaps[0], gaps[-1]) == (1, 60)
    assert scene.stamping.failures() == len(tries)
    assert scene.stamping.age_s() is None


async def test_once_it_answers_again_the_newest_head_is_stamped(scene: Scene) -> None:
    scene.instead = b"no"
    await scene.stamping.round()
    await scene.publish(3)
    scene.instead = None
    scene.clock.now += 61
    await scene.stamping.round()
    assert (await scene.sizes(), scene.stamping.fault) == ([4], "")
    assert scene.stamping.failures() == 0
    age_s = scene.stamping.age_s()
    assert age_s is not None
    assert 0 < age_s < 120


async def test_a_head_is_stamped_once_and_a_larger_one_when_it_is_time(scene: Scene) -> None:
    scene.interval_s = 120  # the authority's clock is the real one, and ours may not be far from it
    scene.restart()
    await scene.stamping.round()
    await scene.publish(3)
    for seconds, sizes in ((0, [3]), (110, [3]), (20, [3, 4])):
        scene.clock.now += seconds
        await scene.stamping.round()
        assert await scene.sizes() == sizes
    assert len(scene.asked) == 2


async def stamped(scene: Scene) -> tuple[StampedHead, object]:
    [item] = (await scene.stamping.list(0)).items
    roots = read_roots(authority().roots)
    return item, verify_timestamp(b64_decode(item.reply), item.checkpoint.encode(), roots)


async def test_a_quiet_log_is_not_stamped_again(scene: Scene) -> None:
    await scene.stamping.round()
    scene.clock.now += 3 * DAY_S
    await scene.stamping.round()
    assert len(scene.asked) == 1


async def test_a_kept_time_stamp_is_known_after_a_start(scene: Scene) -> None:
    await scene.stamping.round()
    token = scene.stamping.newest_timestamp()
    assert token is not None
    assert token in b64_decode((await stamped(scene))[0].reply)
    scene.restart()
    assert scene.stamping.newest_timestamp() is None
    await scene.stamping.recover()
    assert scene.stamping.newest_timestamp() == token
    await scene.publish(3)
    await scene.stamping.round()
    assert len(scene.asked) == 1


async def test_each_changed_byte_of_a_kept_time_stamp_is_told(scene: Scene) -> None:
    await scene.stamping.round()
    [file] = scene.folder.iterdir()
    sound = file.read_bytes()
    for at in range(0, len(sound), 71):
        changed = bytearray(sound)
        changed[at] ^= 1 << at % 7
        file.write_bytes(changed)
        scene.restart()
        await scene.stamping.recover()
        known = scene.stamping.newest_timestamp()
        assert known is None or scene.stamping.fault == ""
        if known is None:
            assert "does not hold" in scene.stamping.fault


async def test_a_time_stamp_is_never_replaced(scene: Scene) -> None:
    await scene.stamping.round()
    [file] = scene.folder.iterdir()
    before = file.read_bytes()
    folder = TimestampFolder(scene.folder)
    newest = folder.newest()
    assert newest is not None
    with pytest.raises(PlatformError, match="E_STATE"):
        folder.add(newest)
    assert file.read_bytes() == before


async def test_a_disk_that_takes_no_file_is_told_and_the_authority_asked_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("sextant_audit.storage.timestamps.os.fsync", full)
        await scene.stamping.round()
    assert "No space left" in scene.stamping.fault
    scene.clock.now += 61
    await scene.stamping.round()
    assert (await scene.sizes(), scene.stamping.fault) == ([3], "")


async def test_a_log_without_an_authority_asks_nobody_and_shows_what_it_has(scene: Scene) -> None:
    await scene.stamping.round()
    quiet = Timestamping(TimestampFolder(scene.folder), lambda: None, scene.clock)
    await quiet.run()
    assert [each.size for each in (await quiet.list(0)).items] == [3]
    assert await quiet.reply(3) == b64_decode((await stamped(scene))[0].reply)
    with pytest.raises(PlatformError, match="E_NOT_FOUND"):
        await quiet.reply(2)


async def test_the_list_comes_in_pages(scene: Scene) -> None:
    await scene.stamping.round()
    one, _ = await stamped(scene)
    folder = TimestampFolder(scene.folder)
    for size in range(10, 10 + PAGE):
        folder.add(one.model_copy(update={"size": size}))
    first = await scene.stamping.list(0)
    assert (len(first.items), first.more) == (PAGE, True)
    rest = await scene.stamping.list(first.items[-1].size)
    assert ([each.size for each in rest.items], rest.more) == ([9 + PAGE], False)


# --- the wire -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "detail"),
    [
        (500, REPLY_TYPE, "answers 500"),
        (429, "text/plain", "answers 429 text/plain"),
        (302, REPLY_TYPE, "answers 302"),
        (200, "text/html", "answers 200 text/html"),
    ],
)
async def test_what_is_no_reply_on_the_wire_is_refused(status: int, kind: str, detail: str) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=b"x", headers={"Content-Type": kind})

    assert detail in await fails(httpx.MockTransport(answer))


async def test_an_authority_that_hangs_or_floods_is_given_up() -> None:
    async def hangs(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        return httpx.Response(200)

    def floods(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=bytes(MAX_REPLY_BYTES + 1))

    def is_down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody listens", request=request)

    assert "does not answer within 0.1 s" in await fails(httpx.MockTransport(hangs))
    assert "answers without end" in await fails(httpx.MockTransport(floods))
    assert "does not answer (ConnectError)" in await fails(httpx.MockTransport(is_down))


async def fails(transport: httpx.MockTransport) -> str:
    http = HttpAuthority(Telemetry("audit"), "https://tsa.example", 0.1, transport)
    with pytest.raises(PlatformError) as caught:
        await http.ask(b"query")
    assert caught.value.code is Code.UNAVAILABLE
    return caught.value.detail
