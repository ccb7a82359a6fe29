"""Attached archives: what may be opened, what must not, and that looking costs little."""

import io
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from sextant_shared.protocol.archives import (
    ArchiveLimits,
    ArchiveLook,
    Directory,
    directory_of,
    flaws_of_archive,
    is_archive,
    look_into,
)

GROWS = "an entry grows more than 100 times"
OUTSIDE = "an entry would be written outside of its folder"
LINK = "an entry is a link or no plain file"
NESTED = "it holds another archive"
DAMAGED = "it is damaged, or no zip that can be read"


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def linked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def overlapping() -> bytes:
    """Each of 200 names in the directory points to the same compressed bytes."""
    once = zipped({"a": b"x" * 50 + bytes(range(256)) * 40}, zipfile.ZIP_STORED)
    end = once.rindex(b"PK\x05\x06")
    start = once.index(b"PK\x01\x02")
    line = once[start:end]
    lines = b"".join(line.replace(b"a", bytes([97 + n % 26]), 1) for n in range(26))
    record = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 26, 26, len(lines), start, 0)
    return once[:start] + lines + record


def lying() -> bytes:
    """The directory says ten bytes; more come out."""
    data = bytearray(zipped({"a": b"abc" * 400}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(data)


def encrypted() -> bytes:
    data = bytearray(zipped({"a": b"abc"}, zipfile.ZIP_STORED))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def many(count: int) -> bytes:
    return zipped({f"{n}": b"" for n in range(count)}, zipfile.ZIP_STORED)


def zip64() -> bytes:
    """A small end record, and a locator before it that says something larger."""
    data = zipped({"a": b"abc"})
    end = data.rindex(b"PK\x05\x06")
    return data[:end] + b"PK\x06\x07" + bytes(16) + data[end:]


def hidden_end() -> bytes:
    """The marker of an end record inside the end record itself; 10,001 entries stand before."""
    data = bytearray(many(10_001))
    data[-6:-2] = b"PK\x05\x06"
    return bytes(data)


def long_directory() -> bytes:
    """Few entries by the count, a directory of 20 MB by its size."""
    data = bytearray(zipped({"a": b"abc"}))
    data[-10:-6] = (20 << 20).to_bytes(4, "little")
    return bytes(data)


BOMBS: dict[str, tuple[bytes, str]] = {
    "a small bomb": (zipped({"a": bytes(1 << 20)}), GROWS),
    "a link": (linked(), LINK),
    "a way up": (zipped({"../../a": b"x"}), OUTSIDE),
    "a root": (zipped({"/a": b"x"}), OUTSIDE),
    "a drive": (zipped({"c:\\a": b"x"}), OUTSIDE),
    "an archive by name": (zipped({"inner.zip": b"x"}), NESTED),
    "an archive by its first bytes": (zipped({"inner.dat": zipped({"a": b"x"})}), NESTED),
    "compressed inside": (zipped({"inner.dat": b"\x1f\x8b\x08 and so on"}), NESTED),
    "entries that overlap": (overlapping(), "its entries overlap"),
    "sizes that lie": (lying(), DAMAGED),
    "encrypted": (encrypted(), "it is encrypted by itself: nobody can look inside"),
    "another compression": (
        zipped({"a": b"abc"}, zipfile.ZIP_BZIP2),
        "an entry is compressed in another way than zip's own",
    ),
    "cut": (zipped({"a": b"abc" * 400})[:-10], DAMAGED),
    "no zip": (b"PK\x03\x04 and so on", DAMAGED),
    "Zip64": (zip64(), "it has the form of very large archives (Zip64)"),
    "an end record within the end record": (hidden_end(), "it has more than 10000 entries"),
    "a directory longer than its entries": (long_directory(), "it has more than 10000 entries"),
    "too many entries": (many(10_001), "it has more than 10000 entries"),
}


@pytest.mark.parametrize("what", BOMBS)
def test_what_must_not_be_opened_is_told(what: str, tmp_path: Path) -> None:
    data, flaw = BOMBS[what]
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    assert flaw in flaws_of_archive(path)


def test_plain_archives_may_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"plans/site 1.txt": b"site " * 40, "plans/": b"", "b": bytes(100)}))
    assert is_archive(path)
    assert flaws_of_archive(path) == ()
    path.write_bytes(zipped({}))
    assert flaws_of_archive(path) == ()


INNER = b"PK\x03\x04"


@pytest.mark.parametrize(
    ("data", "flaws"),
    [
        (zipped({"a": b"1234567" + INNER}, zipfile.ZIP_STORED), ()),  # not at its beginning
        (zipped({"a": b"", "b": INNER}, zipfile.ZIP_STORED), (NESTED,)),
        (zipped({"a.ZIP": b"", "b.tar": b"", "c": INNER}, zipfile.ZIP_STORED), (NESTED,)),
        (zipped({"../a.zip": bytes(5000)}), (GROWS, OUTSIDE, NESTED)),
        (zipped({"a/b..c": b"x", "a:b/c": b"x"}), (OUTSIDE,)),
        (zipped({"a/b:c": b"x", "..a": b"x"}), ()),
        (zipped({"a\\..\\b": b"x"}), (OUTSIDE,)),
        (zipped({"a": b"x" * 800}, zipfile.ZIP_DEFLATED), ()),
        (zipped({"aXb": b"x"}).replace(b"aXb", b"a\0b"), (OUTSIDE,)),  # the library cuts it there
        (b"PK", (DAMAGED,)),
        (b"", (DAMAGED,)),
    ],
)
def test_all_that_speaks_against_an_archive_is_told_each_reason_once(
    data: bytes, flaws: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    assert flaws_of_archive(path) == flaws


def test_each_bound_is_the_last_that_may_be(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(many(3))
    assert flaws_of_archive(path, ArchiveLimits(entries=3)) == ()
    assert flaws_of_archive(path, ArchiveLimits(entries=2)) == ("it has more than 2 entries",)
    data = zipped({"a": bytes(5000)})
    path.write_bytes(data)
    ratio = -(-5000 // len(data))  # of the whole; of the entry it is more
    found = flaws_of_archive(path, ArchiveLimits(ratio=ratio - 1))
    assert found == (
        f"more than {ratio - 1} times its size would come out",
        f"an entry grows more than {ratio - 1} times",
    )
    assert flaws_of_archive(path, ArchiveLimits(ratio=ratio))[0].startswith("an entry grows")


def test_a_zip_with_a_comment_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "x")
        archive.comment = b"of our archive" * 4000
    assert directory_of(path) == Directory(entries=1, bytes_=47, is_zip64=False)
    assert look_into(path) == ArchiveLook((), 1)


def test_two_entries_of_one_name_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"a": b"x", "A": b"y"}))
    assert flaws_of_archive(path) == ("two entries have one name",)


def test_what_comes_out_in_all_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"a": b"12345", "b": b"12345"}, zipfile.ZIP_STORED))
    assert flaws_of_archive(path, ArchiveLimits(bytes_=9)) == ("more than 9 bytes would come out",)
    assert flaws_of_archive(path, ArchiveLimits(bytes_=10)) == ()


def test_what_was_read_out_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"a": b"12345", "b": b"12345"}))
    assert look_into(path).read == 10
    path.write_bytes(zipped({"../a": b"12345"}))
    assert look_into(path).read == 0


def test_other_files_are_no_archives(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7")
    assert not is_archive(path)


def test_looking_at_a_bomb_takes_none_of_it_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(40 << 20))
    tracemalloc.start()
    assert GROWS in flaws_of_archive(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
