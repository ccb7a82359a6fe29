"""Key files come under another passphrase; the keys in them stay."""

from pathlib import Path

import pytest

from sextant_shared.errors import PlatformError
from sextant_shared.protocol.keyfiles import read_key_file
from tests.support.command import Done, sextant

OLD, NEW = b"the passphrase before", b"the passphrase after it"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files of keys under the passphrase before, in a folder with both passphrases."""
    for name, words in (("old", OLD), ("new", NEW), ("wrong", b"of somebody else")):
        (tmp_path / name).write_bytes(words + b"\n")
    made = sextant(
        *("keys", "generate", "--use", "sig", "--home", tmp_path),
        *("--passphrase-file", tmp_path / "old"),
    )
    assert made.status == 0, made.stderr
    return sorted((tmp_path / "keys").glob("sig-*.json"))


def reseal(files: list[Path], before: str = "old", after: str = "new") -> Done:
    folder = files[0].parents[1]
    passphrases = ("--passphrase-file", folder / before, "--new-passphrase-file", folder / after)
    return sextant("keys", "reseal", *files, *passphrases)


def test_a_wrong_passphrase_changes_no_file(files: list[Path]) -> None:
    was = [path.read_bytes() for path in files]
    done = reseal(files, before="wrong")
    assert (done.status != 0, "E_KEY" in done.stderr) == (True, True)
    assert [path.read_bytes() for path in files] == was


def test_one_file_that_is_none_leaves_the_others_as_they_are(files: list[Path]) -> None:
    broken = files[0].with_name("state.json")
    broken.write_text("{}")
    was = files[0].read_bytes()
    done = reseal([*files, broken])
    assert (done.status != 0, "E_MALFORMED" in done.stderr) == (True, True)
    assert files[0].read_bytes() == was


def test_the_same_keys_open_with_the_next_passphrase_alone(files: list[Path]) -> None:
    kids = [read_key_file(path, OLD).kid for path in files]
    files[0].chmod(0o600)
    assert reseal(files).status == 0
    assert [read_key_file(path, NEW).kid for path in files] == kids
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    for path in files:
        with pytest.raises(PlatformError, match="does not open"):
            read_key_file(path, OLD)


def test_the_same_command_goes_on_where_it_was_broken_off(files: list[Path]) -> None:
    assert reseal(files[:1]).status == 0
    files[1].with_name(f".{files[1].name}.next").write_text("half of a f")
    assert reseal(files).status == 0
    assert len([read_key_file(path, NEW) for path in files]) == len(files)
    done = reseal(files)
    assert (done.status, "already" in done.stdout) == (0, True)
    assert not list(files[0].parent.glob(".*.next"))


def test_a_file_in_clear_is_sealed(files: list[Path]) -> None:
    folder = files[0].parents[1]
    assert sextant("keys", "generate", "--use", "api", "--home", folder / "clear").status == 0
    (path,) = (folder / "clear" / "keys").glob("api-*.json")
    done = sextant("keys", "reseal", path, "--new-passphrase-file", folder / "new")
    assert done.status == 0, done.stderr
    with pytest.raises(PlatformError, match="is sealed"):
        read_key_file(path)
    assert read_key_file(path, NEW).use == "api"
