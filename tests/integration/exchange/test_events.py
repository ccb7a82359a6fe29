"""Server-sent events: order, resuming, beats, ends, and who is refused before a stream begins."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from sextant_shared.chassis.application import gated
from tests.integration.exchange.containers import SEC, XAL
from tests.integration.exchange.refusals import code_of
from tests.integration.exchange.test_mailboxes import fill
from tests.integration.exchange.world import World

pytestmark = pytest.mark.anyio
PATH = "/v1/mailbox/events"


@dataclass
class Stream:
    """One open stream as the server sees it: what was sent, and a way to go away."""

    messages: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    text: str = ""
    head: dict[str, Any] = field(default_factory=dict)
    task: "asyncio.Task[None] | None" = None

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await self.messages.put(message)

    async def until(self, word: str) -> str:
        """Read on until a word stands in what came."""
        async with asyncio.timeout(10):
            while word not in self.text:
                message = await self.messages.get()
                if message["type"] == "http.response.start":
                    self.head = message
                else:
                    self.text += message["body"].decode()
        return self.text

    def deliveries(self) -> list[tuple[int, dict[str, Any]]]:
        found = []
        for block in self.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if fields.get("event") == "delivery":
                found.append((int(fields["id"]), json.loads(fields["data"])))
        return found


@asynccontextmanager
async def following(world: World, party: str = SEC, **headers: str) -> AsyncIterator[Stream]:
    caller = world.caller(party)
    if not caller.token:
        await caller.get("/v1/parties")
    sent = {"authorization": f"DPoP {caller.token}", "dpop": caller._proof("GET", PATH)}
    stream = Stream()
    scope = {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "headers": [(n.encode(), v.encode()) for n, v in {**sent, **headers}.items()],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("exchange.example", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    assert world.app is not None
    stream.task = asyncio.ensure_future(
        gated(world.app)(scope, stream.receive, stream.send)  # type: ignore[arg-type]
    )
    yield stream
    stream.gone.set()
    stream.task.cancel()
    await asyncio.gather(stream.task, return_exceptions=True)


async def test_what_lies_there_comes_first_and_what_follows_comes_as_it_arrives(
    world: World,
) -> None:
    await fill(world, 2)
    async with following(world) as stream:
        await stream.until("id: 2")
        assert dict(stream.head["headers"])[b"content-type"].startswith(b"text/event-stream")
        assert stream.text.startswith("retry: ")
        await fill(world, 1, start=3)
        await stream.until("id: 3")
        page = (await world.caller(SEC).get("/v1/mailbox")).json()["items"]
        assert [body for _, body in stream.deliveries()] == page
        assert [number for number, _ in stream.deliveries()] == [1, 2, 3]


async def test_a_reader_that_comes_back_goes_on_behind_the_last_event_it_saw(world: World) -> None:
    await fill(world, 3)
    async with following(world, **{"last-event-id": "2"}) as stream:
        await stream.until("id: 3")
        assert [number for number, _ in stream.deliveries()] == [3]


async def test_a_quiet_stream_beats_and_ends_with_where_to_go_on(stopped: World) -> None:
    await stopped.start(events_beat_s=0.03, events_max_s=0.6)
    await fill(stopped, 1)
    async with following(stopped) as stream:
        text = await stream.until("event: end")
        assert text.count(":\n\n") >= 3
        assert 'data: {"next":1}' in text
        assert stream.task is not None
        async with asyncio.timeout(5):
            await stream.task


async def test_a_service_that_stops_lets_every_reader_go_at_once(world: World) -> None:
    async with following(world) as stream:
        await stream.until(":\n\n")
        assert world.app is not None
        world.app.state.draining = True
        await stream.until("event: end")


async def test_a_reader_that_went_away_gives_its_place_back(stopped: World) -> None:
    await stopped.start(max_pollers=1, events_beat_s=0.03)
    async with following(stopped) as first:
        await first.until(":\n\n")
        refused = await stopped.caller(SEC).get(PATH)
        assert (refused.status_code, code_of(refused)) == (503, "E_UNAVAILABLE")
        assert refused.headers["retry-after"]
        first.gone.set()
        assert first.task is not None
        async with asyncio.timeout(5):
            await first.task
    async with following(stopped) as second:
        await second.until(":\n\n")


async def test_readers_take_no_place_from_those_who_work(stopped: World) -> None:
    await stopped.start(max_in_flight=1)
    async with following(stopped) as stream:
        await stream.until(":\n\n")
        await fill(stopped, 1)
        await stream.until("id: 1")


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "9" * 16, "٣"])
async def test_a_number_that_is_none_is_refused(world: World, given: str) -> None:
    answer = await world.caller(XAL).get(PATH, after=given)
    assert (answer.status_code, code_of(answer)) == (400, "E_MALFORMED")
    assert "Last-Event-ID" in answer.json()["expected"]


async def test_a_stranger_follows_nothing(world: World) -> None:
    answer = await world.send("GET", PATH)
    assert (answer.status_code, code_of(answer)) == (401, "E_AUTH")
