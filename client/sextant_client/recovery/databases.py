"""Reads a room's database without its service: a SQLite file, or a database on a PostgreSQL server.

What was restored is looked at before anything serves it, on the engine it was restored to. Nothing
is written. Queries are written with `?`. A role for which row-level security hides rows gets an
error instead of less than there is: nobody may take hidden rows for lost ones.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_shared.errors import Code, PlatformError

_SCHEMES = ("postgresql://", "postgresql+psycopg://")
_READING = "-c row_security=off -c default_transaction_read_only=on"


@dataclass
class Database:
    """An open database; `connection` is any DB-API connection."""

    connection: Any
    is_server: bool = False

    def rows(self, query: str, *values: int | str | bytes) -> list[Any]:
        """Return what a query finds.

        Raises:
            PlatformError: `E_INTEGRITY` when the database cannot be read, `E_FORBIDDEN` when rows
                are hidden from this role.
        """
        cursor = self.connection.cursor()
        try:
            cursor.execute(query.replace("?", "%s") if self.is_server else query, values)
            return list(cursor.fetchall())
        except Exception as error:  # each driver has errors of its own
            if "row-level security" in str(error):
                raise PlatformError(
                    Code.FORBIDDEN,
                    "this role does not see every row",
                    received=str(error).splitlines()[0],
                    fix="Name the server's administrator in the address.",
                ) from error
            raise PlatformError(
                Code.INTEGRITY, f"the database cannot be read: {error}", fix="Take another backup."
            ) from error
        finally:
            cursor.close()


def is_address(place: str | Path) -> bool:
    """Return whether a place is a database on a server rather than a file."""
    return str(place).startswith(_SCHEMES)


@contextmanager
def open_database(place: str | Path) -> Iterator[Database]:
    """Open a database to read: the path of a SQLite file, or a `postgresql://` address.

    Raises:
        PlatformError: `E_STATE` when there is none, `E_UNAVAILABLE` when no server answers.
    """
    if is_address(place):
        with closing(_server(str(place))) as connection:
            yield Database(connection, is_server=True)
        return
    with closing(open_file(Path(place))) as connection:
        yield Database(connection)


def open_file(path: Path) -> sqlite3.Connection:
    """Open a SQLite file to read alone.

    Raises:
        PlatformError: `E_STATE` when there is none.
    """
    try:
        if not path.is_file():
            raise FileNotFoundError(2, "No such file")
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    except (OSError, sqlite3.Error) as error:
        raise PlatformError(Code.STATE, f"cannot open the database {path}: {error}") from error


def driver() -> Any:
    """Return the driver for PostgreSQL.

    Raises:
        PlatformError: `E_STATE` when it is not installed.
    """
    try:
        import psycopg  # noqa: PLC0415 -- only a machine that has a server has the driver
    except ImportError as error:
        raise PlatformError(
            Code.STATE,
            "the driver for PostgreSQL is not installed here",
            fix="Run this where the audit service is installed.",
        ) from error
    return psycopg


def _server(url: str) -> Any:
    psycopg = driver()
    try:
        address = url.replace("postgresql+psycopg://", "postgresql://", 1)
        return psycopg.connect(address, options=_READING)
    except psycopg.Error as error:
        raise PlatformError(
            Code.UNAVAILABLE, f"the server of the database does not answer: {error}"
        ) from error
