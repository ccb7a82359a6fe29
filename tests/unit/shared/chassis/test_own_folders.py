"""A folder of its own for each process: what a dead one left goes, what a living one has stays."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sextant_shared.chassis.own_folders import OwnFolder

_OTHER = """
import sys, time
from pathlib import Path
from sextant_shared.chassis.own_folders import OwnFolder
own = OwnFolder(Path(sys.argv[1]))
(own.path / "content").write_text("plaintext")
print(own.path, flush=True)
time.sleep(600)
"""


def test_what_another_process_has_stays_while_it_lives_and_goes_when_it_was_killed(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", _OTHER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            held = Path(other.stdout.readline().strip())
            with closing(OwnFolder(tmp_path)):
                assert (held / "content").read_text() == "plaintext"
        finally:
            other.kill()
    with closing(OwnFolder(tmp_path)) as own:
        assert not held.exists()
        assert {one.stem for one in tmp_path.iterdir()} == {own.path.name}


def test_a_folder_that_is_closed_leaves_nothing(tmp_path: Path) -> None:
    own = OwnFolder(tmp_path / "staging")
    (own.path / "content").write_text("plaintext")
    own.close()
    assert list((tmp_path / "staging").iterdir()) == []


def test_what_a_version_before_left_goes(tmp_path: Path) -> None:
    (tmp_path / "tmp1234").mkdir()
    with closing(OwnFolder(tmp_path)) as own:
        assert [one.name for one in tmp_path.iterdir() if one.is_dir()] == [own.path.name]


def test_nobody_else_may_look_in(tmp_path: Path) -> None:
    with closing(OwnFolder(tmp_path / "staging")) as own:
        assert own.path.stat().st_mode & 0o077 == 0
