"""The database hides by itself what an officer may not know of, whatever a query forgets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

import sextant_declarations
from sextant_declarations.analysis.need import Line, Need
from sextant_declarations.storage.sight import HIDDEN, NARROWED, OPEN
from sextant_declarations.storage.tables import METADATA
from sextant_shared.chassis.sight import seeing, sight
from tests.integration.declarations.stores import SqlStore, open_store
from tests.support.postgresql import embedded
from tests.unit.declarations.secretariat import Secretariat

pytestmark = pytest.mark.anyio
OTHERS = Need((Line(states=["XBO"], kinds=["*"], ceiling="OPCW_HIGHLY_PROTECTED", messages=True),))
ALL = Need((Line(states=["*"], kinds=["*"], ceiling="OPCW_HIGHLY_PROTECTED", messages=True),))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = open_store(tmp_path)
    secretariat = Secretariat(tmp_path, store=opened)
    secretariat.exchange.waiting[:] = [secretariat.world.declare(version=1)]
    await secretariat.take_in()
    yield opened
    opened.database.close()


async def counts(store: SqlStore, need: Need | None) -> dict[str, int]:
    """Return how many rows each narrowed table shows."""

    def count(connection: Any) -> dict[str, int]:
        tables = {name: METADATA.tables[name] for name in NARROWED}
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in tables.items()
        }

    with seeing(need):
        return await store.database.read(count)


def test_what_reads_everything_inside_a_request_is_known() -> None:
    """Each of these answers for what it shows: the board, keys of messages, grants."""
    room = Path(sextant_declarations.__file__).parent
    found = {
        str(path.relative_to(room))
        for path in room.rglob("*.py")
        if ".overlook(" in path.read_text() or "seeing(None)" in path.read_text()
    }
    assert found == {"storage/stated.py", "storage/sent.py", "storage/grants.py", "app/clearing.py"}


def test_every_table_is_narrowed_open_or_hidden_for_a_reason() -> None:
    parts = [set(NARROWED), set(OPEN), set(HIDDEN)]
    assert set().union(*parts) == set(METADATA.tables)
    assert sum(map(len, parts)) == len(METADATA.tables)


async def test_no_row_of_a_state_is_there_for_who_may_not_know_of_it(store: SqlStore) -> None:
    as_it_is = await counts(store, None)
    assert as_it_is["inbox"] == as_it_is["declarations"] == as_it_is["work_items"] == 1
    assert await counts(store, ALL) == as_it_is
    assert set((await counts(store, OTHERS)).values()) == {0}
    assert set((await counts(store, Need(()))).values()) == {0}


@pytest.mark.parametrize(
    ("kinds", "ceiling", "seen"),
    [
        (["S2_*"], "OPCW_HIGHLY_PROTECTED", 1),
        (["S3_*"], "OPCW_HIGHLY_PROTECTED", 0),
        (["S2_*"], "UNCLASSIFIED", 0),
    ],
    ids=["its kind", "another kind", "its kind, lower"],
)
async def test_kind_and_marking_count_as_much_as_the_state(
    store: SqlStore, kinds: list[str], ceiling: Any, seen: int
) -> None:
    found = await counts(store, Need((Line(states=["XAL"], kinds=kinds, ceiling=ceiling),)))
    assert {found[name] for name in ("declarations", "inbox", "versions", "lives")} == {seen}


@embedded
@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM main.inbox",
        "SELECT owner FROM main.declarations",
        "SELECT count(*) FROM access_details",
        "SELECT count(*) FROM alembic_version",
        "DROP VIEW temp.inbox",
        "ATTACH ':memory:' AS other",
        "PRAGMA writable_schema = ON",
        "CREATE TEMP TABLE inbox (id)",
    ],
)
async def test_nothing_goes_round_the_views(store: SqlStore, query: str) -> None:
    with seeing(ALL), pytest.raises(DatabaseError):
        await store.database.read(lambda c: c.execute(text(query)).all())
    assert sight() is None


async def test_a_sight_ends_with_its_request_and_never_stays_on_a_connection(
    store: SqlStore,
) -> None:
    for need, seen in ((ALL, 1), (OTHERS, 0), (ALL, 1), (Need(()), 0), (ALL, 1)):
        assert (await counts(store, need))["declarations"] == seen
    with seeing(OTHERS):
        query = select(func.count()).select_from(METADATA.tables["declarations"])
        assert await store.database.overlook(lambda c: c.execute(query).scalar_one()) == 1
    assert (await counts(store, None))["declarations"] == 1
