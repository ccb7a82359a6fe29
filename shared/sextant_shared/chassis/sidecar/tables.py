"""The tables that each room has on its own metadata, and their one migration."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

_OWED = sa.text("log_index IS NULL")


@dataclass(frozen=True, slots=True)
class SidecarTables:
    """`note`: entries about the service itself. `detail`: sealed details. `order`: to shred."""

    note: sa.Table
    detail: sa.Table
    order: sa.Table


def sidecar_tables(metadata: sa.MetaData) -> SidecarTables:
    """Declare the tables."""
    return SidecarTables(
        note=sa.Table("note", metadata, *_note(), *_note_indexes()),
        detail=sa.Table("detail", metadata, *_detail()),
        order=sa.Table("shred_order", metadata, *_order()),
    )


def create_sidecar(op: Any) -> None:
    """Create the tables, in a migration."""
    op.create_table("note", *_note())
    op.create_index(
        "ix_note_owed", "note", ["position"], sqlite_where=_OWED, postgresql_where=_OWED
    )
    op.create_index("ix_note_subject", "note", ["type", "subject", "position"])
    op.create_index("ix_note_index", "note", ["log_index"])
    op.create_table("detail", *_detail())
    op.create_table("shred_order", *_order())


def _note() -> list[sa.Column[Any]]:
    return [
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("log_index", sa.BigInteger),
        sa.Column("proof", sa.String),
    ]


def _note_indexes() -> list[sa.Index]:
    return [
        sa.Index("ix_note_owed", "position", sqlite_where=_OWED, postgresql_where=_OWED),
        sa.Index("ix_note_subject", "type", "subject", "position"),
        sa.Index("ix_note_index", "log_index"),
    ]


def _detail() -> list[sa.Column[Any]]:
    return [
        sa.Column("leaf", sa.LargeBinary, primary_key=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
    ]


def _order() -> list[sa.Column[Any]]:
    return [
        sa.Column("leaf", sa.LargeBinary, primary_key=True),
        sa.Column("client", sa.String, primary_key=True),
        sa.Column("authority", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("ordered", sa.Float, nullable=False),
    ]
