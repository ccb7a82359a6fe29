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
_END_SIZE = 22
_LOCATOR, _LOCATOR_SIZE = b"PK\x06\x07", 20
_TAIL = (1 << 16) + _END_SIZE + _LOCATOR_SIZE  # the end record stands here, or it is no zip
_LONGEST_ENTRY = 1024  # of a directory: names of 255 bytes with extra fields stay below
_DAMAGED = "it is damaged, or no zip that can be read"
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


@dataclass(frozen=True, slots=True)
class Directory:
    """What the end of a zip claims, before a directory is read into memory."""

    entries: int
    bytes_: int
    is_zip64: bool


@dataclass(frozen=True, slots=True)
class ArchiveLook:
    """What speaks against opening an archive, and how many bytes were read out to know it."""

    flaws: tuple[str, ...]
    read: int = 0


def flaws_of_archive(path: Path, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS) -> tuple[str, ...]:
    """Return why a zip should not be opened, in words, each reason once; empty when it may."""
    return look_into(path, limits).flaws


def look_into(path: Path, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS) -> ArchiveLook:
    """Look into a zip within the limits; never fails, whatever it holds."""
    directory = directory_of(path)
    if directory is None:
        return ArchiveLook((_DAMAGED,))
    if directory.is_zip64:
        return ArchiveLook(("it has the form of very large archives (Zip64)",))
    if directory.entries > limits.entries or directory.bytes_ > limits.entries * _LONGEST_ENTRY:
        return ArchiveLook((f"it has more than {limits.entries} entries",))
    read = 0
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            found = list(_of_directory(entries, path.stat().st_size, limits))
            if not found:
                read = sum(entry.file_size for entry in entries)
                found = list(_of_content(archive))
    except (*_UNREADABLE, *_ODD):
        found = [_DAMAGED]
    return ArchiveLook(tuple(dict.fromkeys(found)), read)


def directory_of(path: Path) -> Directory | None:
    """Return what the end record of a zip claims, None where there is none.

    It is looked for as the library does: at the very end first, then before a comment.
    """
    size = path.stat().st_size
    with path.open("rb") as source:
        source.seek(max(0, size - _TAIL))
        tail = source.read(_TAIL)
    at = len(tail) - _END_SIZE
    if at < 0 or not (tail[at:].startswith(_END_RECORD) and tail.endswith(b"\0\0")):
        at = tail.rfind(_END_RECORD)
    record = tail[at : at + _END_SIZE]
    if at < 0 or len(record) < _END_SIZE:
        return None
    locator = tail[max(0, at - _LOCATOR_SIZE) : at]
    return Directory(
        entries=int.from_bytes(record[10:12], "little"),
        bytes_=int.from_bytes(record[12:16], "little"),
        is_zip64=locator.startswith(_LOCATOR),
    )


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
