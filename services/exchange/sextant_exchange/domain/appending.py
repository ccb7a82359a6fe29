"""Gives a batch of owed entries to the log, so that none is held up by another that is refused."""

from collections.abc import Sequence

from sextant_exchange.domain.ports import Log, LoggedLeaf, Trouble
from sextant_shared.errors import Code, PlatformError

Owed = tuple[bytes, str | None]
"""An entry's bytes and the trace it belongs to."""

# Refusals that are about an entry of the batch, not about the log's health.
_ABOUT_AN_ENTRY = frozenset({Code.MALFORMED, Code.TOO_LARGE, Code.DUPLICATE, Code.STATE})


async def append_apart(
    log: Log, batch: Sequence[Owed], trouble: Trouble
) -> list[LoggedLeaf | PlatformError]:
    """Return where each entry stands, or why the log refuses it; `trouble` is told of refusals.

    Raises:
        PlatformError: what is about the log and not about an entry.
    """
    if not batch:
        return []
    try:
        return list(await log.append([entry for entry, _ in batch], [t for _, t in batch]))
    except PlatformError as error:
        if error.code not in _ABOUT_AN_ENTRY:
            raise
        if len(batch) == 1:
            trouble(error)
            return [error]
    half = len(batch) // 2
    first = await append_apart(log, batch[:half], trouble)
    return [*first, *await append_apart(log, batch[half:], trouble)]
