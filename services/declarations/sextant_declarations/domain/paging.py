"""Pages of a list that grows, and the cursor that says where the next one begins."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sextant_shared.encoding import b64u, b64u_decode

_POSITION_BYTES = 8
Line = TypeVar("Line")
Fetch = Callable[[int | None, int], Awaitable[Sequence[Line]]]
"""Reads so many lines from a place on; no place is the beginning."""


async def page_of(
    fetch: Fetch[Line], place: Callable[[Line], int], *, cursor: str | None, limit: int
) -> tuple[list[Line], str | None]:
    """Return one page, and the cursor of the next one; none after the last.

    Raises:
        PlatformError: `E_MALFORMED` for a cursor that no page gave.
    """
    found = await fetch(None if cursor is None else position_of(cursor), limit + 1)
    shown = list(found[:limit])
    return shown, cursor_of(place(shown[-1])) if len(found) > limit else None


def cursor_of(position: int) -> str:
    """Return the cursor of a page that ends at this position."""
    return b64u(position.to_bytes(_POSITION_BYTES, "big"))


def position_of(cursor: str) -> int:
    """Return the position that a cursor names.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    return int.from_bytes(b64u_decode(cursor, _POSITION_BYTES), "big")
