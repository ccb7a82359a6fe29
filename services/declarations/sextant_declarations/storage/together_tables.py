"""Tables by which several processes of this service agree who does what; empty with one process.

Beside those of the register, on the same metadata (`tables`). Nothing here is evidence of anything.
"""

from sqlalchemy import Index
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from sextant_declarations.storage.growing import BIG
from sextant_declarations.storage.tables import METADATA
from sextant_shared.chassis.leading import lease_table
from sextant_shared.chassis.proofs import proofs_seen_table


class _Row(SQLModel, registry=registry(metadata=METADATA)):
    """Base of these rows."""


class PlaceRow(_Row, table=True):
    """A delivery on its way into the register: its position in our mailbox, and whose it is.

    It is `holder`'s until the server's clock says `until`; it goes when it was decided or given
    back.
    """

    __tablename__ = "places"
    __table_args__ = (Index("ix_places_sender", "sender"),)

    seq: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    sender: str
    holder: str
    until: float


LEASES = lease_table(METADATA)
PROOFS_SEEN = proofs_seen_table(METADATA)
PLACES = METADATA.tables["places"]
