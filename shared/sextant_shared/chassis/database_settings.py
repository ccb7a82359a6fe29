"""Settings of a room that may keep its database on a PostgreSQL server.

An address names a role and never a password: that stands in a file (`?passfile=…`), or the server
knows the client by certificate or by the socket's user.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError

from sextant_shared.chassis.database import Place, migrate_server
from sextant_shared.chassis.postgresql import SCHEME, Server
from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.errors import Code, PlatformError

_ADDRESSES = ("database_url", "database_reader_url", "database_owner_url")


class DatabaseSettings(ServiceSettings):
    """What an operator may set for the database; without an address it is a file in `data_dir`."""

    database_url: Annotated[
        str | None,
        Field(
            description="PostgreSQL instead of the embedded file, as the writer:"
            f" {SCHEME}://ROLE@HOST/DATABASE?passfile=…&sslmode=verify-full&sslrootcert=…"
        ),
    ] = None
    database_reader_url: Annotated[
        str | None, Field(description="the same as the reader; needed with DATABASE_URL")
    ] = None
    database_owner_url: Annotated[
        str | None,
        Field(description="the same as one who may act as the owner; for the command migrate only"),
    ] = None
    database_statement_s: Annotated[
        float,
        Field(
            description="longest statement: the largest batch takes less than a second; and longest"
            " wait of a caller for a commit that the server does not confirm",
            gt=0,
        ),
    ] = 30.0
    database_lock_s: Annotated[
        float, Field(description="longest wait for a lock, or for the turn to write", gt=0)
    ] = 5.0
    database_idle_s: Annotated[
        float,
        Field(
            description="a transaction in which nothing happens so long is ended by the server,"
            " or a paused process would keep its successor out",
            gt=0,
        ),
    ] = 10.0
    database_connect_s: Annotated[
        int, Field(description="longest wait for a connection: callers wait meanwhile", ge=1)
    ] = 5

    def migrate(
        self,
        owner: str,
        migrations: str,
        after: Callable[[Connection], None] | None = None,
    ) -> None:
        """Make or renew the tables of a database on a server, for the command `migrate`.

        Raises:
            PlatformError: `E_STATE` when the database is a file or the owner's address is not set,
                `E_UNAVAILABLE`.
        """
        if self.database_owner_url is None:
            prefix = self.model_config["env_prefix"]
            raise PlatformError(
                Code.STATE,
                "there is no address of one who may act as the owner of the tables",
                fix=f"Set {prefix}DATABASE_OWNER_URL for this command alone. An embedded file is"
                " migrated when it is opened.",
            )
        migrate_server(self.database_owner_url, owner, migrations, after)

    @field_validator(*_ADDRESSES)
    @classmethod
    def _check_address(cls, address: str | None) -> str | None:
        return check_address(address)

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.database_url and not self.database_reader_url:
            raise ValueError("DATABASE_URL needs DATABASE_READER_URL: who reads has a role apart")
        if self.environment == "production":
            bare = [name for name in _ADDRESSES if is_readable(getattr(self, name))]
            if bare:
                raise ValueError(
                    f"{', '.join(bare).upper()}: production needs sslmode=verify-full or a socket"
                )
        return self

    def place_of(self, file: Path) -> Place:
        """Return where the database is: on the server that is set, else in `file`."""
        if self.database_url is None or self.database_reader_url is None:
            return file
        return Server(
            self.database_url,
            self.database_reader_url,
            statement_s=self.database_statement_s,
            lock_s=self.database_lock_s,
            idle_s=self.database_idle_s,
            connect_s=self.database_connect_s,
            must_be_durable=self.environment == "production",
        )


def check_address(address: str | None) -> str | None:
    """Return an address that names a role on a server, and nothing secret.

    Raises:
        ValueError: for any other.
    """
    if address is None:
        return None
    try:
        url = make_url(address)
    except ArgumentError:
        raise ValueError(f"is no address of the form {SCHEME}://ROLE@HOST/DATABASE") from None
    if url.drivername != SCHEME or not url.username or not url.database:
        raise ValueError(f"must have the form {SCHEME}://ROLE@HOST/DATABASE")
    if url.password is not None or "password" in url.query:
        raise ValueError("holds a password: put it into a file, ?passfile=/path/of/it")
    if "options" in url.query:
        raise ValueError("sets options: the service sets its own")
    return address


def is_readable(address: str | None) -> bool:
    """Whether others on the way could read what is sent, or stand in for the server."""
    if address is None:
        return False
    url = make_url(address)
    host = url.host or url.query.get("host") or ""
    return not str(host).startswith("/") and url.query.get("sslmode") != "verify-full"
