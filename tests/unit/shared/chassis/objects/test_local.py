"""Objects in a folder: what a disk, another disk, and a stop midway do to them."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Self

import pytest

from sextant_shared.chassis.objects import Digest
from sextant_shared.chassis.objects.local import LocalObjects
from sextant_shared.clock import system_clock
from sextant_shared.encoding import sha256
from sextant_shared.errors import Code, PlatformError

pytestmark = pytest.mark.anyio
DATA = b"sealed" * 100


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def arrived(tmp_path: Path) -> Path:
    path = tmp_path / "arrived"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def store(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path / "objects")


async def put(store: LocalObjects, path: Path, name: str = "one") -> bool:
    return await store.put(name, path, Digest(sha256(DATA)))


def no_link(*_: object) -> None:
    raise OSError(18, "Invalid cross-device link")


async def test_a_file_on_the_same_disk_is_not_written_twice(
    store: LocalObjects, arrived: Path, tmp_path: Path
) -> None:
    await put(store, arrived)
    assert (tmp_path / "objects" / "one").samefile(arrived)


async def test_bytes_and_name_are_on_the_disk_before_the_answer(
    store: LocalObjects, arrived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").resolve()
        synced.append(path)
        assert path.is_dir() == (tmp_path / "objects" / "one").exists()

    monkeypatch.setattr("os.fsync", fsync)
    await put(store, arrived)
    assert synced == [arrived, tmp_path / "objects"]


async def test_a_file_on_another_disk_is_copied_and_the_copy_is_durable(
    store: LocalObjects, arrived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = Path.hardlink_to

    def between_disks(self: Path, target: Path) -> None:
        no_link() if target == arrived else linked(self, target)

    monkeypatch.setattr(Path, "hardlink_to", between_disks)
    assert await put(store, arrived)
    assert not await put(store, arrived)
    assert [path.name for path in (tmp_path / "objects").iterdir()] == ["one"]
    assert (tmp_path / "objects" / "one").read_bytes() == DATA


async def test_a_file_system_without_links_keeps_objects_too(
    store: LocalObjects, arrived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "hardlink_to", no_link)
    assert await put(store, arrived)
    assert not await put(store, arrived)
    assert [path.name for path in (tmp_path / "objects").iterdir()] == ["one"]


async def test_a_disk_that_refuses_leaves_nothing(
    store: LocalObjects, arrived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(PlatformError, match="No space left") as refused:
            await put(store, arrived)
    assert (refused.value.code, refused.value.retry_after_s) == (Code.UNAVAILABLE, 5)
    assert list((tmp_path / "objects").iterdir()) == []
    assert await put(store, arrived)


async def test_an_object_is_as_old_as_its_put_not_as_the_file_that_arrived(
    store: LocalObjects, arrived: Path
) -> None:
    os.utime(arrived, (0, 0))
    await put(store, arrived)
    [[item]] = [page async for page in store.items()]
    assert abs(item.modified - system_clock()) < 60


async def test_what_a_stop_left_midway_is_no_object_and_is_removed_by_age(
    store: LocalObjects, arrived: Path, tmp_path: Path
) -> None:
    await put(store, arrived)
    for left in (".two.new", "three#1"):
        (tmp_path / "objects" / left).write_bytes(b"half")
    [[item]] = [page async for page in store.items()]
    assert item.name == "one"
    now = system_clock()
    assert await store.unfinished(now - 60, remove=True) == 0
    assert await store.unfinished(now + 60, remove=False) == 2
    assert await store.unfinished(now + 60, remove=True) == 2
    assert [path.name for path in (tmp_path / "objects").iterdir()] == ["one"]


async def test_a_folder_that_is_away_is_told_by_every_question(
    store: LocalObjects, arrived: Path, tmp_path: Path
) -> None:
    (tmp_path / "objects").rmdir()
    for ask in (store.probe(), anext(store.items()), store.unfinished(0, remove=True)):
        with pytest.raises(PlatformError) as away:
            await ask
        assert away.value.code is Code.UNAVAILABLE
    with pytest.raises(PlatformError, match="is not there"):
        await put(store, arrived)


async def test_many_objects_come_page_by_page(
    store: LocalObjects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sextant_shared.chassis.objects.local.PAGE", 3)
    for number in range(8):
        (tmp_path / "objects" / str(number)).write_bytes(b"x")
    pages = [page async for page in store.items()]
    assert [len(page) for page in pages] == [3, 3, 2]
    assert sorted(item.name for page in pages for item in page) == list("01234567")


class SlowFolder:
    """Entries of a folder that take their time, and note who closes them meanwhile."""

    def __init__(self) -> None:
        self.reading, self.go_on = threading.Event(), threading.Event()
        self.is_read = False
        self.was_closed_inside: bool | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> None:
        self.is_read = True
        self.reading.set()
        self.go_on.wait(5)
        self.is_read = False
        raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.was_closed_inside = self.is_read


async def test_whoever_stops_waiting_for_a_list_closes_no_folder_that_is_being_read(
    store: LocalObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = SlowFolder()
    monkeypatch.setattr("sextant_shared.chassis.objects.local.os.scandir", lambda _: folder)
    listing = asyncio.ensure_future(anext(store.items()))
    await asyncio.to_thread(folder.reading.wait, 5)
    threading.Timer(0.05, folder.go_on.set).start()
    listing.cancel()
    await asyncio.wait([listing])
    assert folder.was_closed_inside is False
