"""A version of a room's schema after the newest, as a release to come would have it."""

import shutil
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from deploy.local.postgresql.rooms import Room
from sextant_shared.chassis.schema import newest

CONTRACT = 'contract = "a column that programs of before write is gone"\n'
_VERSION = '''"""What a release to come adds."""

import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = "{before}"
{more}

def upgrade() -> None:
    op.create_table("later_{n}", sa.Column("id", sa.Integer, primary_key=True))
    for table in sa.inspect(op.get_bind()).get_table_names():
        if not table.startswith(("later_", "alembic_")):
            op.add_column(table, sa.Column("later_{n}", sa.String))
            op.create_index(f"ix_{{table}}_later_{n}", table, ["later_{n}"])
'''


def later(room: Room, folder: Path, path: pytest.MonkeyPatch, *more: str) -> Room:
    """Return the room as it is after further versions, one for each of `more`.

    Each adds a table, and a column and an index to every table there is; `more` is what else its
    file says.
    """
    package = folder / f"later_{room.roles.database}_{len(more)}"
    with as_file(files(room.migrations)) as own:
        shutil.copytree(own, package)
    (before,) = newest(room.migrations)
    for n, said in enumerate(more, start=1):
        name = f"later_{n}"
        text = _VERSION.format(name=name, before=before, n=n, more=said)
        (package / "versions" / f"later_{n}.py").write_text(text)
        before = name
    path.syspath_prepend(str(folder))
    return replace(room, migrations=package.name)
