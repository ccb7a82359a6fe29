"""On PostgreSQL the server hides what an officer may not know of, whatever asks it, and how."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.errors import InsufficientPrivilege
from pydantic import ValidationError
from sqlalchemy import Connection, create_engine, text

from deploy.local.postgresql.rooms import DECLARATIONS
from deploy.local.postgresql.server import PostgresqlServer
from sextant_declarations.__main__ import main
from sextant_declarations.analysis.classification import MARKINGS
from sextant_declarations.analysis.need import Line, Need
from sextant_declarations.domain.register import StatePolicy
from sextant_declarations.storage.roles import ROLES
from sextant_declarations.storage.row_security import patterns
from sextant_declarations.storage.sight import HIDDEN, NARROWED, OPEN
from sextant_declarations.storage.tables import METADATA
from sextant_shared.chassis.sight import seeing
from sextant_shared.errors import Code, PlatformError
from tests.integration.declarations.stores import SqlStore, open_store
from tests.support.platform_files import PlatformFiles
from tests.unit.declarations.secretariat import Secretariat

pytestmark = pytest.mark.anyio
_HIGHEST = "OPCW_HIGHLY_PROTECTED"
OTHERS = Need((Line(states=["XBO"], kinds=["*"], ceiling="OPCW_HIGHLY_PROTECTED", messages=True),))
ALL = Need((Line(states=["*"], kinds=["*"], ceiling="OPCW_HIGHLY_PROTECTED", messages=True),))
_SETTING = "sextant.sight"


@pytest.fixture
def database(postgresql: PostgresqlServer) -> str:
    return postgresql.database(DECLARATIONS)


@pytest.fixture
async def store(
    tmp_path: Path, postgresql: PostgresqlServer, database: str
) -> AsyncIterator[SqlStore]:
    opened = open_store(tmp_path, postgresql.place(database, DECLARATIONS))
    secretariat = Secretariat(tmp_path, store=opened)
    secretariat.exchange.waiting[:] = [secretariat.world.declare(version=1)]
    await secretariat.take_in()
    yield opened
    opened.database.close()


@pytest.fixture
def officer(
    store: SqlStore, postgresql: PostgresqlServer, database: str
) -> Iterator[psycopg.Connection[Any]]:
    """Yield a session of whoever got hold of the officer's login."""
    assert store.own_party
    with closing(postgresql.connect(ROLES.officer, database)) as session:
        yield session


def test_migrations_end_at_the_declared_tables(postgresql: PostgresqlServer, database: str) -> None:
    engine = create_engine(postgresql.url("postgres", database))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


async def test_a_query_that_forgets_who_asks_finds_only_what_the_caller_may_know_of(
    store: SqlStore,
) -> None:
    def everything(connection: Connection) -> dict[str, list[Any]]:
        tables = {name: METADATA.tables[name].select() for name in (*NARROWED, *OPEN)}
        return {name: list(connection.execute(query)) for name, query in tables.items()}

    as_it_is = await store.database.overlook(everything)
    assert len(as_it_is["inbox"]) == len(as_it_is["declarations"]) == len(as_it_is["lives"]) == 1
    with seeing(ALL):
        assert await store.database.read(everything) == as_it_is
    for need in (OTHERS, Need(())):
        with seeing(need):
            found = await store.database.read(everything)
        assert [name for name in NARROWED if found[name]] == []
        assert {name: found[name] for name in OPEN} == {name: as_it_is[name] for name in OPEN}


async def test_a_session_that_was_told_nothing_or_lies_about_it_finds_nothing(
    officer: psycopg.Connection[Any], store: SqlStore
) -> None:
    def own_words(connection: Connection) -> str:
        return str(connection.execute(text(f"SHOW {_SETTING}")).scalar_one())

    with seeing(ALL):
        of_another = await store.database.read(own_words)
    told = '{"lines": ["%|k:%|0", "%|k:%|1", "%|k:%|2", "%|k:%|3"], "parties": {}}'
    for words in ("", told, of_another, f"{'0' * 64}{of_another[64:]}", of_another[:64] + told):
        with officer.transaction():
            officer.execute("SELECT set_config(%s, %s, false)", (_SETTING, words))
            for table in NARROWED:
                assert officer.execute(f"SELECT * FROM {table}".encode()).fetchall() == []


@pytest.mark.parametrize(
    "statement",
    [
        *(f"SELECT * FROM {table}" for table in sorted(HIDDEN)),
        "SELECT * FROM sight_keys.pads",
        "SELECT * FROM alembic_version",
        "UPDATE declarations SET owner = 'XBO'",
        "DELETE FROM inbox",
        "INSERT INTO log_alarms DEFAULT VALUES",
        "DROP VIEW sight.inbox",
        "ALTER TABLE inbox DISABLE ROW LEVEL SECURITY",
        "DROP POLICY need_to_know ON inbox",
        "CREATE OR REPLACE FUNCTION sight.told() RETURNS jsonb LANGUAGE sql AS 'SELECT NULL'",
        "CREATE TABLE public.inbox2 (id integer)",
        "CREATE TEMP TABLE inbox (id integer)",
        f"SET ROLE {ROLES.owner}",
        f"SET ROLE {ROLES.reader}",
        "SET SESSION AUTHORIZATION postgres",
        "SELECT pg_read_file('postgresql.conf')",
        "SET row_security = off; SELECT * FROM inbox",
    ],
)
def test_the_officers_login_can_do_nothing_about_it(
    postgresql: PostgresqlServer, statement: str
) -> None:
    name = postgresql.database_of(Path("officers"), DECLARATIONS)
    session = postgresql.connect(ROLES.officer, name)
    with closing(session), pytest.raises(InsufficientPrivilege):
        session.execute(statement.encode())


@pytest.mark.parametrize("role", [ROLES.officer, ROLES.reader, ROLES.writer])
def test_no_role_of_the_service_owns_a_table_or_passes_policies_by(
    postgresql: PostgresqlServer, role: str
) -> None:
    with closing(postgresql.connect("postgres", "postgres")) as session:
        (row,) = session.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, (SELECT count(*) FROM pg_auth_members"
            " WHERE member = r.oid) FROM pg_roles AS r WHERE rolname = %s",
            (role,),
        ).fetchall()
    assert row == (False, False, False, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE steps DISABLE ROW LEVEL SECURITY",
        "DROP POLICY need_to_know ON steps",
        "COMMENT ON SCHEMA sight IS 'of an older program'",
        "DROP SCHEMA sight CASCADE",
    ],
)
def test_a_database_that_hides_less_than_this_program_is_not_opened(
    tmp_path: Path, postgresql: PostgresqlServer, database: str, statement: str
) -> None:
    postgresql.execute(database, statement)
    with pytest.raises(PlatformError, match="does not hide") as raised:
        open_store(tmp_path, postgresql.place(database, DECLARATIONS))
    assert raised.value.code is Code.STATE
    postgresql.migrate(database, DECLARATIONS)
    open_store(tmp_path, postgresql.place(database, DECLARATIONS)).database.close()


def test_without_an_address_for_narrowed_reads_nothing_is_opened(
    tmp_path: Path, postgresql: PostgresqlServer, database: str
) -> None:
    place = replace(postgresql.place(database, DECLARATIONS), narrowed_url=None)
    with pytest.raises(PlatformError, match="who may not know"):
        open_store(tmp_path, place)


def test_a_setting_without_an_address_for_narrowed_reads_is_refused(tmp_path: Path) -> None:
    files = PlatformFiles(tmp_path)
    address = "postgresql+psycopg://somebody@/register?host=/run/postgresql"
    server = {"database_url": address, "database_reader_url": address}
    files.overrides["declarations"] = {**server, "database_officer_url": None}
    with pytest.raises(ValidationError, match="needs DATABASE_OFFICER_URL"):
        files.declarations_settings()


def test_the_script_for_operators_makes_the_officer_and_no_password(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["roles"]) == 0
    script = capsys.readouterr().out
    assert f"CREATE ROLE {ROLES.officer} LOGIN NOINHERIT" in script
    assert "NOBYPASSRLS" in script
    assert "PASSWORD" not in script


_STATES = st.sampled_from(["XAL", "XBO", "NA-XAL", "*"])
_KINDS = st.sampled_from(["S2_AND", "S2_SITE_ADPA", "S3_SITE_ADPA", "S2XAND", "NIL", "message:x"])
_LINES = st.builds(
    Line,
    states=st.lists(_STATES, min_size=1, max_size=2),
    kinds=st.lists(st.sampled_from(["*", "S2_*", "S2_AND", "NIL"]), min_size=1, max_size=2),
    ceiling=st.sampled_from(MARKINGS),
    messages=st.booleans(),
)
_ASKED = st.tuples(
    st.lists(st.sampled_from(["XAL", "XBO", "XYL", "NA-XAL"]), max_size=2).map(" ".join),
    _KINDS | st.sampled_from(["x|k:S2_AND", "message:a|k:NIL"]),
    st.sampled_from([*MARKINGS, "C0", "C1", "C2", "C3", "", "SECRET"]),
)


def test_the_server_answers_about_a_row_as_the_program_does(postgresql: PostgresqlServer) -> None:
    name = postgresql.database_of(Path("officers"), DECLARATIONS)
    with closing(postgresql.connect("postgres", name)) as session:

        @settings(max_examples=60, deadline=None)
        @given(st.lists(_LINES, max_size=3), st.lists(_ASKED, min_size=1, max_size=12))
        def agree(lines: list[Line], asked: list[tuple[str, str, str]]) -> None:
            need = Need(tuple(lines))
            owners, kinds, markings = map(list, zip(*asked, strict=True))
            rows = session.execute(
                "SELECT sight.sees(%s::text[], o, k, m)"
                " FROM unnest(%s::text[], %s::text[], %s::text[]) AS a(o, k, m)",
                (patterns(need), owners, kinds, markings),
            ).fetchall()
            assert [seen for (seen,) in rows] == [need.sees(*one) for one in asked]

        agree()


@pytest.mark.parametrize(
    "party", ["NA-XAL", "SEC", "NA-XALX", "XAL", "NA-", "LAB-1", "NA-FED", "NA-OLD"]
)
def test_the_server_files_a_party_under_the_same_name(
    postgresql: PostgresqlServer, party: str
) -> None:
    states = StatePolicy({"NA-FED": "XFE", "LAB-1": "XLA", "NA-OLD": ""})
    name = postgresql.database_of(Path("officers"), DECLARATIONS)
    with closing(postgresql.connect("postgres", name)) as session:
        query = "SELECT sight.owner_of(%s::jsonb, %s)"
        exceptions = psycopg.types.json.Jsonb(dict(states.exceptions))
        (found,) = session.execute(query, (exceptions, party)).fetchall()
    assert found == (states.owner_of(party),)
