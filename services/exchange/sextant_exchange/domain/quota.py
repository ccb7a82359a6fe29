"""How much room the exchange keeps for what it holds already (envelope §2.7 step 2)."""

from collections.abc import Callable

from sextant_shared.errors import Code, PlatformError


class Room:
    """Refuses new containers before the disk is full: what is held must still be finished."""

    def __init__(self, free_bytes: Callable[[], int], reserve_bytes: int) -> None:
        self._free_bytes = free_bytes
        self._reserve_bytes = reserve_bytes

    def left(self) -> int:
        """Return how many bytes containers may still take; negative inside the reserve."""
        return self._free_bytes() - self._reserve_bytes

    def check(self, size: int = 0) -> None:
        """Return when a container of `size` bytes leaves the reserve untouched.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        if self.left() < size:
            raise PlatformError(
                Code.UNAVAILABLE,
                "there is no room for more envelopes now",
                fix="Repeat the same bytes later; the operator has to make room.",
                retry_after_s=60,
            )
