"""A fetch that broke off goes on where it was: one range of bytes (RFC 9110 section 14)."""

from typing import Any

import pytest

from sextant_shared.encoding import b64u
from tests.integration.exchange.containers import SEC, XAL, Container, sealed
from tests.integration.exchange.world import World

pytestmark = pytest.mark.anyio
contents = pytest.mark.parametrize(
    "content", [b"small", b"x" * 300_000], ids=["in a row", "in a blob"]
)


async def deposited(world: World, content: bytes) -> Container:
    container = sealed(content=content)
    assert (await world.caller(XAL).deposit(container)).status_code == 201
    return container


async def fetched(world: World, container: Container, **headers: str) -> Any:
    path = f"{container.path}/content"
    return await world.caller(SEC).send("GET", path, headers=headers)


@contents
async def test_what_is_missing_is_fetched_alone(world: World, content: bytes) -> None:
    container = await deposited(world, content)
    size = len(container.data)
    whole = await fetched(world, container)
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    tag = whole.headers["etag"]
    assert tag == f'"{b64u(container.digest)}"'
    for asked, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=100-", 100, size),
        (f"bytes=200-{size + 50}", 200, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=-{size + 1}", 0, size),
        (" Bytes=5-9 ", 5, 10),
    ):
        part = await fetched(world, container, range=asked, **{"if-range": tag})
        assert part.status_code == 206
        assert part.content == container.data[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["content-length"] == str(end - start)


@contents
@pytest.mark.parametrize(
    "asked", ["bytes=9-5", "bytes=99999999-", "bytes=0-1,5-9", "lines=1-2", "bytes=-0", "bytes=-"]
)
async def test_what_is_no_range_of_it_is_answered_with_the_whole(
    world: World, content: bytes, asked: str
) -> None:
    container = await deposited(world, content)
    answer = await fetched(world, container, range=asked)
    assert (answer.status_code, answer.content) == (200, container.data)
    assert "content-range" not in answer.headers


async def test_a_range_of_another_container_is_answered_with_the_whole(world: World) -> None:
    container = await deposited(world, b"small")
    headers = {"if-range": '"of another"', "range": "bytes=5-"}
    answer = await fetched(world, container, **headers)
    assert (answer.status_code, answer.content) == (200, container.data)


async def test_a_stranger_gets_no_byte(world: World) -> None:
    container = await deposited(world, b"small")
    path = f"{container.path}/content"
    answer = await world.caller("NA-XBO").send("GET", path, headers={"range": "bytes=0-1"})
    assert answer.status_code == 404
