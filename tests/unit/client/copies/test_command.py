"""`sextant log fsck` and `mirror` as people call them: over a plain web server too."""

import json
import shutil
from pathlib import Path

import pytest

from sextant_client import errors as exits
from sextant_client.copies.faults import Kind
from sextant_client.evidence import verify_evidence
from sextant_client.log import LogReader
from sextant_client.session import Session
from sextant_shared.merkle.proofs import verify_consistency
from tests.support.command import Done, sextant
from tests.support.copies import files_of, flip, fresh_copy, make_copy, make_home, web_server
from tests.support.logs import log_keys
from tests.support.witnesses import policy_text

SIZE = 1500


def fsck(home: Path, place: str | Path, *options: str) -> Done:
    return sextant("log", "fsck", place, "--home", home, *options)


def test_a_mirror_behind_a_plain_web_server_is_a_log_to_every_reader(tmp_path: Path) -> None:
    home, copy = make_home(tmp_path / "home"), tmp_path / "copy"
    older = sextant("log", "mirror", fresh_copy(tmp_path, 700), copy, "--home", home.path)
    assert older.status == 0
    with web_server(fresh_copy(tmp_path, SIZE)) as url:
        done = sextant("log", "mirror", url, copy, "--home", home.path, "--json")
    assert (done.status, done.json()["before"], done.json()["head"]["size"]) == (0, 700, SIZE)
    assert [path for path in files_of(copy) if path.endswith(".new")] == []
    with web_server(copy) as url:
        found = fsck(home.path, url, "--json")
        assert (found.status, found.json()["sound"]) == (0, True)
        assert (found.json()["entries_checked"], found.json()["entries"]) == (True, SIZE)
        reader = LogReader(Session(url, client_id="x", signer=None))
        head = reader.checkpoint(log_keys())
        assert reader.rebuild(head, lambda _done, _total: None) == {"envelope.accepted": SIZE}
        path = reader.consistency(700, SIZE)
        kept = home.trust.checkpoint()
        assert kept is not None
        assert kept.size == SIZE
        root = reader.prefix_root(512)
        verify_consistency(512, SIZE, reader.consistency(512, SIZE), root, head.root)
        assert len(path) > 3
        reader.session.close()


def test_the_exit_status_is_that_of_the_gravest_class(tmp_path: Path) -> None:
    home, folder = make_home(tmp_path / "home"), fresh_copy(tmp_path, SIZE)
    assert fsck(home.path, folder).status == 0
    (folder / "stray").touch()
    assert fsck(home.path, folder).status == exits.LOG_STATUSES["stray"]
    (folder / "tile/0/004").unlink()
    assert fsck(home.path, folder).status == exits.LOG_STATUSES["missing"]
    flip(folder / "tile/0/003", 70)
    assert fsck(home.path, folder).status == exits.LOG_STATUSES["tile"]
    flip(folder / "tile/entries/001", 9)
    done = fsck(home.path, folder)
    assert done.status == exits.LOG_STATUSES["entry"]
    assert done.stdout.startswith("FAULTY")
    assert "ENTRY       tile/entries/001  entry 256" in done.stdout
    assert done.stdout.count("expected: ") == done.stdout.count("received: ") == 2
    found = fsck(home.path, folder, "--json").json()
    assert found["counts"] == {"entry": 1, "tile": 1, "missing": 1, "stray": 1}
    assert {kind.value for kind in Kind} == set(exits.LOG_STATUSES)


def test_a_copy_of_another_history_than_the_known_one_leaves_evidence(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    assert fsck(home.path, fresh_copy(tmp_path, 700)).status == 0
    done = fsck(home.path, make_copy(tmp_path / "fork", SIZE, common=500), "--json")
    assert done.status == exits.LOG_STATUSES["history"]
    [finding] = done.json()["findings"]
    [file] = (home.path / "evidence").iterdir()
    assert str(file) in finding["message"]
    verify_evidence(file.read_bytes(), log_keys())


def test_a_copy_that_lags_is_sound_and_says_so(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    assert fsck(home.path, fresh_copy(tmp_path, 700)).status == 0
    done = fsck(home.path, fresh_copy(tmp_path, 300))
    assert done.status == 0
    assert "ends before the newest head" in done.stdout


def test_entries_that_were_not_checked_are_never_passed_over(tmp_path: Path) -> None:
    home, folder = make_home(tmp_path / "home"), fresh_copy(tmp_path, SIZE)
    shutil.rmtree(folder / "tile/entries")
    done = fsck(home.path, folder)
    assert (done.status, "entries were NOT checked" in done.stdout) == (exits.WARNINGS, True)
    assert fsck(home.path, folder, "--hashes-only").status == 0


def test_a_policy_that_is_not_met_is_told_by_the_status(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", policy_text("XAL"))
    done = fsck(home.path, fresh_copy(tmp_path, 300))
    assert (done.status, "has 0 of 1" in done.stdout) == (exits.WARNINGS, True)


def test_a_trust_file_is_enough_and_is_not_written(tmp_path: Path) -> None:
    trust = make_home(tmp_path / "other").path / "trust.json"
    before = trust.read_bytes()
    done = fsck(tmp_path / "none", fresh_copy(tmp_path, 300), "--trust", str(trust))
    assert (done.status, trust.read_bytes() == before) == (0, True)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("place", ["absent", "http://127.0.0.1:1"])
def test_a_place_where_no_copy_is_is_refused_in_words(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sextant_client.copies.sources.BACKOFF_S", 0.001)
    done = fsck(make_home(tmp_path / "home").path, place)
    assert done.status == exits.REFUSED
    assert "fix:" in done.stderr


def test_a_mirror_that_follows_goes_on_until_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, log, copy = make_home(tmp_path / "home"), tmp_path / "log", tmp_path / "copy"
    make_copy(log, 300)
    events = iter(
        (
            lambda: make_copy(log, 700),
            lambda: (log / "checkpoint").rename(log / "away"),
            lambda: make_copy(log, SIZE),
        )
    )

    def sleep(seconds: float) -> None:
        assert seconds == 7
        event = next(events, None)
        if event is None:
            raise KeyboardInterrupt
        event()

    monkeypatch.setattr("sextant_client.cli.copies.time.sleep", sleep)
    options = ("--follow", "--interval", "7", "--home", home.path, "--json")
    done = sextant("log", "mirror", log, copy, *options)
    assert done.status == 130  # as any command that Ctrl-C ends
    sizes = [json.loads(line)["head"]["size"] for line in done.stdout.splitlines()]
    assert sizes == [300, 700, SIZE]


def test_a_mirror_that_follows_stops_at_a_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, log, copy = make_home(tmp_path / "home"), tmp_path / "log", tmp_path / "copy"
    make_copy(log, 700)
    monkeypatch.setattr(
        "sextant_client.cli.copies.time.sleep", lambda _: make_copy(log, SIZE, common=500)
    )
    done = sextant("log", "mirror", log, copy, "--follow", "--home", home.path)
    assert done.status == exits.UNTRUSTED
    assert "sextant log evidence verify" in done.stderr
    assert sextant("log", "fsck", copy, "--home", home.path).status == 0
