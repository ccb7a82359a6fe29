"""`python -m sextant_audit refill FOLDER`: fills a ledger from a copy of the log in a folder."""

from pathlib import Path

from sextant_audit.app.ledgers import open_ledger, require_ledger
from sextant_audit.app.signing import read_identity
from sextant_audit.domain.refilling import Refilled, refill
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.ledger import LoneLedger, SqlLedger
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.tiles import TILE_WIDTH, Tile, parse_bundle
from sextant_shared.protocol.checkpoints import verify_checkpoint


async def refill_ledger(settings: AuditSettings, folder: Path) -> Refilled:
    """Add to the ledger, while nothing serves it, what a copy has beyond its end.

    Raises:
        PlatformError: `E_STATE` when the folder is no copy with entries or the ledger lacks
            nothing, `E_KEY` or `E_SIGNATURE` for a head of another log, `E_INTEGRITY` when copy
            and ledger are not one history, `E_UNAVAILABLE` while the log is served.
    """
    await require_ledger(settings)
    keys, _ = read_identity(settings)
    head = verify_checkpoint(_read(folder / "checkpoint").decode("utf-8", "replace"), keys)
    size = await LoneLedger(settings.place).read(lambda rows: rows.size())
    entries = [
        data
        for number in range(size // TILE_WIDTH, -(-head.size // TILE_WIDTH))
        for data in _bundle(folder, number, head.size, skip=max(0, size - number * TILE_WIDTH))
    ]
    database = open_ledger(settings.place)
    try:
        return await refill(SqlLedger(database), entries, head)
    finally:
        database.close()


def _bundle(folder: Path, number: int, size: int, skip: int) -> list[bytes]:
    """Return the entries of one bundle under a head, without the first `skip`."""
    width = min(TILE_WIDTH, size - number * TILE_WIDTH)
    for wide in range(width, TILE_WIDTH + 1):  # a copy may be ahead of its head
        path = folder / "tile" / Tile(None, number, wide).path
        if path.is_file():
            return parse_bundle(path.read_bytes())[skip:width]
    return parse_bundle(_read(folder / "tile" / Tile(None, number, width).path))[skip:width]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PlatformError(
            Code.STATE,
            f"the copy of the log lacks {path}",
            fix="Name the folder of `sextant log mirror` or TILES_DIR, with its entries.",
        ) from error
