"""Uploads over their folder: interrupted and killed anywhere, they go on where they said."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_exchange.domain.envelopes import Claim
from sextant_exchange.domain.quota import Room
from sextant_exchange.domain.uploads import UploadBounds, Uploads
from sextant_exchange.storage.uploads import UploadFolder
from sextant_shared.errors import Code, PlatformError

pytestmark = pytest.mark.anyio
PARTY = "NA-XAL"
CLAIM = Claim(PARTY, "0190d0f0-0000-7000-8000-000000000001", bytes(32))
HEAD = b"head"
ROOM = Room(lambda: 1 << 40, 0)
BODY = bytes(range(256)) * 40


class LineBroke(Exception):  # noqa: N818 -- not an error of ours: the sender is gone
    """The sender went away."""


def uploads_of(root: Path, *, keep_bytes: int = 1000, lifetime_s: int = 60) -> Uploads:
    bounds = UploadBounds(per_party=1, lifetime_s=lifetime_s, keep_bytes=keep_bytes)
    return Uploads(UploadFolder(root), bounds, lambda: 0.0, lambda _step: None)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def blocks(data: bytes, size: int, *, breaks: bool = False) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
    if breaks:
        raise LineBroke


async def begun(root: Path) -> tuple[Uploads, str]:
    uploads = uploads_of(root)
    length = len(HEAD + BODY)
    return uploads, (await uploads.begin(CLAIM, length, HEAD, ROOM)).token


interruptions = st.lists(
    st.tuples(
        st.integers(0, len(BODY)),  # how much leaves before the line breaks
        st.integers(1, 3000),  # in blocks of
        st.one_of(st.none(), st.binary(max_size=50)),  # killed, with this behind the durable end
    ),
    max_size=6,
)


@settings(max_examples=40, deadline=None)  # it waits for the disk
@given(tries=interruptions)
def test_interrupted_and_killed_anywhere_every_byte_is_sent_and_kept_once(
    tries: list[tuple[int, int, bytes | None]],
) -> None:
    whole = HEAD + BODY

    async def run(root: Path) -> None:
        uploads, token = await begun(root)
        for leaves, size, behind in tries:
            async with uploads.turn(PARTY, token) as upload:
                told = upload.offset
                sent = whole[told : told + leaves]
                with pytest.raises(LineBroke):
                    await uploads.append(upload, blocks(sent, size, breaks=True))
                assert upload.offset == told + len(sent)
            if behind is not None:
                with uploads.path(upload).open("ab") as file:
                    file.write(behind)
                uploads = uploads_of(root)
                assert uploads.offset(PARTY, token) == told + len(sent)
        async with uploads.turn(PARTY, token) as upload:
            await uploads.append(upload, blocks(whole[upload.offset :], 700))
            assert upload.offset == upload.length
            assert uploads.path(upload).read_bytes() == whole
        assert uploads.owed_bytes() == 0

    with TemporaryDirectory() as root:
        asyncio.run(run(Path(root)))


async def test_a_kill_inside_a_part_loses_no_more_than_what_was_not_flushed(
    tmp_path: Path,
) -> None:
    uploads, token = await begun(tmp_path)
    seen: list[int] = []

    async def watched() -> AsyncIterator[bytes]:
        async for block in blocks(BODY, 400):
            yield block
            seen.append(_offset_after_a_kill(tmp_path, token))

    async with uploads.turn(PARTY, token) as upload:
        await uploads.append(upload, watched())
    sent = [len(HEAD) + 400 * n for n in range(1, len(seen) + 1)]
    assert all(there <= 1000 + 400 for there in map(int.__sub__, sent, seen))
    assert seen == sorted(seen)
    assert seen[-1] > len(BODY) - 1400


async def test_whatever_is_not_whole_is_gone_at_the_next_start(tmp_path: Path) -> None:
    uploads, token = await begun(tmp_path)
    breakers: list[Callable[[Path], object]] = [
        lambda folder: (folder / "container").write_bytes(b"h"),  # a file that lost bytes
        lambda folder: (folder / "offset").unlink(),
        lambda folder: (folder / "upload.json").write_text("{}"),
        lambda folder: folder.rename(folder.with_name(f".{token}")),  # never was begun
    ]
    for broken in breakers:
        broken(tmp_path / token)
        again = uploads_of(tmp_path)
        with pytest.raises(PlatformError) as caught:
            again.offset(PARTY, token)
        assert caught.value.code is Code.NOT_FOUND
        assert names(tmp_path) == []
        uploads, token = await begun(tmp_path)
    assert uploads.offset(PARTY, token) == len(HEAD)


async def test_of_many_requests_the_newest_has_the_turn(tmp_path: Path) -> None:
    uploads, token = await begun(tmp_path)
    reading = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"x"
        reading.set()
        await asyncio.Event().wait()

    async def one(source: AsyncIterator[bytes]) -> Code | None:
        try:
            async with uploads.turn(PARTY, token) as upload:
                await uploads.append(upload, source)
        except PlatformError as error:
            return error.code
        return None

    old = asyncio.create_task(one(stuck()))
    await reading.wait()
    outcomes = await asyncio.gather(*(one(blocks(b"y", 1)) for _ in range(3)))
    assert await old is Code.STATE
    assert outcomes == [Code.STATE, Code.STATE, None]
    async with uploads.turn(PARTY, token) as upload:
        assert uploads.path(upload).read_bytes() == HEAD + b"xy"


async def test_a_disk_that_refuses_keeps_what_it_took_and_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads, token = await begun(tmp_path)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("sextant_exchange.storage.uploads.os.fsync", full)
        async with uploads.turn(PARTY, token) as upload:
            with pytest.raises(PlatformError) as caught:
                await uploads.append(upload, blocks(BODY, 700))
    assert caught.value.code is Code.UNAVAILABLE
    assert "No space" in caught.value.detail
    assert upload.offset == len(HEAD)
    async with uploads.turn(PARTY, token) as upload:
        await uploads.append(upload, blocks(BODY, 700))
        assert uploads.path(upload).read_bytes() == HEAD + BODY


async def test_ending_waits_for_nobody_who_reads(tmp_path: Path) -> None:
    uploads, token = await begun(tmp_path)
    reading = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        reading.set()
        await asyncio.Event().wait()
        yield b""

    async def read() -> None:
        async with uploads.turn(PARTY, token) as upload:
            await uploads.append(upload, stuck())

    async def cancel() -> None:
        async with uploads.turn(PARTY, token) as upload:
            await uploads.end(upload)

    old: Awaitable[None] = asyncio.create_task(read())
    await reading.wait()
    await cancel()
    with pytest.raises(PlatformError) as caught:
        await old
    assert caught.value.code is Code.STATE
    assert names(tmp_path) == []


def _offset_after_a_kill(root: Path, token: str) -> int:
    return int.from_bytes((root / token / "offset").read_bytes(), "big")
