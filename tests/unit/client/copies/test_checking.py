"""The check of a whole copy: each fault is named once, at its place, by its class."""

import shutil
from pathlib import Path

import pytest

from sextant_client.copies.checking import CopyCheck, CopyReport
from sextant_client.copies.faults import MAX_KEPT, Fault, Faults, Kind
from sextant_client.copies.sources import FolderSource
from sextant_shared.merkle.tiles import Tile, bundle_of, parse_bundle
from tests.support.copies import files_of, flip, fresh_copy, make_copy
from tests.support.logs import ORIGIN, log_keys
from tests.support.witnesses import cosigned, policy

SIZE = 700
DEEP = 65_536 + 300  # one full tile of level 1


def checked(folder: Path, *, hashes_only: bool = False) -> CopyReport:
    return CopyCheck(log_keys(), hashes_only=hashes_only).run(FolderSource(folder))


def only(report: CopyReport) -> Fault:
    [fault] = report.faults.kept
    return fault


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 512, SIZE, 65_536])
def test_a_sound_copy_of_any_size_is_sound(tmp_path: Path, size: int) -> None:
    folder = fresh_copy(tmp_path, size)
    report = checked(folder)
    assert report.faults.kept == []
    assert report.head is not None
    assert (report.head.origin, report.head.size, report.entries) == (ORIGIN, size, size)
    assert report.entries_checked
    report = checked(folder, hashes_only=True)
    assert (report.faults.kept, report.entries_checked) == ([], False)


@pytest.mark.parametrize(("size", "entry"), [(SIZE, 300), (SIZE, 690), (DEEP, 40_000)])
def test_a_flipped_bit_in_an_entry_names_the_entry_and_nothing_else(
    tmp_path: Path, size: int, entry: int
) -> None:
    folder = fresh_copy(tmp_path, size)
    tile = Tile(None, entry // 256, min(256, size - entry // 256 * 256))
    path = folder / "tile" / tile.path
    entries = parse_bundle(path.read_bytes())
    flip(path, 2 * (entry % 256 + 1) + sum(map(len, entries[: entry % 256])) + 5)
    fault = only(checked(folder))
    assert (fault.kind, fault.entry, fault.path) == (Kind.ENTRY, entry, f"tile/{tile.path}")
    assert fault.expected != fault.received
    assert checked(folder, hashes_only=True).faults.kept == []


@pytest.mark.parametrize(
    ("size", "path", "position", "entry"),
    [
        (SIZE, "0/001", 3, 256 + 3),
        (SIZE, "0/002.p/188", 7, 512 + 7),
        (SIZE, "1/000.p/2", 1, 256),
        (DEEP, "0/017", 255, 17 * 256 + 255),
        (DEEP, "1/000", 30, 30 * 256),
        (DEEP, "1/001.p/1", 0, 65_536),
        (DEEP, "2/000.p/1", 0, 0),
    ],
)
def test_a_flipped_bit_in_a_tile_names_the_tile_and_the_hash(
    tmp_path: Path, size: int, path: str, position: int, entry: int
) -> None:
    folder = fresh_copy(tmp_path, size)
    flip(folder / "tile" / path, 32 * position + 31, bit=7)
    fault = only(checked(folder))
    assert (fault.kind, fault.path, fault.position) == (Kind.TILE, f"tile/{path}", position)
    assert fault.entry == entry
    assert checked(folder, hashes_only=True).faults.gravest is not None


def test_every_file_of_a_copy_counts(tmp_path: Path) -> None:
    folder = fresh_copy(tmp_path, SIZE)
    for path, data in files_of(folder).items():
        for at in {0, len(data) // 2, len(data) - 1}:
            flip(folder / path, at)
            assert checked(folder).faults.gravest is not None, (path, at)
            flip(folder / path, at)
        (folder / path).write_bytes(data[:-1])
        assert checked(folder).faults.gravest is not None, path
        (folder / path).unlink()
        assert checked(folder).faults.gravest in {Kind.MISSING, Kind.CHECKPOINT}, path
        (folder / path).write_bytes(data)
    assert checked(folder).faults.kept == []


def test_a_missing_tile_and_bundle_leave_the_rest_checked(tmp_path: Path) -> None:
    folder = fresh_copy(tmp_path, DEEP)
    for path in ("0/020", "entries/020", "entries/021"):
        (folder / "tile" / path).unlink()
    flip(folder / "tile/0/040", 64)
    faults = checked(folder).faults
    assert faults.counts == {Kind.MISSING: 3, Kind.TILE: 1}
    assert [fault.path for fault in faults.kept][-1] == "tile/0/040"


def test_entries_of_another_history_under_a_signed_head_are_not_its_tree(tmp_path: Path) -> None:
    folder = fresh_copy(tmp_path, SIZE)
    signed = (folder / "checkpoint").read_bytes()
    make_copy(folder, SIZE, common=500)
    (folder / "checkpoint").write_bytes(signed)
    assert only(checked(folder)).kind is Kind.ROOT


def test_a_bundle_that_ends_within_an_entry_is_named(tmp_path: Path) -> None:
    folder = fresh_copy(tmp_path, SIZE)
    path = folder / "tile/entries/001"
    path.write_bytes(path.read_bytes() + b"\x00")
    fault = only(checked(folder))
    assert (fault.kind, fault.entry) == (Kind.ENTRY, 256)
    path.write_bytes(bundle_of(parse_bundle(files_of(folder)["tile/entries/000"])[:255]))
    fault = only(checked(folder))
    assert (fault.expected, fault.received) == ("256", "255")


@pytest.mark.parametrize("text", [b"", b"\xff", b"log.example/sextant\n1\n"])
def test_a_head_that_nobody_signed_ends_the_check(tmp_path: Path, text: bytes) -> None:
    folder = fresh_copy(tmp_path, SIZE)
    (folder / "checkpoint").write_bytes(text)
    report = checked(folder)
    assert (only(report).kind, report.head, report.entries) == (Kind.CHECKPOINT, None, 0)


def test_a_wrong_cosignature_is_told_and_the_tree_is_checked_all_the_same(tmp_path: Path) -> None:
    folder = fresh_copy(tmp_path, SIZE)
    other = (fresh_copy(tmp_path, 512) / "checkpoint").read_text()
    note = (folder / "checkpoint").read_text()
    good, wrong = cosigned(note, "XAL", "XBO"), cosigned(other, "XBO").splitlines()[-1]
    check = CopyCheck(log_keys(), policy("XAL", "XBO"))
    (folder / "checkpoint").write_text(good)
    report = check.run(FolderSource(folder))
    assert (report.faults.kept, str(report.level)) == ([], "witnessed")
    (folder / "checkpoint").write_text(cosigned(note, "XAL") + wrong + "\n")
    report = check.run(FolderSource(folder))
    assert (only(report).kind, report.entries) == (Kind.COSIGNATURE, SIZE)


def test_older_partial_tiles_are_the_beginning_of_what_replaced_them(tmp_path: Path) -> None:
    folder = fresh_copy(tmp_path, 300)
    make_copy(folder, SIZE)
    report = checked(folder)
    assert report.faults.kept == []
    assert report.beside is not None
    assert report.beside.older == 3  # level 0, level 1, entries
    flip(folder / "tile/entries/001.p/44", 100)
    assert only(checked(folder)).path == "tile/entries/001.p/44"
    flip(folder / "tile/entries/001.p/44", 100)
    flip(folder / "tile/entries/001", 100)  # the same byte of the bundle that is in force
    assert only(checked(folder)).path == "tile/entries/001"


def test_files_ahead_of_the_head_and_unfinished_ones_are_no_faults(tmp_path: Path) -> None:
    folder = fresh_copy(tmp_path, SIZE)
    (folder / "tile/0/002").write_bytes(bytes(8192))
    (folder / "tile/0/.003.new").write_bytes(b"half")
    report = checked(folder)
    assert report.faults.kept == []
    assert report.beside is not None
    assert (report.beside.ahead, report.beside.unfinished) == (1, 1)


@pytest.mark.parametrize("path", ["index.html", "tile/0/1", "tile/00/000", "tile/0/000.bak"])
def test_a_file_that_no_log_has_is_named(tmp_path: Path, path: str) -> None:
    folder = fresh_copy(tmp_path, SIZE)
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_bytes(b"x")
    fault = only(checked(folder))
    assert (fault.kind, fault.path) == (Kind.STRAY, path)


def test_a_copy_without_entries_is_checked_by_its_hashes_and_says_so(tmp_path: Path) -> None:
    folder = fresh_copy(tmp_path, SIZE)
    shutil.rmtree(folder / "tile/entries")
    report = checked(folder)
    assert (report.faults.kept, report.entries_checked) == ([], False)


def test_a_wrecked_copy_is_counted_whole_and_named_in_part() -> None:
    faults = Faults()
    faults.extend(Fault(Kind.TILE, f"tile/0/{n:03}", "x") for n in range(2 * MAX_KEPT))
    faults.add(Fault(Kind.ROOT, "checkpoint", "x"))
    assert len(faults.kept) == MAX_KEPT
    assert faults.counts.total() == 2 * MAX_KEPT + 1
    assert faults.gravest is Kind.ROOT
