"""Clocks that jump while a service runs: libfaketime, which leaves the monotonic clock alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.scenario.sending import AGAIN
from sextant_shared.errors import Code
from tests.faults.grounds import Grounds
from tests.faults.leg import Fault, Leg
from tests.faults.machinery import CannotRunError
from tests.support.vectors import ROOT

LIBRARY = ROOT / "var" / "faults" / "libfaketime" / "vendor" / "libfaketime" / "src"


def jumping(seconds: int) -> Fault:
    """Return the fault that sets the exchange's clock forward or back, and right again."""

    @contextmanager
    def fault(grounds: Grounds) -> Iterator[None]:
        library = LIBRARY / "libfaketime.so.1"
        if not library.exists():
            raise CannotRunError("no libfaketime: requirements/faults.txt could not be fetched")
        file, exchange = grounds.scratch / "faketime", grounds.process("exchange")
        _set(file, 0)
        exchange.stop()
        exchange.extra = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",  # it reads the file so often, and not at each look
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        try:
            grounds.stack.start("exchange")
            _set(file, seconds)
            yield
            _set(file, 0)
        finally:
            exchange.extra = {}

    return fault


def plain_again(grounds: Grounds) -> str:
    """Run the exchange without the library again."""
    grounds.process("exchange").stop()
    grounds.stack.start("exchange")
    return ""


def _set(file: Path, seconds: int) -> None:
    """Write the offset; at once, or it would be read half written."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{seconds:+d}")
    fresh.rename(file)


# A proof of possession is fresh for seconds, so a server whose clock is wrong refuses all of them.
CLOCK = (*AGAIN, Code.AUTH)
LEGS = (
    Leg(
        name="clock-forward",
        does="the exchange's clock jumps 10 minutes forward for 6 s, and back",
        fault=jumping(600),
        holds_s=6.0,
        check=plain_again,
        again=CLOCK,
    ),
    Leg(
        name="clock-back",
        does="the exchange's clock jumps 10 minutes back for 6 s, and forward again",
        fault=jumping(-600),
        holds_s=6.0,
        check=plain_again,
        again=CLOCK,
    ),
)
