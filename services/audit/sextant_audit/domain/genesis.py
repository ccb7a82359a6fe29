"""The first entry of a log, and the one moment at which a log may begin.

Steps of beginning, each safe to repeat:

1. The signer remembers size 0 and holds its keys. If we stop here, beginning starts over.
2. The genesis entry stands at index 0. If we stop here, the next attempt finds it and goes on.
3. The signer signs the head of size 1. From here on nothing can begin again.
"""

from sextant_audit.domain.ports import Head, HeadSigner, Ledger, NewEntry, WritableRows
from sextant_shared.clock import Clock, timestamp_ms
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.entries import GenesisEntry, format_entry
from sextant_shared.protocol.checkpoints import LogKeys


def make_genesis(keys: LogKeys, clock: Clock, random: bytes) -> NewEntry:
    """Return the genesis entry of a log with these keys; `random` is 32 fresh bytes."""
    entry = GenesisEntry(
        v=1,
        type="genesis",
        id=b64u(random[:16]),
        t=timestamp_ms(clock()),
        nonce=b64u(random[16:32]),
        origin=keys.origin,
        vkeys=list(keys.vkeys),
    )
    data = format_entry(entry)
    return NewEntry(entry.id, data, leaf_hash(data))


async def begin(ledger: Ledger, signer: HeadSigner, genesis: NewEntry) -> Head:
    """Begin the log: place the genesis entry, if none stands there, and have it signed.

    Raises:
        PlatformError: `E_STATE` when the log was begun before.
    """
    if signer.size > 0:
        raise PlatformError(
            Code.STATE,
            "this log was begun already",
            received=f"a signer that signed size {signer.size}",
            fix="Serve it; a log is begun once.",
        )

    def place(rows: WritableRows) -> bytes:
        if rows.size() == 0:
            rows.add_entries(0, [genesis])
        entries = rows.entries(0, 2)
        if len(entries) != 1:
            raise PlatformError(
                Code.INTEGRITY,
                "the ledger holds more than a genesis entry, and its signer signed nothing",
                fix="Restore the signer's folder that belongs to this ledger.",
            )
        return leaf_hash(entries[0].data)

    root = await ledger.write(place)
    return signer.sign(1, root, [])
