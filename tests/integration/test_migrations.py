"""Every version of every schema, on both engines: it only adds, or says what it takes and why.

And what is noted of it on a server: which programs of before it still serves.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, text

from deploy.local.postgresql.rooms import DECLARATIONS, EXCHANGE, ROOMS, Room
from deploy.local.postgresql.server import PostgresqlServer
from sextant_shared.chassis import postgresql as server_engines
from sextant_shared.chassis import schema, sqlite
from sextant_shared.chassis.database import open_database, require_migrated
from sextant_shared.chassis.postgresql import Server
from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.contents import declaration
from tests.support.platform import XAL, XBO, open_platform
from tests.support.platform_files import URLS
from tests.support.postgresql import SERVER
from tests.support.schemas import narrowings, schema_of
from tests.support.versions import CONTRACT, later

HELD = "(id INTEGER PRIMARY KEY, size INTEGER, name TEXT)"
NAMES = [room.roles.database for room in ROOMS.values()]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def server() -> PostgresqlServer:
    return SERVER.required()


def versions(room: Room) -> list[Script]:
    script = ScriptDirectory.from_config(schema._config(room.migrations))
    return [*script.walk_revisions()][::-1]


@contextmanager
def emptied(room: Room, engine: str, folder: Path) -> Iterator[Connection]:
    """Yield a connection that migrates an empty database."""
    if engine == "file":
        made = sqlite.writer_engine(folder / "x.db")
        with made.connect() as connection:
            yield connection
        made.dispose()
        return
    server, name = SERVER.required(), f"stepwise_{room.roles.database}"
    server.create_database(name, room)
    with server_engines.migration(server.url(room.roles.migrator, name), room.roles.owner) as one:
        yield one
    server.execute("postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("engine", ["file", "server"])
@pytest.mark.parametrize("room", ROOMS.values(), ids=NAMES)
def test_a_version_only_adds_or_says_why_it_takes(room: Room, engine: str, tmp_path: Path) -> None:
    unsaid: dict[str, list[str]] = {}
    with emptied(room, engine, tmp_path) as connection:
        config = schema._config(room.migrations)
        config.attributes["connection"] = connection
        before = schema_of(connection)
        connection.rollback()
        for version in versions(room):
            command.upgrade(config, version.revision)
            after = schema_of(connection)
            connection.rollback()
            found = narrowings(before, after)
            said = [getattr(version.module, name, "") for name in ("contract", "loosens")]
            if found and not any(said):
                unsaid[version.revision] = found
            before = after
    assert not unsaid, "say `contract = …` there: why programs of before go on no more"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["DROP TABLE held"], "held.id is gone"),
        (["ALTER TABLE held RENAME COLUMN size TO length"], "held.size is gone"),
        (["ALTER TABLE held ADD COLUMN c TEXT NOT NULL DEFAULT ''"], ""),
        (["ALTER TABLE held ADD COLUMN c TEXT"], ""),
        (["CREATE TABLE other (id INTEGER NOT NULL)"], ""),
        (["CREATE INDEX ix ON held (size)"], ""),
        (["CREATE UNIQUE INDEX ix ON held (size)"], "held has a new unique: size"),
        (["DROP INDEX one_name"], "held lost a unique: name"),
        (
            ["CREATE TRIGGER no BEFORE UPDATE ON held BEGIN SELECT RAISE(ABORT, 'no'); END"],
            "held has a new trigger",
        ),
        (
            ["DROP TABLE held", "CREATE TABLE held (id INTEGER PRIMARY KEY, size TEXT, name TEXT)"],
            "held.size was INTEGER and is TEXT",
        ),
        (
            [
                "DROP TABLE held",
                "CREATE TABLE held (id INTEGER PRIMARY KEY, size INTEGER NOT NULL, name TEXT)",
            ],
            "held.size must be given now",
        ),
        (
            [
                "DROP TABLE held",
                f"CREATE TABLE held {HELD[:-1]}, c TEXT NOT NULL)",
            ],
            "held.c is new and must be given",
        ),
    ],
)
def test_what_a_program_of_before_meets_is_told(statements: list[str], told: str) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE TABLE held {HELD}"))
        connection.execute(text("CREATE UNIQUE INDEX one_name ON held (name)"))
        before = schema_of(connection)
        for statement in statements:
            connection.execute(text(statement))
        found = narrowings(before, schema_of(connection))
    engine.dispose()
    assert found == [] if not told else any(line.startswith(told) for line in found), found


def refusal(place: Server, room: Room) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        require_migrated(place, room.migrations)
    assert caught.value.code is Code.STATE
    return caught.value


def test_an_older_schema_and_none_are_refused_until_they_are_migrated(
    server: PostgresqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer, name = later(EXCHANGE, tmp_path, monkeypatch, ""), server.database(EXCHANGE)
    refused = refusal(server.place(name, EXCHANGE), newer)
    assert "an older version" in refused.detail
    assert "`migrate`" in refused.fix
    server.create_database("unmade", EXCHANGE)
    assert refusal(server.place("unmade", EXCHANGE), EXCHANGE).received == "no schema"
    server.migrate(name, newer)
    require_migrated(server.place(name, EXCHANGE), newer.migrations)


def test_programs_of_before_the_newest_contract_are_refused_and_later_ones_are_not(
    server: PostgresqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = later(EXCHANGE, tmp_path, monkeypatch, CONTRACT)
    third = later(EXCHANGE, tmp_path, monkeypatch, CONTRACT, "", "")
    name = server.database(EXCHANGE)
    place = server.place(name, EXCHANGE)
    server.migrate(name, third)
    refused = refusal(place, EXCHANGE)
    assert "a newer version" in refused.detail
    assert (refused.expected, refused.received) == ("0008", "later_3")
    assert "one that it still serves" in refused.fix
    require_migrated(place, first.migrations)
    require_migrated(place, third.migrations)


@pytest.mark.parametrize(
    "note",
    [None, "", "no note", '{"version": "later_0", "serves": ["0008"]}', '{"serves": ["0008"]}'],
)
def test_a_newer_schema_without_a_note_of_its_own_serves_nobody_else(
    server: PostgresqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note: str | None
) -> None:
    name = server.database(EXCHANGE)
    server.migrate(name, later(EXCHANGE, tmp_path, monkeypatch, ""))
    require_migrated(server.place(name, EXCHANGE), EXCHANGE.migrations)
    server.execute(name, f"COMMENT ON TABLE alembic_version IS {f'{note!r}' if note else 'NULL'}")
    assert "a newer version" in refusal(server.place(name, EXCHANGE), EXCHANGE).detail


def test_an_older_program_migrates_nothing_that_a_newer_one_made(
    server: PostgresqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer, name = later(EXCHANGE, tmp_path, monkeypatch, ""), server.database(EXCHANGE)
    server.migrate(name, newer)
    with pytest.raises(PlatformError, match=r"E_STATE.*by a newer version"):
        server.migrate(name, EXCHANGE)
    require_migrated(server.place(name, EXCHANGE), newer.migrations)


def test_an_embedded_file_of_a_newer_program_is_refused_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer, file = later(EXCHANGE, tmp_path, monkeypatch, ""), tmp_path / "exchange.db"
    open_database(file, MetaData(), newer.migrations).close()
    kept = file.read_bytes()
    with pytest.raises(PlatformError, match=r"E_STATE.*by a newer version"):
        open_database(file, MetaData(), EXCHANGE.migrations)
    assert file.read_bytes() == kept
    open_database(file, MetaData(), newer.migrations).close()


@pytest.mark.long  # a platform of its own, started twice
@pytest.mark.anyio
async def test_programs_of_before_go_on_start_and_write_on_a_newer_schema(
    server: PostgresqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rooms: what was deposited before, meanwhile and after is registered and verifies."""
    names = {room: server.database(room) for room in ROOMS.values()}
    places = {
        room.roles.database.removeprefix("sextant_"): server.settings(names[room], room=room)
        for room in ROOMS.values()
    }
    async with open_platform(tmp_path / "platform", **places) as platform:
        await platform.declare(XAL, nil("XAL"))
        await platform.settled()
        for room in ROOMS.values():
            newer = later(room, tmp_path, monkeypatch, "")
            await asyncio.to_thread(server.migrate, names[room], newer)
        # A newer program hides rows by conditions of its own.
        server.execute(names[DECLARATIONS], "COMMENT ON SCHEMA sight IS 'of a newer version'")
        await platform.declare(XBO, nil("XBO"))
        await platform.settled()
        for name in URLS:
            await platform.restart(name)
        await platform.declare(XAL, nil("XAL", "again"))
        await platform.settled()
        kinds = [reply["kind"] for party in (XAL, XBO) for reply in await platform.replies(party)]
        assert kinds == ["opened", "outcome"] * 3
        shown = (await platform.officer("GET", "/v1/declarations")).json()
        assert len(shown["declarations"]) == 3
        await platform.check()


def nil(state: str, name: str = "first") -> bytes:
    return declaration(state, declaration_id=f"{state}-{name}", reporting_year=2025)
