"""The tables of accesses to declared content, and of the sites that contents declare.

Beside those of the register, on the same metadata (`tables`). What was given to whom is never
changed: triggers refuse it. Only delivering fills in where the entry stands, and destroying a
detail blanks what repeats it.
"""

from sqlalchemy import Index
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.growing import BIG, partial
from sextant_declarations.storage.tables import METADATA


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class AccessRow(_Row, table=True):
    """An access or a refusal, owed to the log until `log_index` and `proof` are filled in.

    The columns find it; what it says is the detail that its entry commits to, in the sidecar. Once
    that is destroyed, `client`, `role`, `purpose` and `gives` are blank.
    """

    __tablename__ = "accesses"
    __table_args__ = (
        Index("ix_accesses_due", "again_at", **partial("log_index IS NULL")),
        Index(
            "ix_accesses_unlogged",
            "id",
            **partial("log_index IS NULL AND role <> 'service'"),
        ),
        Index("ix_accesses_log_index", "log_index"),
        Index("ix_accesses_client", "client"),
        Index("ix_accesses_t", "t"),
    )

    id: int | None = Field(default=None, primary_key=True)
    t: str
    type: str
    client: str
    role: str
    purpose: str
    gives: str
    leaf: bytes
    traceparent: str | None
    attempts: int = 0
    again_at: float = 0.0
    last_error: str | None = None
    log_index: int | None = Field(default=None, sa_type=BIG)
    proof: str | None = None


class AccessDetailRow(_Row, table=True):
    """Details of before the sidecar, in the open: moved into it at a start, and none are added."""

    __tablename__ = "access_details"

    access: int = Field(primary_key=True, foreign_key="accesses.id")
    detail: bytes
    salt: bytes


class AccessItemRow(_Row, table=True):
    """One envelope that an access is about; `inbox` is null for a message of ours."""

    __tablename__ = "access_items"
    __table_args__ = (
        Index("ix_access_items_inbox", "inbox"),
        Index("ix_access_items_declaration", "declaration"),
        Index("ix_access_items_sender_envelope", "sender", "envelope_id"),
    )

    access: int = Field(primary_key=True, foreign_key="accesses.id")
    position: int = Field(primary_key=True)
    inbox: int | None = Field(foreign_key="inbox.id")
    sender: str
    envelope_id: str
    declaration: str | None


class ContentSiteRow(_Row, table=True):
    """A plant site or facility that a content declares, by its State's code."""

    __tablename__ = "content_sites"
    __table_args__ = (Index("ix_content_sites_site", "site"),)

    inbox: int = Field(primary_key=True, foreign_key="inbox.id")
    site: str = Field(primary_key=True)


ACCESSES = METADATA.tables["accesses"]
ACCESS_DETAILS = METADATA.tables["access_details"]
ACCESS_ITEMS = METADATA.tables["access_items"]
CONTENT_SITES = METADATA.tables["content_sites"]
