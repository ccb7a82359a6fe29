"""Files that are the old one or the whole new one."""

from pathlib import Path

import pytest

from sextant_shared.files import is_unfinished, sync_folder, write_whole


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tile"
    write_whole(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [is_unfinished(each.name) for each in sorted(tmp_path.iterdir())] == [True, False]
    write_whole(path, b"new")
    sync_folder(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["tile"]
    assert path.read_bytes() == b"new"


def test_who_may_read_is_said_when_it_is_written(tmp_path: Path) -> None:
    write_whole(tmp_path / "open", b"")
    write_whole(tmp_path / "closed", b"", mode=0o600)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes["closed"] == 0o600
    assert modes["open"] & 0o600 == 0o600
