"""A deposit in parts: what is refused, what is kept, how it goes on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.exchange.containers import SEC, XAL, XBO, Container, sealed
from tests.integration.exchange.parts import PART, Sender, uploads
from tests.integration.exchange.refusals import code_of, flip, mutated, signature
from tests.integration.exchange.world import World
from tests.support.objects import EVERYWHERE

pytestmark = pytest.mark.anyio
LARGE = b"x" * 300_000


@pytest.fixture
async def sender(world: World) -> Sender:
    """One that has begun nothing."""
    return Sender(world, sealed(content=LARGE))


@pytest.fixture
async def begun(sender: Sender) -> Sender:
    """One whose head is there."""
    assert (await sender.begin()).status_code == 201
    return sender


# --- what is refused before a byte of the body is taken -------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": ""}, 400, Code.MALFORMED),
        ({"Upload-Length": "-1"}, 400, Code.MALFORMED),
        ({"Upload-Length": "9" * 16}, 400, Code.MALFORMED),
        ({"Upload-Length": "1000"}, 422, Code.LENGTH),
        ({"Upload-Complete": ""}, 400, Code.MALFORMED),
        ({"Upload-Complete": "true"}, 400, Code.MALFORMED),
        ({"Upload-Complete": "?1"}, 400, Code.MALFORMED),
    ],
    ids=str,
)
async def test_an_upload_says_how_long_it_is_and_that_it_comes_in_parts(
    sender: Sender, headers: dict[str, str], status: int, code: Code
) -> None:
    answer = await sender.begin(headers)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert answer.json()["expected"]
    assert uploads(sender.world) == []


@pytest.mark.parametrize(
    ("bend", "by", "code"),
    [
        (lambda c: c.bent(jws=signature(0, mutated("signature", flip))), XAL, Code.SIGNATURE),
        (lambda c: c.bent(jws=signature(1, mutated("signature", flip))), XAL, Code.SIGNATURE),
        (lambda c: c.bent(header=lambda h: h.update(cty="image/png")), XAL, Code.POLICY),
        (
            lambda c: c.bent(header=lambda h: h.update(created="2020-01-01T00:00:00Z")),
            XAL,
            "E_CLOCK",
        ),
        (lambda c: c, XBO, Code.SENDER),
    ],
    ids=["first signature", "second signature", "policy", "clock", "another's"],
)
async def test_a_head_that_is_not_taken_begins_nothing(
    world: World, bend: Any, by: str, code: str
) -> None:
    sender = Sender(world, bend(sealed(content=LARGE)), by)
    answer = await sender.begin()
    assert code_of(answer) == code
    assert uploads(world) == []


async def test_nothing_of_the_body_comes_with_the_head(sender: Sender) -> None:
    answer = await sender.begin(data=sender.container.data[: sender.head + 1])
    assert (answer.status_code, code_of(answer)) == (422, Code.LENGTH)
    assert uploads(sender.world) == []


async def test_an_upload_is_nobody_elses_business(begun: Sender) -> None:
    stranger = Sender(begun.world, begun.container, XBO, begun.path)
    for answer in (
        await stranger.part(begun.head, begun.size),
        await stranger.cancel(),
        await stranger.world.caller(XBO).send("HEAD", begun.path),
    ):
        assert answer.status_code == 404
    assert await begun.offset() == begun.head


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "application/octet-stream"}, 400, Code.MALFORMED),
        ({"Upload-Offset": ""}, 400, Code.MALFORMED),
        ({"Upload-Offset": "+1"}, 400, Code.MALFORMED),
        ({"Upload-Complete": "1"}, 400, Code.MALFORMED),
        ({"Content-Length": ""}, 411, Code.LENGTH_REQUIRED),
        ({"Upload-Offset": "0"}, 409, Code.STATE),
        ({"Upload-Complete": "?1"}, 422, Code.LENGTH),
    ],
    ids=str,
)
async def test_a_part_that_does_not_fit_adds_nothing(
    begun: Sender, headers: dict[str, str], status: int, code: Code
) -> None:
    answer = await begun.part(begun.head, begun.head + 1000, headers)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert answer.json()["fix"]
    assert await begun.offset() == begun.head


async def test_a_part_that_begins_elsewhere_is_told_where_the_upload_ends(begun: Sender) -> None:
    answer = await begun.part(begun.head + 5, begun.head + 1000)
    assert (answer.status_code, code_of(answer)) == (409, Code.STATE)
    assert answer.headers["upload-offset"] == str(begun.head)
    assert answer.json()["expected"] == f"Upload-Offset: {begun.head}"
    assert answer.json()["received"] == f"Upload-Offset: {begun.head + 5}"


async def test_a_part_does_not_go_beyond_the_end(begun: Sender) -> None:
    begun.container = Container(begun.container.manifest, begun.container.body + b"x")
    answer = await begun.part(begun.head, begun.size, {"Upload-Complete": "?0"})
    assert (answer.status_code, code_of(answer)) == (422, Code.LENGTH)
    assert await begun.offset() == begun.head


async def test_another_body_than_the_signed_one_ends_the_upload(begun: Sender) -> None:
    whole = begun.container
    begun.container = Container(whole.manifest, flip(whole.body))
    answer = await begun.part(begun.head, begun.size)
    assert (answer.status_code, code_of(answer)) == (422, Code.DIGEST)
    assert uploads(begun.world) == begun.world.files() == []
    assert begun.world.rows("SELECT number FROM envelope") == []
    again = Sender(begun.world, whole)
    assert (await again.begin()).headers["upload-offset"] == str(begun.head)
    assert (await again.part(again.head, again.size)).status_code == 201


async def test_the_head_is_judged_again_before_each_part(world: World) -> None:
    await world.restart(created_skew_s=60)
    sender = Sender(world, sealed(content=LARGE))
    await sender.begin()
    assert (await sender.part(sender.head, sender.head + 1000)).status_code == 204
    world.clock.now += 61  # as good as any other reason: a key that was revoked, a policy
    sender.world.caller(XAL).token = ""
    answer = await sender.part(sender.head + 1000, sender.size)
    assert (answer.status_code, code_of(answer)) == (422, Code.CLOCK)
    assert uploads(world) == []


async def test_a_party_has_so_many_uploads_at_once_and_no_more(world: World) -> None:
    await world.restart(uploads_per_party=2)
    first, second, third = (Sender(world, sealed(number, content=LARGE)) for number in (1, 2, 3))
    assert [(await s.begin()).status_code for s in (first, second)] == [201, 201]
    answer = await third.begin()
    assert (answer.status_code, code_of(answer)) == (429, Code.RATE)
    assert int(answer.headers["retry-after"]) < 60
    other = Sender(world, sealed(4, sender=XBO, content=LARGE), XBO)
    assert (await other.begin()).status_code == 201
    assert (await first.begin()).status_code == 201  # the same one is no other one
    assert (await second.cancel()).status_code == 204
    assert (await third.begin()).status_code == 201
    assert len(uploads(world)) == 3


async def test_room_that_is_promised_to_an_upload_is_given_to_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [1_000_000]
    monkeypatch.setattr(
        "sextant_exchange.storage.blobs.BlobStore.free_bytes", lambda _store: free[0]
    )
    senders = [Sender(world, sealed(number, content=LARGE)) for number in range(1, 5)]
    answers = [await s.begin() for s in senders]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 503]
    caller = world.caller(XAL)
    assert (await caller.deposit(sealed(9, content=LARGE))).status_code == 503
    assert (await senders[0].cancel()).status_code == 204
    assert (await caller.deposit(sealed(9, content=LARGE))).status_code == 201
    free[0] = 0
    assert (await senders[1].part(senders[1].head, senders[1].size)).status_code == 503


@pytest.mark.parametrize("is_stopped", [False, True], ids=["running", "stopped"])
async def test_an_upload_ends_after_its_time_and_leaves_nothing(
    world: World, *, is_stopped: bool
) -> None:
    await world.restart(upload_lifetime_s=3600, created_skew_s=86_400)
    sender = Sender(world, sealed(content=LARGE))
    begun = await sender.begin()
    assert 3590 < int(begun.headers["upload-limit"].partition("max-age=")[2]) <= 3600
    world.clock.now += 3600
    if is_stopped:
        await world.restart()
        assert uploads(world) == []
    world.caller(XAL).token = ""
    assert (await sender.part(sender.head, sender.size)).status_code == 404
    assert (await Sender(world, sealed(2, content=LARGE)).begin()).status_code == 201
    assert len(uploads(world)) == 1


# --- what is kept, and how it goes on -------------------------------------------------------------


async def test_parts_give_the_receipt_that_one_request_gives(begun: Sender) -> None:
    world, container = begun.world, begun.container
    middle = begun.head + 100_000
    answer = await begun.part(begun.head, middle)
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(middle))
    assert answer.headers["upload-complete"] == "?0"
    assert world.rows("SELECT number FROM envelope") == []
    answer = await begun.part(middle, begun.size)
    assert (answer.status_code, answer.headers["upload-complete"]) == (201, "?1")
    assert answer.headers["location"] == container.path
    verify_custody(answer.content, container.digest, container.id, world.audit.log.keys)
    fetched = await world.caller(SEC).get(f"{container.path}/content")
    assert fetched.content == container.data
    assert uploads(world) == []
    assert len(world.files()) == 1
    again = await world.caller(XAL).deposit(container)
    assert (again.status_code, again.content) == (200, answer.content)


async def test_what_was_deposited_before_is_answered_at_the_head(sender: Sender) -> None:
    first = await sender.world.caller(XAL).deposit(sender.container)
    answer = await sender.begin()
    assert (answer.status_code, answer.content) == (200, first.content)
    assert answer.headers["upload-complete"] == "?1"
    assert uploads(sender.world) == []


async def test_an_id_that_is_taken_by_another_manifest_begins_nothing(sender: Sender) -> None:
    await sender.world.caller(XAL).deposit(sealed(content=LARGE))
    answer = await sender.begin()
    assert (answer.status_code, code_of(answer)) == (409, Code.DUPLICATE)
    assert uploads(sender.world) == []


async def test_of_two_ways_at_once_one_deposit_is_made(begun: Sender) -> None:
    world = begun.world
    middle = begun.head + 1000
    await begun.part(begun.head, middle)
    first = await world.caller(XAL).deposit(begun.container)
    last = await begun.part(middle, begun.size)
    assert (last.status_code, last.content) == (200, first.content)
    assert uploads(world) == []
    assert len(world.files()) == 1


async def test_beginning_again_finds_the_upload_that_is_under_way(begun: Sender) -> None:
    await begun.part(begun.head, begun.head + 5000)
    path = begun.path
    answer = await begun.begin()
    assert (begun.path, answer.headers["upload-offset"]) == (path, str(begun.head + 5000))
    assert len(uploads(begun.world)) == 1


@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
async def test_what_came_of_a_part_that_was_cut_is_never_asked_for_again(
    begun: Sender, *, restart: bool
) -> None:
    answer = await begun.part(begun.head, begun.size, cut=70_001)
    assert (answer.status_code, code_of(answer)) == (422, Code.LENGTH)
    if restart:
        await begun.world.restart()
        begun.world.clock.now += 1
    assert await begun.offset() == begun.head + 70_001
    assert (await begun.part(begun.head + 70_001, begun.size)).status_code == 201
    fetched = await begun.world.caller(SEC).get(f"{begun.container.path}/content")
    assert fetched.content == begun.container.data


async def test_the_newest_request_has_the_turn_and_what_came_before_it_is_kept(
    begun: Sender,
) -> None:
    arrived = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield begun.container.data[begun.head : begun.head + 4000]
        arrived.set()
        await asyncio.Event().wait()  # a line that broke without a word

    caller = begun.world.caller(XAL)
    headers = {
        "Content-Type": PART,
        "Content-Length": str(begun.size - begun.head),
        "Upload-Offset": str(begun.head),
        "Upload-Complete": "?1",
    }
    old = asyncio.create_task(caller.send("PATCH", begun.path, content=stuck(), headers=headers))
    await arrived.wait()
    assert await begun.offset() == begun.head + 4000
    answer = await old
    assert (answer.status_code, code_of(answer)) == (409, Code.STATE)
    assert (await begun.part(begun.head + 4000, begun.size)).status_code == 201


async def test_a_whole_upload_may_be_ended_by_an_empty_part(begun: Sender) -> None:
    answer = await begun.part(begun.head, begun.size, {"Upload-Complete": "?0"})
    assert answer.status_code == 204
    answer = await begun.part(begun.size, begun.size)
    assert answer.status_code == 201


@pytest.mark.parametrize("step", ["upload", "blob", "held", "logged", "accepted"])
async def test_a_stop_at_the_end_loses_and_repeats_nothing(begun: Sender, step: str) -> None:
    world = begun.world
    world.stop_at(f"exchange.after_{step}")
    assert (await begun.part(begun.head, begun.size)).status_code == 500
    await world.restart()
    world.clock.now += 1
    assert await begun.offset() == begun.size
    answer = await begun.part(begun.size, begun.size)
    assert answer.status_code == (201 if step in {"upload", "blob"} else 200)
    assert uploads(world) == []
    # A bucket, and a folder where others may be depositing, are swept by age.
    assert EVERYWHERE or world.server is not None or len(world.files()) == 1
    items = (await world.caller(SEC).get("/v1/mailbox")).json()["items"]
    assert [item["id"] for item in items] == [begun.container.id]
    content = await world.caller(SEC).get(f"{begun.container.path}/content")
    assert content.content == begun.container.data


async def test_a_stop_inside_a_part_keeps_what_was_flushed(begun: Sender) -> None:
    world = begun.world
    await world.restart(upload_keep_bytes=65_536)
    world.clock.now += 1
    world.stop_at("exchange.after_kept")
    assert (await begun.part(begun.head, begun.size)).status_code == 500
    await world.restart()
    world.clock.now += 1
    offset = await begun.offset()
    assert offset >= begun.head + 65_536
    assert (await begun.part(offset, begun.size)).status_code == 201


async def test_a_stop_after_the_last_part_is_ended_by_an_empty_one(begun: Sender) -> None:
    begun.world.stop_at("exchange.after_upload")
    assert (await begun.part(begun.head, begun.size)).status_code == 500
    await begun.world.restart()
    assert await begun.offset() == begun.size
    assert (await begun.part(begun.size, begun.size)).status_code == 201


async def test_what_cannot_be_stored_at_the_end_may_be_ended_again(
    begun: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> str:
        raise PlatformError(Code.UNAVAILABLE, "the blob store does not take more now")

    with monkeypatch.context() as patched:
        patched.setattr("sextant_exchange.storage.blobs.BlobStore.put", full)
        answer = await begun.part(begun.head, begun.size)
    assert answer.status_code == 503
    assert (await begun.part(begun.size, begun.size)).status_code == 201


async def test_a_party_is_told_that_uploads_may_be_resumed_here(world: World) -> None:
    answer = await world.caller(XAL).send("OPTIONS", "/v1/uploads")
    assert (answer.status_code, answer.headers["accept-patch"]) == (204, PART)
    assert answer.headers["upload-limit"].startswith("max-size=")
