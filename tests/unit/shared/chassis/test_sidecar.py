"""Details behind entries: what opens, what does not, and what is gone for good."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, MetaData, create_engine, update

from sextant_shared.chassis.sidecar.keys import KEYS_FILE, DetailKeys
from sextant_shared.chassis.sidecar.store import Detail, Sidecar
from sextant_shared.chassis.sidecar.tables import sidecar_tables
from sextant_shared.crypto.details import open_detail, seal_detail, unwrap_key, wrap_key
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.notes import MadeNote, make_note

METADATA = MetaData()
TABLES = sidecar_tables(METADATA)
KEY, LEAF, SALT = bytes(range(32)), b"l" * 32, b"s" * 32


def made(text: str = "why") -> MadeNote:
    members = {"of": "exchange", "size": 1}
    return make_note("backup", members, 1.0, owner="audit", detail={"note": text})


def detail_of(note: MadeNote) -> Detail:
    assert note.detail is not None
    assert note.salt is not None
    return Detail(note.entry, note.owner, note.detail, note.salt)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Sidecar]:
    opened = Sidecar(TABLES, tmp_path / "keys")
    yield opened
    opened.close()


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_changed_byte_of_a_sealed_detail_is_refused(detail: bytes, place: int) -> None:
    sealed = bytearray(seal_detail(KEY, LEAF, SALT, detail))
    assert open_detail(KEY, LEAF, bytes(sealed)) == (SALT, detail)
    sealed[place % len(sealed)] ^= 1
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        open_detail(KEY, LEAF, bytes(sealed))


def test_a_sealed_detail_belongs_to_one_entry_and_one_key() -> None:
    sealed = seal_detail(KEY, LEAF, SALT, b"detail")
    for key, leaf in ((KEY, b"m" * 32), (bytes(32), LEAF)):
        with pytest.raises(PlatformError, match="E_INTEGRITY"):
            open_detail(key, leaf, sealed)
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        unwrap_key(bytes(32), wrap_key(KEY, SALT))


def test_a_cut_detail_is_refused() -> None:
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        open_detail(KEY, LEAF, b"short")


def test_what_was_kept_opens_and_nothing_of_it_stands_in_the_clear(
    sidecar: Sidecar, connection: Connection
) -> None:
    note = made("a word nobody may read")
    sidecar.keep(connection, [detail_of(note)])
    assert sidecar.opened(connection, [note.entry, b"another"]) == [(note.detail, note.salt), None]
    (sealed,) = connection.execute(TABLES.detail.select()).all()
    assert b"nobody" not in sealed.sealed


def test_a_forgotten_detail_opens_for_nobody_and_its_key_leaves_no_byte(
    sidecar: Sidecar, connection: Connection, tmp_path: Path
) -> None:
    gone, stays = made("gone"), made("stays")
    sidecar.keep(connection, [detail_of(gone), detail_of(stays)])
    before = connection.execute(TABLES.detail.select()).all()
    sidecar.forget(connection, gone.entry)
    sidecar.destroy(gone.entry)
    assert sidecar.opened(connection, [gone.entry, stays.entry]) == [
        None,
        (stays.detail, stays.salt),
    ]
    assert (sidecar.is_kept(connection, gone.entry), sidecar.is_kept(connection, b"?")) == (
        False,
        None,
    )
    # Not even the ciphertext of a database restored from before opens again.
    for row in before:
        connection.execute(
            update(TABLES.detail).where(TABLES.detail.c.leaf == row.leaf).values(sealed=row.sealed)
        )
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        sidecar.opened(connection, [gone.entry])
    leaf = before[0].leaf if before[0].sealed else b""
    kept = (tmp_path / "keys" / KEYS_FILE).read_bytes()
    assert sum(row.leaf in kept for row in before) == 1, leaf


def test_a_stop_before_the_key_is_destroyed_is_finished_at_the_next_start(
    sidecar: Sidecar, connection: Connection, tmp_path: Path
) -> None:
    note = made()
    sidecar.keep(connection, [detail_of(note)])
    sidecar.forget(connection, note.entry)
    again = Sidecar(TABLES, tmp_path / "keys")
    again.finish(connection)
    again.close()
    kept = (tmp_path / "keys" / KEYS_FILE).read_bytes()
    (row,) = connection.execute(TABLES.detail.select()).all()
    assert row.leaf not in kept


def test_a_backup_of_the_database_alone_opens_nothing(
    sidecar: Sidecar, connection: Connection, tmp_path: Path
) -> None:
    note = made()
    sidecar.keep(connection, [detail_of(note)])
    elsewhere = Sidecar(TABLES, tmp_path / "another place")
    with pytest.raises(PlatformError) as caught:
        elsewhere.opened(connection, [note.entry])
    elsewhere.close()
    assert caught.value.code is Code.INTEGRITY
    assert "SIDECAR_DIR" in caught.value.fix


def test_a_detail_that_its_entry_does_not_commit_to_is_refused(
    sidecar: Sidecar, connection: Connection
) -> None:
    one, other = made("one"), made("other")
    swapped = Detail(one.entry, "audit", *((other.detail or b""), (other.salt or b"")))
    sidecar.keep(connection, [swapped])
    with pytest.raises(PlatformError, match="commits to"):
        sidecar.opened(connection, [one.entry])


def test_the_folder_of_keys_is_nobody_elses(sidecar: Sidecar, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    assert sidecar is not None
    assert (folder.stat().st_mode & 0o777, (folder / KEYS_FILE).stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PlatformError, match="E_UNAVAILABLE"):
        Sidecar(TABLES, tmp_path / "file" / "keys")
    shutil.rmtree(tmp_path)


# --- what a service notes of itself ---------------------------------------------------------------


def test_a_key_survives_a_power_cut_right_after_it_was_made(tmp_path: Path) -> None:
    keys = DetailKeys(tmp_path)
    (mode,) = keys._file.execute("PRAGMA journal_mode").fetchone()
    (synchronous,) = keys._file.execute("PRAGMA synchronous").fetchone()
    keys.close()
    extra = 3  # the folder too: else a journal that ended may come back, and undo what it was for
    assert (mode, synchronous) == ("delete", extra)


def test_a_full_disk_is_told_and_once_there_is_room_keys_are_made_again(tmp_path: Path) -> None:
    keys = DetailKeys(tmp_path)
    (pages,) = keys._file.execute("PRAGMA page_count").fetchone()
    keys._file.execute(f"PRAGMA max_page_count = {pages}")
    many = {bytes([n]) * 32: "audit" for n in range(200)}
    with pytest.raises(PlatformError, match="cannot be written") as caught:
        keys.make(many)
    assert (caught.value.code, caught.value.retry_after_s) == (Code.UNAVAILABLE, 5)
    keys._file.execute("PRAGMA max_page_count = 10000")
    made = keys.make(many)
    assert all(keys.find(leaf) == key for leaf, key in made.items())
    keys.close()
