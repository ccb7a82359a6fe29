"""Reads the entries of an append request strictly, before anything is placed."""

from collections.abc import Sequence

from sextant_audit.domain.ports import NewEntry
from sextant_shared.encoding import b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.entries import GenesisEntry, parse_entry


def read_entries(encoded: Sequence[str]) -> list[NewEntry]:
    """Return the entries of a request, in order.

    Raises:
        PlatformError: `E_MALFORMED` or `E_TOO_LARGE` for an entry that is not one; `E_STATE` for
            a second genesis.
    """
    return [_read(text) for text in encoded]


def _read(text: str) -> NewEntry:
    data = b64u_decode(text)
    entry = parse_entry(data)
    if isinstance(entry, GenesisEntry):
        raise PlatformError(Code.STATE, "a log has one genesis entry, and it stands at index 0")
    return NewEntry(entry.id, data, leaf_hash(data))
