"""What the port promises, on each back end: a folder of a disk, and a real S3 server."""

import asyncio
import os
from hashlib import sha256
from pathlib import Path

import pytest

from sextant_shared.chassis.objects import Digest, ObjectStore, checked
from sextant_shared.clock import system_clock
from sextant_shared.encoding import sha256 as digest_of
from sextant_shared.errors import Code, PlatformError
from tests.support.objects import EVERYWHERE

pytestmark = pytest.mark.anyio
PART = 5 << 20
SMALL, LARGE = b"sealed" * 1000, os.urandom(PART + 777)
MANY = 100 if EVERYWHERE else 32  # megabytes that are far more than the parts under way


def arrived(folder: Path, data: bytes) -> Path:
    path = folder / "arrived"
    path.unlink(missing_ok=True)  # what was given is not changed: it may be the object itself
    path.write_bytes(data)
    return path


async def put(store: ObjectStore, folder: Path, name: str, data: bytes) -> bool:
    return await store.put(name, arrived(folder, data), Digest(digest_of(data)))


async def whole(store: ObjectStore, name: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(name, start, end)])


async def names(store: ObjectStore) -> list[str]:
    return sorted([item.name async for page in store.items() for item in page])


@pytest.mark.parametrize("data", [b"", b"1", SMALL, LARGE], ids=["empty", "one", "small", "parts"])
async def test_what_was_put_is_read_and_listed_as_it_was(
    store: ObjectStore, tmp_path: Path, data: bytes
) -> None:
    before = system_clock() - 2
    assert await put(store, tmp_path, "one", data)
    assert await whole(store, "one") == data
    assert await store.size("one") == len(data)
    [[item]] = [page async for page in store.items()]
    assert (item.name, item.size) == ("one", len(data))
    assert before <= item.modified <= system_clock() + 2
    assert (tmp_path / "arrived").read_bytes() == data


async def test_a_range_is_read_alone(store: ObjectStore, tmp_path: Path) -> None:
    await put(store, tmp_path, "one", LARGE)
    ends = (0, 1), (5, 5), (PART - 3, PART + 3), (1 << 20, 3 << 20), (len(LARGE) - 1, None)
    for start, end in ends:
        assert await whole(store, "one", start, end) == LARGE[start:end]


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "parts"])
async def test_nothing_takes_a_name_that_is_taken(
    store: ObjectStore, tmp_path: Path, data: bytes
) -> None:
    await put(store, tmp_path, "one", SMALL)
    assert not await put(store, tmp_path, "one", data + b"other")
    assert await whole(store, "one") == SMALL


async def test_of_two_at_once_one_is_there_whole(store: ObjectStore, tmp_path: Path) -> None:
    given = [b"first" * 999, b"other" * 999]
    for n, data in enumerate(given):
        (tmp_path / str(n)).write_bytes(data)
    taken = await asyncio.gather(
        *(store.put("one", tmp_path / str(n), Digest(digest_of(d))) for n, d in enumerate(given))
    )
    assert sorted(taken) == [False, True]
    assert await whole(store, "one") == given[taken.index(True)]


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "parts"])
async def test_what_is_not_what_was_meant_is_never_there(
    store: ObjectStore, tmp_path: Path, data: bytes
) -> None:
    with pytest.raises(PlatformError) as refused:
        await store.put("one", arrived(tmp_path, data), Digest(digest_of(b"something else")))
    assert refused.value.code is Code.INTEGRITY
    assert await store.size("one") is None
    assert await names(store) == []
    assert await store.unfinished(system_clock() + 60, remove=False) == 0
    assert await put(store, tmp_path, "one", data)


async def test_what_is_not_there_is_told(store: ObjectStore) -> None:
    assert await store.size("one") is None
    for end in (None, 10):
        with pytest.raises(PlatformError) as gone:
            await whole(store, "one", 0, end)
        assert gone.value.code is Code.INTEGRITY
        assert gone.value.fix


async def test_what_was_removed_is_gone_and_removing_again_is_no_error(
    store: ObjectStore, tmp_path: Path
) -> None:
    await put(store, tmp_path, "one", SMALL)
    await put(store, tmp_path, "two", SMALL)
    for _ in range(2):
        await store.delete(["one", "never"])
    await store.delete([])
    assert await names(store) == ["two"]


async def test_a_store_that_answers_says_nothing(store: ObjectStore) -> None:
    await store.probe()


async def test_a_damaged_object_is_never_read_whole(store: ObjectStore, tmp_path: Path) -> None:
    await put(store, tmp_path, "one", LARGE)
    pieces = checked(store.read("one"), Digest(digest_of(b"as it was")))
    assert sum([len(await anext(pieces)) for _ in range(PART >> 20)]) == PART
    with pytest.raises(PlatformError) as damaged:
        await anext(pieces)
    assert damaged.value.code is Code.INTEGRITY
    right = checked(store.read("one"), Digest(digest_of(LARGE)))
    assert b"".join([piece async for piece in right]) == LARGE


async def test_memory_does_not_grow_with_an_object(store: ObjectStore, tmp_path: Path) -> None:
    path, digest = tmp_path / "large", sha256()
    with path.open("wb") as file:
        for _ in range(MANY):
            digest.update(block := os.urandom(1 << 20))
            file.write(block)
    await put(store, tmp_path, "warm", LARGE)  # what the first put of all loads
    most = before = _resident()

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, _resident())
            await asyncio.sleep(0.002)

    watching = asyncio.create_task(watch())
    try:
        await store.put("large", path, Digest(digest.digest()))
        pieces = checked(store.read("large"), Digest(digest.digest()))
        assert sum([len(piece) async for piece in pieces]) == MANY << 20
    finally:
        watching.cancel()
        await store.delete(["large", "warm"])
    assert most - before < 24 << 20


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
