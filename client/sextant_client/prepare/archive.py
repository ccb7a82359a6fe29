"""Looks at a workbook before anything is unpacked: what it is, and how large it would become.

A workbook is a ZIP archive of XML. Whoever sends one chooses what it claims; the limits hold before
a parser sees a byte, and each entry is unpacked at most as far as it claims to reach.
"""

import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from sextant_client.prepare.sourced import misread, unreadable
from sextant_shared.errors import Code, PlatformError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLE_LOOK = 1 << 20  # bytes in which the directory of such a file is found
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # all that spreadsheet programs write
_IS_ENCRYPTED = 0x1


@dataclass(frozen=True)
class ArchiveLimits:
    """What a workbook may become.

    The largest declaration, 1,000 chemicals with 60 partners each way, is a workbook of 5 MB that
    unpacks to 60 MB in a dozen entries. XML of tables shrinks ten- to thirtyfold; a bomb does a
    thousandfold. Small entries may shrink as they like.
    """

    max_bytes: int = 256 << 20
    max_unpacked: int = 400 << 20
    max_entries: int = 1000
    max_ratio: int = 150
    ratio_from: int = 4 << 20


LIMITS = ArchiveLimits()


def check_archive(file: BinaryIO, limits: ArchiveLimits = LIMITS) -> frozenset[str]:
    """Return the names of the entries of a workbook that may be unpacked.

    Raises:
        PlatformError: `E_MALFORMED` when it is none, or damaged, encrypted, or has macros;
            `E_TOO_LARGE` when it would become larger than a declaration is.
    """
    start = file.read(len(_OLE))
    if start == _OLE:
        raise _old(start + file.read(_OLE_LOOK))
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _refused(
            "this is no workbook, or only a part of one",
            "Save it again as .xlsx, and copy the whole file.",
        ) from error
    _check_sizes(file, entries, limits)
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        raise _refused("the workbook has two entries of one name", "Save it again as .xlsx.")
    if any(e.flag_bits & _IS_ENCRYPTED or e.compress_type not in _METHODS for e in entries):
        raise _refused("the workbook is encrypted or packed in an unusual way", _SAVE_PLAIN)
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _refused(
            "the workbook has macros; a declaration is data, and no program of it is run",
            "Save it as a workbook without macros (.xlsx).",
        )
    return frozenset(names)


_SAVE_PLAIN = "Save it as .xlsx without a password; the envelope encrypts it."


def _check_sizes(file: BinaryIO, entries: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    size = file.seek(0, 2)
    unpacked = sum(entry.file_size for entry in entries)
    for what, received, most in (
        ("bytes", size, limits.max_bytes),
        ("entries", len(entries), limits.max_entries),
        ("bytes when unpacked", unpacked, limits.max_unpacked),
    ):
        if received > most:
            raise _too_large(f"{received:,} {what}", f"at most {most:,} {what}")
    for entry in entries:
        ratio = entry.file_size / max(entry.compress_size, 1)
        if entry.file_size > limits.ratio_from and ratio > limits.max_ratio:
            raise _too_large(
                f"{entry.filename[:80]!r} unpacks {ratio:,.0f}-fold",
                f"at most {limits.max_ratio}-fold",
            )


def _old(start: bytes) -> PlatformError:
    if _ENCRYPTED in start:
        return _refused("the workbook is protected by a password", _SAVE_PLAIN)
    return _refused("this is a workbook of the old form (.xls)", "Save it as .xlsx.")


def _too_large(received: str, expected: str) -> PlatformError:
    return PlatformError(
        Code.TOO_LARGE,
        "the workbook is larger than any declaration",
        expected=expected,
        received=received,
        fix="Begin with a template and copy the values into it.",
    )


def _refused(message: str, fix: str) -> PlatformError:
    return unreadable([misread("the file", message, fix=fix)])
