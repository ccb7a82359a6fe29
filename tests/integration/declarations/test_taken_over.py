"""What was registered before lives were kept has one when the service starts again."""

import importlib
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, text

from tests.integration.declarations.stores import open_store
from tests.support.postgresql import embedded
from tests.unit.declarations.secretariat import Secretariat

pytestmark = pytest.mark.anyio


@embedded
async def test_declarations_of_before_wait_for_an_officer_with_one_step_each(
    tmp_path: Path,
) -> None:
    store = open_store(tmp_path)
    secretariat = Secretariat(tmp_path / "work", store=store)
    secretariat.deliver(secretariat.world.declare())
    await secretariat.take_in()
    store.database.close()
    engine = create_engine(f"sqlite:///{tmp_path / 'declarations.sqlite3'}")
    migration = importlib.import_module(
        "sextant_declarations.storage.migrations.versions.0007_lives"
    )
    with engine.begin() as connection:
        for table in ("steps", "lives"):
            connection.execute(text(f"DROP TABLE {table}"))
        with Operations.context(MigrationContext.configure(connection)):
            migration.upgrade()
        steps = connection.execute(text("SELECT step, source, target, role FROM steps")).all()
        lives = connection.execute(text("SELECT state, version, steps, marking FROM lives")).all()
    engine.dispose()
    assert [tuple(row) for row in steps] == [("take-over", None, "EVALUATION", "service")]
    assert [(row.state, row.version, row.steps) for row in lives] == [("EVALUATION", 1, 1)]
