"""An exchange whose large containers lie behind a real S3 server, through all that may happen."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.typing import EventDict

from sextant_exchange.__main__ import main
from sextant_shared.chassis.objects import Digest, ObjectStore
from sextant_shared.chassis.objects.opening import open_objects
from sextant_shared.clock import system_clock
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.encoding import sha256
from sextant_shared.models.envelope import MEDIA_TYPE
from tests.integration.exchange.containers import SEC, XAL, Container, sealed
from tests.integration.exchange.parts import Sender
from tests.integration.exchange.test_erasure import acknowledged, logged, rule
from tests.integration.exchange.test_recovery import check
from tests.integration.exchange.world import LOG_WAIT_S, World
from tests.support.objects import S3, Line
from tests.support.platform import XBO, open_platform
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.long]
LARGE = b"x" * 300_000


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with Line(S3.started().ports["s3"]) as line:
        yield line


@pytest.fixture
async def world(stopped: World, line: Line) -> World:
    """An exchange behind whose store is a line that can be cut."""
    settings = S3.started().settings(port=line.port)
    await stopped.start(
        log_wait_s=LOG_WAIT_S, recover_every_s=0.05, s3_retries=0, s3_connect_s=1, **settings
    )
    return stopped


def store_of(world: World) -> ObjectStore:
    return open_objects(world._settings(), "blobs")


async def names(world: World) -> list[str]:
    return [item.name async for page in store_of(world).items() for item in page]


def head_alone(container: Container) -> dict[str, Any]:
    """Return a request that announces a container and breaks off behind its head."""

    async def sent() -> AsyncIterator[bytes]:
        yield container.data[: -len(container.body)]
        raise AssertionError("the body is read")

    length = {"Content-Length": str(len(container.data)), "Content-Type": MEDIA_TYPE}
    return {"content": sent(), "headers": length}


async def ready(world: World) -> tuple[int, dict[str, Any]]:
    answer = await world.send("GET", "/readyz")
    return answer.status_code, answer.json()["notes"]


async def test_a_large_container_is_deposited_repeated_and_fetched_byte_for_byte(
    world: World,
) -> None:
    container = sealed(content=LARGE)
    assert (await world.caller(XAL).deposit(container)).status_code == 201
    await check(world, container)
    (row,) = world.rows("SELECT blob FROM envelope")
    assert await names(world) == [row.blob]
    assert world.files() == []


async def test_an_upload_in_parts_ends_in_the_store(world: World) -> None:
    sender = Sender(world, sealed(content=LARGE))
    assert (await sender.begin()).status_code == 201
    assert (await sender.part(sender.head, 100_000)).status_code == 204
    assert (await sender.part(100_000, sender.size)).status_code == 201
    await check(world, sender.container)


async def test_while_the_store_is_away_only_large_deposits_are_refused_and_nothing_is_lost(
    world: World, line: Line
) -> None:
    before, small, large = (sealed(1, content=LARGE), sealed(2), sealed(3, content=LARGE))
    assert (await world.caller(XAL).deposit(before)).status_code == 201
    line.is_cut = True
    refused = await world.caller(XAL).deposit(large)
    again = await world.caller(XAL).send("POST", "/v1/envelopes", **head_alone(large))
    assert (again.status_code, again.json()["code"]) == (503, "E_UNAVAILABLE")  # nobody read a body
    assert (refused.status_code, refused.json()["code"]) == (503, "E_UNAVAILABLE")
    assert refused.headers["retry-after"] == "5"
    assert (await world.caller(XAL).get(large.path)).status_code == 404
    assert not list((world.folder / "arriving").iterdir())
    status, notes = await ready(world)
    assert status == 200
    assert notes["blobs"].startswith("the object store")
    assert (await world.caller(XAL).deposit(small)).status_code == 201
    fetched = await world.caller(SEC).get(f"{before.path}/content")
    assert (fetched.status_code, fetched.headers["retry-after"]) == (503, "5")
    again = await world.caller(XAL).deposit(before)
    assert again.status_code == 200  # accepted is accepted
    line.is_cut = False
    assert (await world.caller(XAL).deposit(large)).status_code == 201
    assert (await world.caller(SEC).get(f"{before.path}/content")).content == before.data


async def test_an_upload_that_cannot_be_stored_at_its_end_is_ended_later(
    world: World, line: Line
) -> None:
    sender = Sender(world, sealed(content=LARGE))
    await sender.begin()
    line.is_cut = True
    assert (await sender.part(sender.head, sender.size)).status_code == 503
    line.is_cut = False
    assert (await sender.part(sender.size, sender.size)).status_code == 201
    await check(world, sender.container)


async def test_the_service_starts_and_takes_small_deposits_without_its_store(
    world: World, line: Line, lines: list[EventDict]
) -> None:
    line.is_cut = True
    await world.restart()
    assert (await world.caller(XAL).deposit(sealed())).status_code == 201
    await until(lambda: any(entry["event"] == "large deposits are refused" for entry in lines))
    assert (await ready(world))[0] == 200


async def test_an_altered_object_is_an_alarm_and_never_given_out_whole(world: World) -> None:
    container = sealed(content=LARGE)
    await world.caller(XAL).deposit(container)
    (name,) = await names(world)
    await replace(world, name, container.data[:-1] + b"?")
    answer = await world.caller(SEC).get(f"{container.path}/content")
    assert (answer.status_code, answer.json()["code"]) == (500, "E_INTEGRITY")
    await store_of(world).delete([name])
    answer = await world.caller(SEC).get(f"{container.path}/content")
    assert (answer.status_code, answer.json()["code"]) == (500, "E_INTEGRITY")


async def replace(world: World, name: str, data: bytes) -> None:
    store, path = store_of(world), world.folder / "altered"
    path.write_bytes(data)
    await store.delete([name])
    assert await store.put(name, path, Digest(sha256(data)))


async def test_what_a_stop_left_is_swept_by_age_and_what_an_envelope_has_is_not(
    world: World, lines: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = sealed(1, content=LARGE)
    assert (await world.caller(XAL).deposit(kept)).status_code == 201
    world.stop_at("exchange.after_blob")
    assert (await world.caller(XAL).deposit(sealed(2, content=LARGE))).status_code == 500
    assert len(await names(world)) == 2
    await world.restart(sweep_every_s=3600)
    assert len(await names(world)) == 2  # a deposit under way elsewhere would look the same
    tomorrow = system_clock() + 90_000
    monkeypatch.setattr("sextant_exchange.storage.blobs.system_clock", lambda: tomorrow)
    await world.restart()
    (row,) = world.rows("SELECT blob FROM envelope")
    await until(lambda: any(entry["event"] == "orphaned blobs removed" for entry in lines))
    assert await names(world) == [row.blob]


async def test_erased_ciphertext_leaves_the_store(world: World) -> None:
    container = sealed(content=LARGE)
    await world.restart(erase_every_s=0.02, retention=(rule(),))
    assert (await world.caller(XAL).deposit(container)).status_code == 201
    await acknowledged(world)
    await logged(world)
    world.clock.now += 40 * 86_400
    erased = "SELECT 1 FROM envelope WHERE erased IS NOT NULL AND blob IS NULL"
    await until(lambda: world.rows(erased))
    await gone(world)


async def test_ciphertext_that_could_not_be_removed_is_erased_all_the_same_and_swept(
    world: World, line: Line, monkeypatch: pytest.MonkeyPatch, lines: list[EventDict]
) -> None:
    container = sealed(content=LARGE)
    assert (await world.caller(XAL).deposit(container)).status_code == 201
    await acknowledged(world)
    await logged(world)
    world.clock.now += 40 * 86_400
    await world.stop()
    world.reached.append(lambda step: cut_at(line, step))
    await world.start(erase_every_s=0.02, retention=(rule(),))
    await until(lambda: any(entry["event"] == "blobs wait for the sweep" for entry in lines))
    assert world.rows("SELECT 1 FROM envelope WHERE erased IS NOT NULL AND blob IS NULL")
    assert (await world.caller(SEC).get(f"{container.path}/content")).status_code == 410
    world.reached.clear()
    line.is_cut = False
    assert len(await names(world)) == 1
    tomorrow = system_clock() + 90_000
    monkeypatch.setattr("sextant_exchange.storage.blobs.system_clock", lambda: tomorrow)
    await world.restart()
    await gone(world)


def cut_at(line: Line, step: str) -> None:
    line.is_cut = line.is_cut or step == "exchange.after_act_stored"


async def gone(world: World) -> None:
    async def look() -> bool:
        return not await names(world)

    await until(look, "nothing is there any more")


async def test_more_large_deposits_at_once_than_puts_are_all_taken(world: World) -> None:
    await world.restart(s3_puts=2)
    containers = [sealed(number, content=LARGE) for number in range(1, 9)]
    answers = await asyncio.gather(*(world.caller(XAL).deposit(c) for c in containers))
    assert {answer.status_code for answer in answers} == {201}
    assert len(await names(world)) == len(containers)


async def test_a_large_message_goes_from_its_sender_through_the_store_to_whoever_opens_it(
    tmp_path: Path,
) -> None:
    content = bytes(range(256)) * (10 << 12)
    async with open_platform(tmp_path, exchange=S3.started().settings()) as platform:
        both = [
            (party, SealingKey.from_jwk(platform.parties[party].seal.jwk)) for party in (SEC, XBO)
        ]
        container, _ = platform.seal(XAL, content, type="transfer.notice", recipients=both)
        sent = await platform.deposit(XAL, container)
        (received,) = await platform.received(XBO)
        await platform.settled()
        assert received.content == content
        assert received.manifest.digest == sent.manifest.digest
        await platform.check()


async def test_a_command_tells_what_is_missing_altered_or_for_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    containers = [sealed(number, content=LARGE) for number in range(1, 4)]
    for container in containers:
        assert (await world.caller(XAL).deposit(container)).status_code == 201
    world.stop_at("exchange.after_blob")
    assert (await world.caller(XAL).deposit(sealed(4, content=LARGE))).status_code == 500
    monkeypatch.setattr("sextant_exchange.__main__.load_settings", lambda _: world._settings())

    async def said(command: str) -> tuple[int, str]:
        status = await asyncio.to_thread(main, command.split())
        return status, capsys.readouterr().out

    size = sum(len(container.data) for container in containers)
    status, told = await said("blobs --read")
    assert status == 0
    assert f"large containers: 3, {size:,} bytes\n" in told
    assert "there for nobody: 0 blobs" in told  # it is too young to be sure
    assert "every large container is as it was deposited" in told
    tomorrow = system_clock() + 90_000
    monkeypatch.setattr("sextant_exchange.storage.blobs.system_clock", lambda: tomorrow)
    assert "there for nobody: 1 blobs" in (await said("blobs"))[1]
    assert "removed: 1 blobs" in (await said("blobs --sweep"))[1]
    first, second, third = world.rows("SELECT id, blob FROM envelope ORDER BY number")
    assert set(await names(world)) == {first.blob, second.blob, third.blob}
    altered = containers[0].data[:-1] + bytes([containers[0].data[-1] ^ 1])
    await replace(world, first.blob, altered)
    await replace(world, second.blob, b"short")
    await store_of(world).delete([third.blob])
    status, told = await said("blobs --read")
    assert status == 1
    for what, row in (("ALTERED", first), ("ANOTHER SIZE", second), ("MISSING", third)):
        assert f"{what}: {XAL} {row.id}" in told
    assert "not as they were deposited" in told
