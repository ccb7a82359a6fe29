"""Turns at the party registry: which version of it a transaction goes by.

Who holds an envelope keeps the registry as it is until its commit, together with all others who
hold; who puts a document in force waits for them. So no envelope is held by keys of before a
document that is in force already, however many processes there are.
"""

from sqlalchemy import Connection, func, select

from sextant_exchange.domain.registration import NONE
from sextant_exchange.storage.tables import PartyRow
from sextant_shared.chassis.sharing import take_turns

_P = PartyRow.__table__  # type: ignore[attr-defined]
_NEWEST = select(func.coalesce(func.max(_P.c.log_index), NONE))
_TURN = ("registry",)


def newest(connection: Connection) -> int:
    """Return where the newest document in force stands in the log, as of now."""
    index: int = connection.execute(_NEWEST).scalar_one()
    return index


def newest_in_force(connection: Connection) -> int:
    """Return where the newest document in force stands in the log, and keep it the newest."""
    take_turns(connection, _TURN, together=True)
    return newest(connection)


def newest_to_change(connection: Connection) -> int:
    """Return the same, for whoever adds a document or puts one in force: alone until the commit."""
    take_turns(connection, _TURN)
    return newest(connection)
