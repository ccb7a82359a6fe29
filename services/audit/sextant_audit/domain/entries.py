"""Reads the entries of an append request strictly, before anything is placed.

Who may append at all is decided by the table of actions; which types each service may append is
decided here, by the writer that the type names.
"""

from collections.abc import Mapping, Sequence

from sextant_audit.domain.ports import NewEntry
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.entries import GenesisEntry, parse_entry, writer_of
from sextant_shared.protocol.access import Role

WRITERS: Mapping[Role, str] = {Role.EXCHANGE: "exchange", Role.SECRETARIAT: "declarations"}
"""The service that a client of a role is; others write no entries."""


def read_entries(encoded: Sequence[str], role: Role) -> list[NewEntry]:
    """Return the entries of a request by a client of `role`, in order.

    Raises:
        PlatformError: `E_MALFORMED` or `E_TOO_LARGE` for an entry that is not one; `E_STATE` for
            a second genesis; `E_FORBIDDEN` for an entry that another service writes.
    """
    writer = WRITERS.get(role, "")
    return [_read(text, writer) for text in encoded]


def _read(text: str, writer: str) -> NewEntry:
    data = b64u_decode(text)
    entry = parse_entry(data)
    if isinstance(entry, GenesisEntry):
        raise PlatformError(Code.STATE, "a log has one genesis entry, and it stands at index 0")
    if writer_of(entry) != writer:
        raise PlatformError(
            Code.FORBIDDEN,
            f"entries of type {entry.type} are written by another service; nothing was added",
            expected=writer_of(entry),
            received=writer or "no service",
        )
    return NewEntry(entry.id, data, leaf_hash(data))
