"""How a container is read from a request: slowly, in any pieces, cut, or too long."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.types import Message

from sextant_exchange.routes.arrival import Arrival, Limits
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from tests.integration.exchange.containers import Container, sealed
from tests.support.memory import peak_growth

pytestmark = pytest.mark.anyio
SMALL, EVERYTHING = 0, 1 << 30
LIMITS = Limits(max_bytes=1 << 20, grace_s=5.0, min_bytes_s=1 << 20)


def request(
    pieces: Sequence[bytes], length: int | None = None, *, pause_s: float = 0, cut: bool = False
) -> Request:
    """Return a request whose body arrives in these pieces; `cut`: then the sender goes away."""
    announced = sum(map(len, pieces)) if length is None else length
    queue = list(pieces)

    async def receive() -> Message:
        await asyncio.sleep(pause_s)
        if not queue:
            return {"type": "http.disconnect"}
        piece = queue.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(queue) or cut}

    headers = [(b"content-length", str(announced).encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def arrive(given: Request, folder: Path, small: int, limits: Limits = LIMITS) -> bytes:
    arrival = Arrival(given, limits)
    manifest = await arrival.manifest()
    arrived = await arrival.container(manifest, small, folder)
    if arrived.path is None:
        return arrived.content or b""
    return arrived.path.read_bytes()


async def refused(given: Request, folder: Path, small: int, limits: Limits = LIMITS) -> Code:
    with pytest.raises(PlatformError) as caught:
        await arrive(given, folder, small, limits)
    assert names(folder) == []
    return caught.value.code


def container() -> Container:
    return sealed(content=b"x" * 20_000)


in_row_and_file = pytest.mark.parametrize("small", [EVERYTHING, SMALL], ids=["in memory", "file"])


@in_row_and_file
@pytest.mark.parametrize("size", [1, 7, 1000, 65_536], ids=str)
async def test_a_container_arrives_whole_in_whatever_pieces(
    tmp_path: Path, small: int, size: int
) -> None:
    data = container().data
    assert await arrive(request(in_pieces(data, size)), tmp_path, small) == data


@in_row_and_file
async def test_empty_pieces_are_no_end(tmp_path: Path, small: int) -> None:
    data = container().data
    pieces = [piece for whole in in_pieces(data, 5000) for piece in (b"", whole, b"")]
    assert await arrive(request(pieces), tmp_path, small) == data


@in_row_and_file
@pytest.mark.parametrize("cut_at", [0, 4, 8, 100, -1], ids=str)
async def test_a_sender_that_goes_away_leaves_nothing(
    tmp_path: Path, small: int, cut_at: int
) -> None:
    data = container().data
    given = request([data[:cut_at]], len(data), cut=True)
    assert await refused(given, tmp_path, small) is Code.LENGTH


@in_row_and_file
async def test_a_body_that_ends_early_or_goes_on_leaves_nothing(tmp_path: Path, small: int) -> None:
    data = container().data
    for given in (data[:-1], data + b"x"):
        for size in (1000, 1 << 20):
            arriving = request(in_pieces(given, size), len(data))
            assert await refused(arriving, tmp_path, small) is Code.LENGTH


@in_row_and_file
async def test_another_body_than_the_signed_one_leaves_nothing(tmp_path: Path, small: int) -> None:
    data = container().data
    altered = data[:-1] + bytes([data[-1] ^ 1])
    assert await refused(request([altered]), tmp_path, small) is Code.DIGEST


@in_row_and_file
async def test_one_byte_now_and_then_does_not_hold_a_place_for_ever(
    tmp_path: Path, small: int
) -> None:
    data = container().data
    slow = request(in_pieces(data, 4000), pause_s=0.02)
    limits = Limits(max_bytes=1 << 20, grace_s=0.03, min_bytes_s=1 << 20)
    assert await refused(slow, tmp_path, small, limits) is Code.LENGTH


async def test_a_slow_line_is_given_the_time_its_size_takes(tmp_path: Path) -> None:
    data = container().data
    slow = request(in_pieces(data, 10_000), pause_s=0.02)
    limits = Limits(max_bytes=1 << 20, grace_s=0.0, min_bytes_s=len(data) // 2)
    assert await arrive(slow, tmp_path, EVERYTHING, limits) == data


async def test_a_folder_that_takes_nothing_is_told_as_passing(tmp_path: Path) -> None:
    missing = tmp_path / "gone"
    with pytest.raises(PlatformError) as caught:
        await arrive(request([container().data]), missing, SMALL)
    assert caught.value.code is Code.UNAVAILABLE


def test_the_largest_container_arrives_in_little_memory(tmp_path: Path) -> None:
    block, count = bytes(1 << 16), 112 * 16  # 112 MiB
    digest = sha256()
    for _ in range(count):
        digest.update(block)
    told = {"len": len(block) * count, "sha256": b64u(digest.digest())}
    head = sealed().bent(payload=lambda members: members.update(told))
    pieces = [head.data[: -len(head.body)], *[block] * count]
    limits = Limits(max_bytes=1 << 30, grace_s=60.0, min_bytes_s=1 << 20)

    async def run() -> int:
        arrival = Arrival(request(pieces), limits)
        arrived = await arrival.container(await arrival.manifest(), SMALL, tmp_path)
        assert arrived.path is not None
        return arrived.path.stat().st_size

    sizes: list[int] = []
    grown = peak_growth(lambda: sizes.append(asyncio.run(run())))
    assert sizes == [sum(map(len, pieces))]
    assert grown < 8 << 20
