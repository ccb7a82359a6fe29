"""Holds every container against its signed head, and declarations against the exchange.

A container describes itself: the digest of its head stands in the row, that of its body in the
head. So it is judged without a key, and without a digest of ours beside it.
"""

import io
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from sextant_client.recovery.databases import Database
from sextant_client.recovery.honouring import Findings, Missing
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.manifest import read_manifest
from sextant_shared.protocol.message_types import DEFAULT_SECRETARIAT

READ_COLUMNS = {
    "envelope": {"number", "id", "sender", "manifest", "blob", "erased", "log_index"},
    "content": {"number", "data"},
    "delivery": {"number", "party", "state"},
}
READ_OF_DECLARATIONS = {
    "inbox": {"id", "sender", "envelope_id", "manifest_digest", "custody_index"}
}
_PAGE = 200
_BLOCK = 1 << 20
_STORED = (
    "SELECT e.number, e.id, e.log_index, e.manifest, e.blob, c.data FROM envelope AS e"
    " LEFT JOIN content AS c ON c.number = e.number"
    " WHERE e.number > ? AND e.erased IS NULL AND e.log_index IS NOT NULL"
    " ORDER BY e.number LIMIT ?"
)
# What another party holds is not ours to miss: only the Secretariat's own mailbox counts.
_DELIVERED = (
    "SELECT e.number, e.sender, e.id, e.log_index FROM delivery AS d"
    " JOIN envelope AS e ON e.number = d.number"
    " WHERE d.party = ? AND d.state = 'acknowledged'"
    " AND e.number > ? ORDER BY e.number LIMIT ?"
)
_IS_TAKEN_IN = "SELECT id FROM inbox WHERE sender = ? AND envelope_id = ?"
_IS_KEPT = "SELECT number FROM envelope WHERE sender = ? AND id = ? AND erased IS NULL"
_TAKEN_IN = (
    "SELECT id, sender, envelope_id, manifest_digest, custody_index FROM inbox"
    " WHERE id > ? ORDER BY id LIMIT ?"
)


def check_containers(found: Findings, exchange: Database, blobs: Path | None) -> None:
    """Add the containers of the exchange of which a byte is not as it was signed."""
    found.containers = 0
    told = {each.envelope for each in found.missing}
    for _, id_, index, digest, blob, data in _pages(exchange, _STORED):
        if blob is not None and (blobs is None or id_ in told):
            continue  # in an object store, or its file is gone and that is told
        try:
            with _opened(blobs, blob, data) as file:
                _require_whole(file, bytes(digest))
        except (PlatformError, OSError) as error:
            why = f"the container that the exchange has is damaged: {error}"
            found.missing.append(Missing(id_, index, why))
        else:
            found.containers += 1


def check_declarations(
    found: Findings,
    declarations: Database,
    exchange: Database,
    vault: Path | None,
    *,
    every_byte: bool = False,
) -> None:
    """Add what declarations acknowledged to the exchange and has no more: rows, then files.

    A file that the exchange still has can be fetched again; only what it erased is lost.
    """
    for _, sender, id_, index in _pages(exchange, _DELIVERED, DEFAULT_SECRETARIAT):
        if not declarations.rows(_IS_TAKEN_IN, sender, id_):
            why = "the exchange has it as delivered, declarations lost it"
            found.missing.append(Missing(id_, index, why))
    if vault is None:
        return
    for _, sender, id_, digest, index in _pages(declarations, _TAKEN_IN):
        name = bytes(digest).hex()
        try:
            with (vault / name[:2] / f"{name}.dxe").open("rb") as file:
                if every_byte:
                    _require_whole(file, bytes(digest))
        except (PlatformError, OSError):
            if exchange.rows(_IS_KEPT, sender, id_):
                found.owed_files.append(id_)
            else:
                why = "declarations lost the file of its container, the exchange has erased it"
                found.missing.append(Missing(id_, index, why))


def _pages(database: Database, query: str, *values: str) -> Iterator[Any]:
    last = -1
    while rows := database.rows(query, *values, last, _PAGE):
        yield from rows
        last = int(rows[-1][0])


def _opened(blobs: Path | None, blob: str | None, data: bytes | None) -> IO[bytes]:
    if blobs is not None and blob is not None:
        return (blobs / blob).open("rb")
    return io.BytesIO(data or b"")


def _require_whole(file: IO[bytes], digest: bytes) -> None:
    manifest = read_manifest(file)
    if manifest.digest != digest:
        raise PlatformError(Code.INTEGRITY, "its head is another one")
    body, size = sha256(), 0
    while block := file.read(_BLOCK):
        body.update(block)
        size += len(block)
    if (size, body.digest()) != (manifest.body_len, manifest.body_sha256):
        raise PlatformError(Code.INTEGRITY, "its body is another one")
