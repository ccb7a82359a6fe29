"""Pages of a list that grows, and the cursor that says where the next one begins."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import Code, PlatformError

_POSITION_BYTES = 8
_MAX_POSITION = 2**63 - 1  # of a row: no database takes more, or compares with it
_NUMBER = re.compile(r"-?[0-9]{1,18}")  # below that
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
    position = int.from_bytes(b64u_decode(cursor, _POSITION_BYTES), "big")
    if position > _MAX_POSITION:
        raise not_given()
    return position


def number_in(part: str) -> int:
    """Return the number that a part of a cursor names.

    Raises:
        PlatformError: `E_MALFORMED` for what is none that a row can have.
    """
    if not _NUMBER.fullmatch(part):
        raise not_given()
    return int(part)


def not_given() -> PlatformError:
    """Return the refusal of a cursor that was made up."""
    return PlatformError(
        Code.MALFORMED, "no page gave this cursor", fix="Take `next` of the page before."
    )
