"""The tables of the log. They never leave this folder.

On SQLite all but the sidecar's are STRICT. That the log's own only grow is enforced by triggers
(`growing`), on PostgreSQL by grants as well, and tried at each start (`refusals`).
"""

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Text
from sqlmodel import Field, SQLModel

from sextant_shared.chassis.sidecar.tables import sidecar_tables

EPOCH = "epoch"
METADATA = MetaData()  # of this room alone: several rooms may live in one process
_STRICT = {"sqlite_strict": True}


class EntryRow(SQLModel, table=True):
    """One entry: its index, idempotency id, leaf hash and bytes."""

    metadata = METADATA
    __tablename__ = "entry"
    __table_args__ = _STRICT

    idx: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    id: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class TileRow(SQLModel, table=True):
    """One full tile: 256 hashes. Partial tiles are computed."""

    metadata = METADATA
    __tablename__ = "tile"
    __table_args__ = _STRICT

    level: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    idx: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    hashes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class CheckpointRow(SQLModel, table=True):
    """One published checkpoint."""

    metadata = METADATA
    __tablename__ = "checkpoint"
    __table_args__ = _STRICT

    size: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))


class CosignatureRow(SQLModel, table=True):
    """One witness's cosignature of one published checkpoint."""

    metadata = METADATA
    __tablename__ = "cosig"
    __table_args__ = _STRICT

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    key_id: str = Field(sa_column=Column(Text, nullable=False))
    time: int = Field(sa_column=Column(BigInteger, nullable=False))
    line: str = Field(sa_column=Column(Text, nullable=False))


class RefusedCallRow(SQLModel, table=True):
    """One call that a witness refused, with the request."""

    metadata = METADATA
    __tablename__ = "refused"
    __table_args__ = _STRICT

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    time: int = Field(sa_column=Column(BigInteger, nullable=False))
    url: str = Field(sa_column=Column(Text, nullable=False))
    status: int = Field(sa_column=Column(BigInteger, nullable=False))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    old: int = Field(sa_column=Column(BigInteger, nullable=False))
    detail: str = Field(sa_column=Column(Text, nullable=False))
    request: str = Field(sa_column=Column(Text, nullable=False))


class EpochRow(SQLModel, table=True):
    """One opening of the log by a writer, and when; the newest alone may write."""

    metadata = METADATA
    __tablename__ = EPOCH
    __table_args__ = _STRICT

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    taken: int = Field(sa_column=Column(BigInteger, nullable=False))


GROWING = tuple(sorted(METADATA.tables))  # all above: nothing in them changes or goes
SIDECAR = sidecar_tables(METADATA)  # beside the log: what it notes of itself
