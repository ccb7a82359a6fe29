"""What goes wrong between us and a real S3 server: lines, servers, names, keys, and leftovers."""

import asyncio
import gc
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from sextant_shared.chassis.objects import Digest, ObjectStore
from sextant_shared.chassis.objects.opening import open_objects
from sextant_shared.clock import system_clock
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError
from tests.integration.objects.conftest import Opening, settings_in
from tests.support.objects import S3, Line, S3Server, begin_parts, certificate_of

pytestmark = [pytest.mark.anyio, pytest.mark.long]
PART = 5 << 20
LARGE = os.urandom(PART + 5)


@pytest.fixture
def arrived(tmp_path: Path) -> Path:
    path = tmp_path / "arrived"
    path.write_bytes(LARGE)
    return path


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with Line(S3.started().ports["s3"]) as line:
        yield line


@pytest.fixture
def server() -> Iterator[S3Server]:
    """The server of all tests, which runs again afterwards."""
    server = S3.started()
    yield server
    if not server.is_running:
        server.start()


def through(line: Line, over_s3: Opening, **given: float) -> ObjectStore:
    return over_s3(s3_endpoint=f"http://127.0.0.1:{line.port}", **given)


async def refusal(store: ObjectStore, path: Path) -> PlatformError:
    with pytest.raises(PlatformError) as refused:
        await store.put("one", path, Digest(sha256(LARGE)))
    return refused.value


async def whole(store: ObjectStore) -> bytes:
    return b"".join([piece async for piece in store.read("one")])


async def test_a_line_that_breaks_midway_is_tried_again(
    line: Line, over_s3: Opening, arrived: Path
) -> None:
    store = through(line, over_s3)
    line.cut_after = PART // 2
    assert await store.put("one", arrived, Digest(sha256(LARGE)))
    assert await whole(store) == LARGE


async def test_a_bit_that_changes_on_the_way_does_not_get_in(
    line: Line, over_s3: Opening, arrived: Path
) -> None:
    store = through(line, over_s3)
    line.flip_after = PART // 2
    assert (await refusal(store, arrived)).code is Code.UNAVAILABLE
    assert await store.size("one") is None
    assert await store.put("one", arrived, Digest(sha256(LARGE)))
    assert await whole(store) == LARGE


async def test_a_server_that_keeps_silent_is_given_up_in_time(
    line: Line, over_s3: Opening, arrived: Path
) -> None:
    store = through(line, over_s3, s3_request_s=1)
    line.is_silent = True
    async with asyncio.timeout(10):
        error = await refusal(store, arrived)
    assert (error.code, error.retry_after_s) == (Code.UNAVAILABLE, 5)


async def told_to_be_away(store: ObjectStore, path: Path) -> None:
    """Everything that can be asked is answered the same way."""
    for ask in (
        store.probe(),
        store.size("one"),
        store.delete(["one"]),
        whole(store),
        store.unfinished(0, remove=True),
        anext(store.items()),
        store.put("two", path, Digest(sha256(LARGE))),
    ):
        with pytest.raises(PlatformError) as away:
            await ask
        assert (away.value.code, away.value.retry_after_s) == (Code.UNAVAILABLE, 5)
        assert "127.0.0.1" not in away.value.detail


async def test_while_nobody_listens_all_say_so_and_afterwards_all_is_there(
    line: Line, over_s3: Opening, arrived: Path
) -> None:
    store = through(line, over_s3)
    assert await store.put("one", arrived, Digest(sha256(LARGE)))
    line.is_cut = True
    await told_to_be_away(store, arrived)
    line.is_cut = False
    assert await whole(store) == LARGE
    assert await store.size("two") is None


async def test_a_server_that_was_killed_comes_back_with_everything(
    server: S3Server, over_s3: Opening, arrived: Path
) -> None:
    store = over_s3()
    assert await store.put("one", arrived, Digest(sha256(LARGE)))
    server.kill()
    await told_to_be_away(store, arrived)
    server.start()
    await until_read(store, is_refused=False)  # its volumes come back after its front does
    assert await whole(store) == LARGE
    assert await store.size("two") is None


async def until_read(store: ObjectStore, *, is_refused: bool) -> None:
    """Read again and again until it is refused, or is not any more."""
    refused: Code | None = None
    for _ in range(1500):
        try:
            await whole(store)
            refused = None
        except PlatformError as error:
            refused = error.code
        if (refused is not None) == is_refused:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(refused)


async def test_a_bucket_that_is_not_there_or_a_key_that_is_not_ours_is_told(
    over_s3: Opening, tmp_path: Path, arrived: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("[default]\naws_access_key_id = exchange\naws_secret_access_key = no\n")
    for store in (over_s3(s3_bucket="another"), over_s3(s3_credentials_file=wrong)):
        for ask in (store.probe(), store.unfinished(0, remove=False)):
            with pytest.raises(PlatformError) as told:
                await ask
            assert told.value.code is Code.UNAVAILABLE
        assert (await refusal(store, arrived)).code is Code.UNAVAILABLE


async def test_what_the_server_said_stands_in_the_log_alone(
    over_s3: Opening, tmp_path: Path, arrived: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("[default]\naws_access_key_id = exchange\naws_secret_access_key = not this\n")
    for store, said in (
        (over_s3(s3_bucket="another"), "NoSuchBucket"),
        (over_s3(s3_credentials_file=wrong), "403"),
    ):
        with capture_logs() as lines:
            error = await refusal(store, arrived)
        assert said not in error.detail
        (line,) = lines
        assert (line["event"], line["log_level"]) == ("the object store failed", "error")
        assert line["detail"] == error.detail
        assert said in line["reason"]
        assert "not this" not in line["reason"]


async def test_two_prefixes_of_a_bucket_do_not_see_one_another(
    tmp_path: Path, arrived: Path
) -> None:
    mine = open_objects(settings_in(tmp_path, **S3.started().settings("mine")), "")
    other = open_objects(settings_in(tmp_path, **S3.started().settings("mine-too")), "")
    assert await other.put("one", arrived, Digest(sha256(LARGE)))
    assert [page async for page in mine.items() if page] == []
    assert await mine.size("one") is None


async def test_parts_of_a_put_that_a_kill_ended_are_found_by_age_and_removed(
    over_s3: Opening,
) -> None:
    given = S3.started().settings()
    store = over_s3(**given)
    begin_parts(S3.started(), f"{given['s3_prefix']}/cut", LARGE[:PART])
    begin_parts(S3.started(), "of-another/cut", LARGE[:PART])
    now = system_clock()
    assert await store.unfinished(now - 60, remove=True) == 0
    assert await store.unfinished(now + 60, remove=False) == 1
    assert await store.unfinished(now + 60, remove=True) == 1
    assert await store.unfinished(now + 60, remove=True) == 0
    assert [page async for page in store.items() if page] == []


async def test_a_key_that_is_changed_in_its_file_is_used_and_one_that_is_gone_is_told(
    over_s3: Opening, tmp_path: Path, arrived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sextant_shared.chassis.objects.s3.CREDENTIALS_S", 1)
    good = S3.started().settings()["s3_credentials_file"].read_text()
    own = tmp_path / "credentials"
    own.write_text(good)
    store = over_s3(s3_credentials_file=own)
    assert await store.put("one", arrived, Digest(sha256(LARGE)))
    own.write_text(good.replace("a secret", "another secret"))
    await until_read(store, is_refused=True)  # the library keeps a key for a moment
    own.write_text(good)
    await until_read(store, is_refused=False)
    own.unlink()
    await until_read(store, is_refused=True)
    with pytest.raises(PlatformError, match="credentials") as told:
        await store.unfinished(0, remove=False)
    assert told.value.code is Code.UNAVAILABLE


async def test_many_puts_at_once_wait_for_one_another(over_s3: Opening, tmp_path: Path) -> None:
    store = over_s3(s3_puts=2)
    paths = [tmp_path / str(n) for n in range(6)]
    for path in paths:
        path.write_bytes(path.name.encode() * 5000)
    taken = await asyncio.gather(
        *(store.put(p.name, p, Digest(sha256(p.read_bytes()))) for p in paths)
    )
    assert all(taken)
    [page] = [page async for page in store.items()]
    assert len(page) == len(paths)


async def test_nothing_of_the_environment_leads_elsewhere(
    over_s3: Opening, arrived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = ("ENDPOINT", "ENDPOINT_URL", "ENDPOINT_URL_S3", "BUCKET", "REGION")
    secrets = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
    switches = ("SKIP_SIGNATURE", "UNSIGNED_PAYLOAD", "VIRTUAL_HOSTED_STYLE_REQUEST", "S3_EXPRESS")
    for name in elsewhere + secrets:
        monkeypatch.setenv(f"AWS_{name}", "http://127.0.0.1:1")
    for name in switches:
        monkeypatch.setenv(f"AWS_{name}", "true")
    store = over_s3()
    assert await store.put("one", arrived, Digest(sha256(LARGE)))
    assert await whole(store) == LARGE


async def test_whoever_stops_waiting_disturbs_nobody(
    over_s3: Opening, arrived: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = over_s3()
    assert await store.put("one", arrived, Digest(sha256(LARGE)))
    for after_s in (0, 0.001, 0.004, 0.02):
        await given_up(store, arrived, after_s)
    gc.collect()
    assert await whole(store) == LARGE
    assert {item.name for page in [p async for p in store.items()] for item in page} >= {"one"}
    assert "panicked" not in capfd.readouterr().err


async def given_up(store: ObjectStore, path: Path, after_s: float) -> None:
    """Ask everything, and wait no longer than that."""
    check = Digest(sha256(LARGE))
    asks = (store.probe(), store.size("one"), anext(store.items()), anext(store.read("one")))
    put = store.put(f"given-up-{after_s}", path, check)
    asked = [asyncio.ensure_future(ask) for ask in (*asks, put)]
    await asyncio.wait(asked, timeout=after_s)
    for task in asked:
        task.cancel()
    await asyncio.wait(asked)


async def test_a_certificate_is_needed_that_we_trust(
    over_s3: Opening, arrived: Path, tmp_path: Path
) -> None:
    trusted, key = certificate_of("127.0.0.1", tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trusted, key)
    async with Line(S3.started().ports["s3"], context) as line:
        address = {"s3_endpoint": f"https://127.0.0.1:{line.port}", "environment": "production"}
        store = over_s3(**address, s3_ca_file=trusted)
        assert await store.put("one", arrived, Digest(sha256(LARGE)))
        assert await whole(store) == LARGE
        assert await store.unfinished(0, remove=False) == 0
        stranger = over_s3(**address)
        for ask in (stranger.probe(), stranger.unfinished(0, remove=False)):
            with pytest.raises(PlatformError) as refused:
                await ask
            assert refused.value.code is Code.UNAVAILABLE
