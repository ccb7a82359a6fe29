"""The table of exports: what was ordered, by whom and why, and what became of it.

Beside those of the register, on the same metadata (`tables`). The files are not here.
"""

from sqlalchemy import Index
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.growing import BIG
from sextant_declarations.storage.tables import METADATA


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class ExportRow(_Row, table=True):
    """One export; `ordered` is the order as JSON, times are unix seconds.

    `error` is code, detail and fix as JSON. The row stays when its file is gone.
    """

    __tablename__ = "exports"
    __table_args__ = (
        Index("ix_exports_client", "client"),
        Index("ix_exports_state", "state"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    client: str
    role: str
    purpose: str
    ordered: str
    state: str
    created: float
    rows: int | None = Field(default=None, sa_type=BIG)
    size: int | None = Field(default=None, sa_type=BIG)
    digest: bytes | None = None
    expires: float | None = None
    error: str | None = None


EXPORTS = METADATA.tables["exports"]
