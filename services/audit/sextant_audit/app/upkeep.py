"""What the log does beside its work: it scrubs itself, and lays itself out as files.

Responsible for the tasks, and for telling what they find: log lines and notes of `/readyz`. None
of them stops an append.
"""

import asyncio
from dataclasses import dataclass

import structlog

from sextant_audit.app.opening import OpenLog
from sextant_audit.domain.scrubbing import Scrubber, ScrubFault
from sextant_audit.domain.static_tiles import StaticTiles
from sextant_audit.settings import AuditSettings
from sextant_audit.storage.ledger import SqlLedger
from sextant_audit.storage.tile_files import TileFolder
from sextant_shared.clock import Clock, monotonic
from sextant_shared.errors import PlatformError

_log = structlog.get_logger("sextant.audit")


@dataclass(frozen=True)
class Upkeep:
    """The scrubber and the static tiles of one open log; either may be turned off."""

    scrubber: Scrubber | None
    tiles: StaticTiles | None

    @classmethod
    def of(cls, log: OpenLog, settings: AuditSettings, clock: Clock) -> "Upkeep":
        """Return the upkeep of a log; what its scrubber finds is given out no more."""
        scrubber = tiles = None
        if settings.scrub_entries_per_s:
            scrubber = Scrubber(
                SqlLedger(log.database),
                lambda: log.publisher.head,
                entries_per_s=settings.scrub_entries_per_s,
                pause_s=settings.scrub_pause_s,
                clock=clock,
                on_fault=_tell_fault,
            )
            log.reading.guarded_by(scrubber)
        if settings.tiles_dir:
            tiles = StaticTiles(
                log.reading,
                lambda: log.publisher.head,
                TileFolder(settings.tiles_dir, entries_public=settings.entries_public),
                log.signer.keys,
                interval_s=settings.publish_interval_s,
                grace_s=settings.tiles_grace_s,
                clock=monotonic,
                on_fault=_tell_late,
            )
        return cls(scrubber, tiles)

    def start(self) -> list[asyncio.Task[None]]:
        """Start what is turned on; the caller cancels it."""
        running = [each.run() for each in (self.scrubber, self.tiles) if each is not None]
        return [asyncio.create_task(each) for each in running]

    def scrubbed(self) -> int:
        """Return the index through which all entries were last found as they were, 0 for none."""
        return self.scrubber.scrubbed() if self.scrubber else 0

    def notes(self) -> dict[str, str]:
        """Return one line for each: `ok`, or what an operator must mend while the log goes on."""
        notes: dict[str, str] = {}
        if self.scrubber:
            notes["scrub"] = self.scrubber.state.word
        if self.tiles:
            fault = self.tiles.state.fault
            notes["tiles"] = f"{fault.code}: {fault.detail}" if fault else "ok"
        return notes


def _tell_fault(fault: ScrubFault) -> None:
    _log.critical(
        "a part of the log is not what it was; it goes on, and gives that part out no more",
        place=fault.place,
        detail=fault.detail,
        fix="Run `python -m sextant_audit verify`, compare with a mirror, restore the ledger.",
    )


def _tell_late(error: PlatformError) -> None:
    _log.error("static tiles", code=str(error.code), detail=error.detail, fix=error.fix)
