"""A copy that is kept: verified before it is written, whole at every moment, never of two logs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sextant_client.copies.checking import CopyCheck
from sextant_client.copies.faults import Kind
from sextant_client.copies.keeping import Mirror
from sextant_client.copies.sources import FolderSource
from sextant_client.evidence import verify_evidence
from sextant_shared.errors import Code, PlatformError
from tests.support.copies import files_of, flip, fresh_copy, make_copy, make_home
from tests.support.logs import log_keys

SIZES = (1, 200, 256, 700, 1500)


def mirror_of(
    folder: Path, *, hashes_only: bool = False, step: Callable[[str], None] = lambda _: None
) -> Mirror:
    home = make_home(folder / "home")
    return Mirror(folder / "copy", home, home.trust, 2, hashes_only, step)


def sound_size(folder: Path) -> int:
    report = CopyCheck(log_keys()).run(FolderSource(folder))
    assert report.faults.kept == []
    assert report.head is not None
    return report.head.size


def begun(folder: Path) -> Mirror:
    (folder / "copy").mkdir()
    return mirror_of(folder)


def test_a_copy_follows_the_log_byte_for_byte(tmp_path: Path) -> None:
    mirror = begun(tmp_path)
    before = 0
    for size in SIZES:
        log = fresh_copy(tmp_path, size)
        update = mirror.update(FolderSource(log))
        assert (update.before, update.standing.checkpoint.size) == (before, size)
        assert sound_size(mirror.folder) == before + (size - before)
        copied = files_of(mirror.folder)
        assert {path: copied[path] for path in files_of(log)} == files_of(log)
        before = size
    copied = files_of(mirror.folder)
    assert [path for path in copied if "999" in path or ".new" in path] == []


def test_partial_tiles_of_the_head_before_stay_for_its_readers_and_no_others(
    tmp_path: Path,
) -> None:
    mirror = begun(tmp_path)
    for size in (200, 230, 300, 310):
        mirror.update(FolderSource(fresh_copy(tmp_path, size)))
    partial = {path for path in files_of(mirror.folder) if ".p/" in path}
    assert partial == {
        f"tile/{path}"
        for path in (
            "0/001.p/44",
            "0/001.p/54",
            "1/000.p/1",
            "entries/001.p/44",
            "entries/001.p/54",
        )
    }


def test_only_what_is_new_is_written(tmp_path: Path) -> None:
    mirror = begun(tmp_path)
    log = fresh_copy(tmp_path, 1500)
    mirror.update(FolderSource(log))
    assert mirror.update(FolderSource(log)).written.files == 0
    grown = mirror.update(FolderSource(fresh_copy(tmp_path, 1600)))
    assert grown.written.files == 2 + 3 + 1  # one full tile and bundle, three partials, the head


@dataclass
class StoppedError(Exception):
    step: str


@pytest.mark.parametrize("count", range(1, 7))
def test_stopped_after_any_step_the_copy_is_whole_and_goes_on(tmp_path: Path, count: int) -> None:
    begun(tmp_path).update(FolderSource(fresh_copy(tmp_path, 300)))
    log, steps = fresh_copy(tmp_path, 1500), list[str]()

    def stop(name: str) -> None:
        steps.append(name)
        if len(steps) == count:
            raise StoppedError(name)

    mirror = mirror_of(tmp_path, step=stop)
    with pytest.raises(StoppedError) as caught:
        mirror.update(FolderSource(log))
    is_done = caught.value.step == "mirror.head"
    assert sound_size(mirror.folder) == (1500 if is_done else 300)
    update = mirror_of(tmp_path).update(FolderSource(log))
    assert update.written.found >= (0 if is_done else min(count, 4))  # two are in work at a time
    assert sound_size(mirror.folder) == 1500


def test_all_steps_are_stopped_at(tmp_path: Path) -> None:
    begun(tmp_path).update(FolderSource(fresh_copy(tmp_path, 300)))
    steps: list[str] = []
    mirror_of(tmp_path, step=steps.append).update(FolderSource(fresh_copy(tmp_path, 1500)))
    assert steps == [*["mirror.tile"] * 4, "mirror.edge", "mirror.head"]


def test_a_fork_is_refused_and_its_evidence_stands_by_itself(tmp_path: Path) -> None:
    mirror = begun(tmp_path)
    mirror.update(FolderSource(fresh_copy(tmp_path, 700)))
    kept = files_of(mirror.folder)
    fork = make_copy(tmp_path / "fork", 1500, common=500)
    with pytest.raises(PlatformError, match="contradicts itself") as caught:
        mirror.update(FolderSource(fork))
    assert caught.value.code is Code.INTEGRITY
    assert files_of(mirror.folder) == kept
    [file] = (mirror.home.path / "evidence").iterdir()
    assert [head.size for head in verify_evidence(file.read_bytes(), log_keys())] == [700, 1500]


@pytest.mark.parametrize("size", [600, 700])
def test_a_fork_of_the_same_or_a_smaller_size_is_refused(tmp_path: Path, size: int) -> None:
    mirror = begun(tmp_path)
    mirror.update(FolderSource(fresh_copy(tmp_path, 700)))
    fork = make_copy(tmp_path / "fork", size, common=500)
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        mirror.update(FolderSource(fork))
    [file] = (mirror.home.path / "evidence").iterdir()
    verify_evidence(file.read_bytes(), log_keys())
    assert sound_size(mirror.folder) == 700


def test_an_older_head_of_the_same_history_changes_nothing(tmp_path: Path) -> None:
    mirror = begun(tmp_path)
    mirror.update(FolderSource(fresh_copy(tmp_path, 700)))
    kept = files_of(mirror.folder)
    assert mirror.update(FolderSource(fresh_copy(tmp_path, 300))).before == 700
    assert files_of(mirror.folder) == kept


@pytest.mark.parametrize("path", ["entries/003", "entries/005.p/220", "1/000.p/5", "0/005.p/220"])
def test_a_byte_that_was_not_signed_is_never_written(tmp_path: Path, path: str) -> None:
    mirror, log = begun(tmp_path), fresh_copy(tmp_path, 1500)
    flip(log / "tile" / path, 40)
    with pytest.raises(PlatformError, match=r"E_INTEGRITY.*(not the one|do not give)"):
        mirror.update(FolderSource(log))
    assert not (mirror.folder / "tile" / path).exists()
    assert not (mirror.folder / "checkpoint").exists()


def test_a_missing_tile_stops_the_update_and_the_next_one_goes_on(tmp_path: Path) -> None:
    mirror, log = begun(tmp_path), fresh_copy(tmp_path, 1500)
    data = (log / "tile/entries/004").read_bytes()
    (log / "tile/entries/004").unlink()
    with pytest.raises(PlatformError, match=r"E_UNAVAILABLE.*entries/004"):
        mirror.update(FolderSource(log))
    (log / "tile/entries/004").write_bytes(data)
    assert mirror.update(FolderSource(log)).written.found == 4
    assert sound_size(mirror.folder) == 1500


def test_a_damaged_copy_is_mended_when_it_is_looked_at_whole(tmp_path: Path) -> None:
    mirror, log = begun(tmp_path), fresh_copy(tmp_path, 1500)
    mirror.update(FolderSource(log))
    flip(mirror.folder / "tile/entries/001", 9)
    flip(mirror.folder / "tile/0/002", 9)
    (mirror.folder / "tile/entries/003").unlink()
    report = CopyCheck(log_keys()).run(FolderSource(mirror.folder))
    assert report.faults.counts == {Kind.ENTRY: 1, Kind.TILE: 1, Kind.MISSING: 1}
    mirror.update(FolderSource(log), whole=True)
    assert sound_size(mirror.folder) == 1500


def test_a_partial_tile_that_the_log_dropped_is_cut_from_the_full_one(tmp_path: Path) -> None:
    mirror, log = begun(tmp_path), fresh_copy(tmp_path, 700)
    grown = fresh_copy(tmp_path, 800)
    for path in ("0/002", "entries/002"):
        (log / "tile" / f"{path}.p/188").unlink()
        (log / "tile" / path).write_bytes((grown / "tile" / path).read_bytes())
    mirror.update(FolderSource(log))
    assert sound_size(mirror.folder) == 700


def test_a_copy_of_the_public_part_has_no_entries(tmp_path: Path) -> None:
    begun(tmp_path)
    mirror = mirror_of(tmp_path, hashes_only=True)
    for size in (700, 1500):
        mirror.update(FolderSource(fresh_copy(tmp_path, size)))
    assert not (mirror.folder / "tile/entries").exists()
    report = CopyCheck(log_keys(), hashes_only=True).run(FolderSource(mirror.folder))
    assert (report.faults.kept, report.entries) == ([], 1500)


def test_a_folder_with_another_head_is_left_alone(tmp_path: Path) -> None:
    mirror = begun(tmp_path)
    (mirror.folder / "checkpoint").write_text("other.example/log\n1\n")
    with pytest.raises(PlatformError, match="head of the copy does not verify"):
        mirror.update(FolderSource(fresh_copy(tmp_path, 300)))


def test_no_log_at_an_address_is_said(tmp_path: Path) -> None:
    mirror = begun(tmp_path)
    with pytest.raises(PlatformError, match=r"E_NOT_FOUND.*no checkpoint"):
        mirror.update(FolderSource(tmp_path))
