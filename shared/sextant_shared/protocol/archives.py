"""Looks into a zip that somebody attached, without taking anything out of it.

Responsible for saying whether it may be opened: how much comes out, what it would write and where.
Nothing is ever unpacked by the platform; who opens an attachment does so on an isolated machine,
and learns here what to expect. The look itself is bounded: names and sizes are read from the
directory first, and only an archive within the limits is read through, to see that its sizes
are true.
"""

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_BLOCK = 1 << 18
_HEAD = 8
_END_RECORD = b"PK\x05\x06"
_TAIL = (1 << 16) + 22  # the end record stands in these last bytes, or it is no zip
_COUNT_AT = slice(10, 12)
_ENCRYPTED = 0x1
_UNIX = 3
_PLAIN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# What begins so is an archive or a compressed file itself.
_NESTED = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"7z\xbc\xaf\x27\x1c",
    b"\xfd7zXZ\x00",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
)
_NESTED_NAME = re.compile(r"\.(zip|gz|tgz|bz2|xz|7z|rar|zst|tar|jar|iso|cab)$", re.IGNORECASE)
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError)
_ODD = (RuntimeError, ValueError, UnicodeError, OverflowError, IndexError, KeyError)


@dataclass(frozen=True)
class ArchiveLimits:
    """How much may come out of an attached archive; each bound with its reason.

    `ratio`: documents shrink tenfold, a bomb a thousandfold. `bytes_`: ten times the largest
    envelope. `entries`: what a person can look through, and a directory is listed at once.
    """

    ratio: int = 100
    bytes_: int = 1 << 30
    entries: int = 10_000


DEFAULT_ARCHIVE_LIMITS = ArchiveLimits()


def is_archive(path: Path) -> bool:
    """Return whether a file begins like a zip."""
    with path.open("rb") as source:
        return source.read(4) in ZIP_MAGICS


def flaws_of_archive(path: Path, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS) -> tuple[str, ...]:
    """Return why a zip should not be opened, in words, each reason once; empty when it may."""
    if _counted(path) > limits.entries:
        return (f"it has more than {limits.entries} entries",)
    try:
        with zipfile.ZipFile(path) as archive:
            found = list(_of_directory(archive.infolist(), path.stat().st_size, limits))
            if not found:
                found = list(_of_content(archive))
    except (*_UNREADABLE, *_ODD):
        found = ["it is damaged, or no zip that can be read"]
    return tuple(dict.fromkeys(found))


def _counted(path: Path) -> int:
    """Return how many entries the end record claims, before a directory is read into memory.

    A larger archive than that record can count (Zip64) claims 65,535 here.
    """
    size = path.stat().st_size
    with path.open("rb") as source:
        source.seek(max(0, size - _TAIL))
        tail = source.read(_TAIL)
    at = tail.rfind(_END_RECORD)
    return int.from_bytes(tail[at:][_COUNT_AT], "little") if at >= 0 else 0


def _of_directory(
    entries: list[zipfile.ZipInfo], size: int, limits: ArchiveLimits
) -> Iterator[str]:
    if len(entries) > limits.entries:
        yield f"it has more than {limits.entries} entries"
        return
    total = sum(entry.file_size for entry in entries)
    if total > limits.bytes_:
        yield f"more than {limits.bytes_} bytes would come out"
    if total > limits.ratio * max(size, 1):
        yield f"more than {limits.ratio} times its size would come out"
    names = [entry.filename.casefold() for entry in entries]
    if len(set(names)) != len(names):
        yield "two entries have one name"
    # Entries that share compressed bytes multiply what comes out of a small file.
    if sum(entry.compress_size for entry in entries) > size:
        yield "its entries overlap"
    for entry in entries:
        yield from _of_entry(entry, limits)


def _of_entry(entry: zipfile.ZipInfo, limits: ArchiveLimits) -> Iterator[str]:
    if entry.file_size > limits.ratio * max(entry.compress_size, _HEAD):
        yield f"an entry grows more than {limits.ratio} times"
    if _leaves(entry.orig_filename) or _leaves(entry.filename):
        yield "an entry would be written outside of its folder"
    mode = entry.external_attr >> 16
    is_file = stat.S_IFMT(mode) in {0, stat.S_IFREG, stat.S_IFDIR}
    if entry.create_system == _UNIX and not is_file:
        yield "an entry is a link or no plain file"
    if entry.flag_bits & _ENCRYPTED:
        yield "it is encrypted by itself: nobody can look inside"
    elif entry.compress_type not in _PLAIN:
        yield "an entry is compressed in another way than zip's own"
    if _NESTED_NAME.search(entry.filename):
        yield "it holds another archive"


def _leaves(name: str) -> bool:
    parts = re.split(r"[/\\]", name)
    return ".." in parts or parts[0] == "" or ":" in parts[0] or "\x00" in name


def _of_content(archive: zipfile.ZipFile) -> Iterator[str]:
    for entry in archive.infolist():
        with archive.open(entry) as source:
            head = source.read(_HEAD)
            if head.startswith(_NESTED):
                yield "it holds another archive"
            while source.read(_BLOCK):  # ends at the size stated, and then compares the checksum
                pass
