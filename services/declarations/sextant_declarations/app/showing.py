"""Joins pictures and exports to where their rows come from."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from sextant_declarations.analysis.anomalies.policy import policy
from sextant_declarations.app.clearing import as_seen_by
from sextant_declarations.domain.anomalies import Anomalies
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.cases import Cases
from sextant_declarations.domain.clarifications import Clarifications
from sextant_declarations.domain.clearance import Clearance
from sextant_declarations.domain.dossiers import Dossiers
from sextant_declarations.domain.exporting.making import MakeExports
from sextant_declarations.domain.exporting.orders import Exports, Under
from sextant_declarations.domain.exporting.tables import Sources as Tabled
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.obligations import Board, Obligations
from sextant_declarations.domain.picturing.balances import BalancesByReading
from sextant_declarations.domain.picturing.pictures import Pictures
from sextant_declarations.domain.picturing.transfers import Pairs
from sextant_declarations.domain.ports import Files, Reading
from sextant_declarations.domain.relay import repeat
from sextant_declarations.domain.selecting import Selecting
from sextant_declarations.settings import DeclarationsSettings
from sextant_declarations.storage.export_files import ExportFolder
from sextant_declarations.storage.export_writing import check_format, sheets
from sextant_declarations.storage.exports import SqlExports
from sextant_declarations.storage.picturing import SqlPicturing
from sextant_declarations.storage.selecting import SqlSelecting
from sextant_declarations.storage.transfers import SqlTransfers
from sextant_shared.chassis.database import Database

Loop = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures, exports, and the loop that makes exports."""

    pictures: Pictures
    exports: Exports
    making: Loop
    anew: Callable[[], None]


@dataclass(frozen=True)
class Showing:
    """What pictures and exports stand on."""

    settings: DeclarationsSettings
    database: Database
    board: Board
    reading: Reading
    files: Files
    gate: Gate
    sources: Sources
    clarifications: Clarifications
    clearance: Clearance
    dossiers: Dossiers
    cases: Cases
    anomalies: Anomalies

    def open(self) -> Shown:
        """Return all of it."""
        return Shown(self.pictures(), *self.exports())

    def pictures(self) -> Pictures:
        """Return the pictures."""
        return Pictures(
            obligations=Obligations(self.board, self.gate),
            waiting=SqlPicturing(self.database),
            clarifications=self.clarifications,
            transfers=self._pairs.flows,
            balances=BalancesByReading(self._selecting, policy()),
            dossiers=self.dossiers,
        )

    def exports(self) -> tuple[Exports, Loop, Callable[[], None]]:
        """Return the exports, the loop that makes them, and what lets it begin again."""
        settings, wake, under = self.settings, asyncio.Event(), Under()
        folder, rows = ExportFolder.opened(settings.exports), SqlExports(self.database)
        making = MakeExports(
            rows=rows,
            files=folder,
            under=under,
            sources=Tabled(
                reading=self.reading,
                obligations=Obligations(self.board, self.gate),
                selecting=self._selecting,
                pairs=self._pairs,
                cases=self.cases,
                anomalies=self.anomalies,
                spool=folder.folder,
            ),
            open_sheet=sheets(folder),
            clock=self.sources.clock,
            life_s=settings.export_life_s,
            max_rows=settings.max_export_rows,
            seen_by=lambda reader: as_seen_by(self.clearance, reader),
        )
        exports = Exports(
            rows=rows,
            files=folder,
            under=under,
            clock=self.sources.clock,
            new_id=self.sources.new_id,
            check_format=check_format,
            wake=wake.set,
            max_open=settings.exports_open,
        )
        return exports, lambda: repeat(making, wake=wake, poll_s=settings.poll_s), making.anew

    @property
    def _pairs(self) -> Pairs:
        return Pairs(SqlTransfers(self.database), self.gate, self.settings.max_export_rows)

    @property
    def _selecting(self) -> Selecting:
        rows = SqlSelecting(self.database)
        return Selecting(rows, self.files, self.gate, self.settings.max_selected)
