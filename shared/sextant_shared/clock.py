"""Time and chance: the one place that reads the system's clock and random source.

Everything else takes a `Clock` (unix seconds) or an id, so that tests can hold time still.
"""

import datetime as dt
import os
import re
import time
from collections.abc import Callable
from functools import lru_cache

from sextant_shared.errors import Code, PlatformError

Clock = Callable[[], float]
# `fromisoformat` alone would take week dates, commas and lone hours as well.
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", re.ASCII)


def system_clock() -> float:
    """Return unix seconds by the system's clock."""
    return time.time()


def monotonic() -> float:
    """Return seconds that never go back, for time-outs and rates."""
    return time.monotonic()


def random_bytes(size: int) -> bytes:
    """Return `size` bytes fit for keys and nonces."""
    return os.urandom(size)


def uuid7(clock: Clock) -> str:
    """Return a new UUIDv7 (RFC 9562 §5.7), lower case: 48 bits of milliseconds, 74 random bits."""
    milliseconds = int(clock() * 1000)
    value = (milliseconds << 80) | int.from_bytes(random_bytes(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def timestamp_s(seconds: float) -> str:
    """Return `YYYY-MM-DDTHH:MM:SSZ`."""
    return _second(int(seconds))


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    """Write a second out; under load the same one is asked for a thousand times."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def timestamp_ms(seconds: float) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    # Rounded, not cut: 0.443 as a float lies below itself, and a receipt's time must read back.
    milliseconds = round(seconds * 1000)
    return f"{timestamp_s(milliseconds // 1000)[:-1]}.{milliseconds % 1000:03d}Z"


def parse_timestamp(text: str) -> float:
    """Return unix seconds of a time in UTC, to the second or the millisecond.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    if _UTC.fullmatch(text) is None:
        raise _not_utc(text)
    try:
        return dt.datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise _not_utc(text) from error


def _not_utc(text: str) -> PlatformError:
    return PlatformError(
        Code.MALFORMED, "not a time in UTC", expected="YYYY-MM-DDTHH:MM:SSZ", received=text[:40]
    )
