"""How many requests may be under way at once, by class: work, uploads, and those who only wait.

An upload may take minutes on a slow line, so uploads may not fill all places. Who waits for news
does no work and holds none; a room bounds those itself, by what a waiting caller costs in memory.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from starlette.requests import Request

from sextant_shared.errors import Code, PlatformError

RETRY_AFTER_S = 1


class Places:
    """The places of one service; they belong to the event loop, so that counting needs no lock."""

    def __init__(self, total: int, uploads: int) -> None:
        self._total = total
        self._free = total
        self._uploads = uploads

    @property
    def is_full(self) -> bool:
        """Whether nobody else is let in."""
        return self._free <= 0

    @property
    def in_use(self) -> int:
        """How many are taken."""
        return self._total - self._free

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold one place."""
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    @contextmanager
    def upload(self) -> Iterator[None]:
        """Hold one of the places for uploads, besides the place that is held already.

        Raises:
            PlatformError: `E_UNAVAILABLE`, before anything of the body is read.
        """
        if self._uploads <= 0:
            raise PlatformError(
                Code.UNAVAILABLE, "too many uploads at once", retry_after_s=RETRY_AFTER_S
            )
        self._uploads -= 1
        try:
            yield
        finally:
            self._uploads += 1

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Give the held place away while its holder only waits.

        Whoever wakes goes on at once: there may be more at work for a moment than places.
        """
        self._free += 1
        try:
            yield
        finally:
            self._free -= 1


def places_of(request: Request) -> Places:
    """Return the places of the service that a request came to."""
    places: Places = request.app.state.places
    return places


def resting(request: Request, *, waits: bool) -> AbstractContextManager[None]:
    """Return a block in which a request that waits for news holds no place."""
    return places_of(request).lent() if waits else nullcontext()
