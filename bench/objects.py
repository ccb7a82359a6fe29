"""Measures what one large container costs on its way into the store of blobs, and out of it.

The two ways a folder could be written are set side by side: through obstore's own local store and a
flush after it, and by a second name for the file that arrived. With the settings of a bucket in the
environment (`SEXTANT_OBJECTS_S3_…`) the server is measured too.

    python -m bench.objects
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time

import obstore
from obstore.store import LocalStore
from pydantic_settings import SettingsConfigDict

from sextant_shared.chassis.objects import Digest, ObjectStore
from sextant_shared.chassis.objects.local import LocalObjects
from sextant_shared.chassis.objects.opening import open_objects
from sextant_shared.chassis.objects.settings import ObjectSettings
from sextant_shared.chassis.settings import load_settings
from sextant_shared.files import sync_folder

MEGABYTES = (1, 16, 100)
TIMES = 3
PIECE_BYTES = 5 << 20
Put = Callable[[str, Path, bytes], Awaitable[object]]


class BenchSettings(ObjectSettings):
    """Settings of a bucket to measure."""

    model_config = SettingsConfigDict(env_prefix="SEXTANT_OBJECTS_")


def through_obstore(folder: Path) -> Put:
    """Return the put of obstore's local store, made durable as ours is."""
    folder.mkdir()
    store = LocalStore(prefix=str(folder))

    async def put(name: str, source: Path, _digest: bytes) -> None:
        await obstore.put_async(store, name, source, chunk_size=PIECE_BYTES, max_concurrency=1)
        await asyncio.to_thread(_flush, folder / name)

    return put


def through(store: ObjectStore) -> Put:
    """Return the put of a store of ours, with its check."""

    async def put(name: str, source: Path, digest: bytes) -> None:
        await store.put(name, source, Digest(digest))

    return put


async def measure(put: Put, folder: Path, megabytes: int) -> tuple[float, float]:
    """Return the milliseconds and the CPU milliseconds of one put: the best of several."""
    best = []
    for number in range(TIMES):
        path, block = folder / "arrived", os.urandom(1 << 20)
        path.write_bytes(block * megabytes)
        digest = sha256(block * megabytes).digest()
        began, spent = perf_counter(), process_time()
        await put(f"object-{megabytes}-{number}", path, digest)
        best.append((perf_counter() - began, process_time() - spent))
        path.unlink()
    return min(took for took, _ in best) * 1000, min(spent for _, spent in best) * 1000


async def read(store: ObjectStore, megabytes: int) -> float:
    """Return the milliseconds that reading takes: the best of several."""
    best = []
    for number in range(TIMES):
        began = perf_counter()
        async for _ in store.read(f"object-{megabytes}-{number}"):
            pass
        best.append(perf_counter() - began)
    return min(best) * 1000


async def main(folder: Path) -> None:
    """Print one line for each way and size."""
    local = LocalObjects(folder / "second-name")
    ways: list[tuple[str, Put, ObjectStore | None]] = [
        ("obstore's local store, flushed", through_obstore(folder / "obstore"), None),
        ("a second name, checked", through(local), local),
    ]
    if any(name.startswith("SEXTANT_OBJECTS_S3_") for name in os.environ):  # noqa: TID251 -- a bench's own
        bucket = open_objects(load_settings(BenchSettings), "bucket")
        ways.append(("S3, checked", through(bucket), bucket))
    for title, put, store in ways:
        for megabytes in MEGABYTES:
            took, spent = await measure(put, folder, megabytes)
            out = f", read {await read(store, megabytes):7.1f} ms" if store else ""
            sys.stdout.write(
                f"{title:32} {megabytes:4} MiB  {took:7.1f} ms, CPU {spent:6.1f} ms{out}\n"
            )


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_folder(path.parent)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir="var" if Path("var").is_dir() else None) as name:
        asyncio.run(main(Path(name)))
