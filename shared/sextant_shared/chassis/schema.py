"""Versions of a room's schema: bringing a database to the newest, and whose programs it serves.

A migration *expands*: it only adds, so that programs of before go on beside it, and may start. One
that takes something away or asks for more *contracts*: it says so, and why, in a line
`contract = "…"`, and programs of before are refused from then on. The owner of a server's database
notes at each migration which versions of the program the schema serves: programs of before cannot
know what came after them. An embedded file has one program, which migrates it.

Not responsible for connections (`database`, `postgresql`), nor for the versions themselves.
"""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import ValidationError
from sqlalchemy import Connection, text

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict

_VERSION_TABLE = "alembic_version"
_NOTE = text(f"SELECT obj_description(to_regclass('{_VERSION_TABLE}'), 'pg_class')")


class Note(Strict):
    """What the owner notes of a server's database: its version, and whose programs it serves."""

    version: str
    serves: tuple[str, ...]


def migrate(connection: Connection, migrations: str) -> None:
    """Bring the database behind `connection` to the newest version of the package `migrations`.

    Raises:
        PlatformError: `E_STATE` when a newer program than this brought it further.
    """
    held = _held(connection)
    connection.rollback()  # what looking began: each version has a transaction of its own
    if unknown := held - _all(migrations):
        raise PlatformError(
            Code.STATE,
            "the database was migrated by a newer version of this program",
            expected=", ".join(sorted(newest(migrations))),
            received=", ".join(sorted(unknown)),
            fix="Run that version, or restore the copy that was made before it.",
        )
    config = _config(migrations)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def note_served(connection: Connection, migrations: str) -> None:
    """Note on a server, as the owner, whose programs the newest schema serves."""
    note = Note(version=",".join(sorted(newest(migrations))), serves=served(migrations))
    literal = note.model_dump_json().replace("'", "''").replace(":", "\\:")
    connection.execute(text(f"COMMENT ON TABLE {_VERSION_TABLE} IS '{literal}'"))


def served(migrations: str) -> tuple[str, ...]:
    """Return the versions whose programs run on the newest schema, newest first."""
    found: list[str] = []
    for version in ScriptDirectory.from_config(_config(migrations)).walk_revisions():
        found.append(version.revision)
        if getattr(version.module, "contract", ""):
            break
    return tuple(found)


def newest(migrations: str) -> frozenset[str]:
    """Return the newest version of the package `migrations`, which is this program's."""
    return frozenset(ScriptDirectory.from_config(_config(migrations)).get_heads())


def is_ahead(connection: Connection, migrations: str) -> bool:
    """Whether a newer program migrated a server's database, and left it fit for this one."""
    held, own = _held(connection), newest(migrations)
    return held != own and own <= _noted(connection, held)


def require_served(name: str, connection: Connection, migrations: str) -> None:
    """Return if a server's database has this program's version, or a newer one that serves it.

    Raises:
        PlatformError: `E_STATE` when it has an older one, a newer one that is not for this program,
            or none.
    """
    held, own = _held(connection), newest(migrations)
    if held == own or is_ahead(connection, migrations):
        return
    is_behind = held <= _all(migrations)
    what = "an older" if is_behind else "a newer"
    raise PlatformError(
        Code.STATE,
        f"{name} has {what if held else 'another'} version of the schema than this program runs on",
        expected=", ".join(sorted(own)),
        received=", ".join(sorted(held)) or "no schema",
        fix="Run the command `migrate` of this version, as the owner of the schema."
        if is_behind
        else "Start the version of the program that migrated it, or one that it still serves.",
    )


def _noted(connection: Connection, held: frozenset[str]) -> frozenset[str]:
    """Return whom the schema serves by the note of its own version; a note of another is none."""
    try:
        note = Note.model_validate_json(connection.execute(_NOTE).scalar() or "")
    except ValidationError:
        return frozenset()
    return frozenset(note.serves if note.version == ",".join(sorted(held)) else ())


def _held(connection: Connection) -> frozenset[str]:
    return frozenset(MigrationContext.configure(connection).get_current_heads())


def _all(migrations: str) -> frozenset[str]:
    script = ScriptDirectory.from_config(_config(migrations))
    return frozenset(version.revision for version in script.walk_revisions())


def _config(migrations: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("sextant_shared.chassis") / "migrations"))
    config.set_main_option("version_locations", str(files(migrations) / "versions"))
    config.set_main_option("path_separator", "os")
    return config
