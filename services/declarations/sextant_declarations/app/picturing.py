"""Joins the pictures to where their rows come from."""

from sextant_declarations.analysis.anomalies.policy import policy
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.obligations import Board, Obligations
from sextant_declarations.domain.picturing.balances import BalancesByReading
from sextant_declarations.domain.picturing.dossiers import DossiersByReading
from sextant_declarations.domain.picturing.pictures import Pictures
from sextant_declarations.domain.picturing.transfers import TransfersByReading
from sextant_declarations.domain.ports import Files
from sextant_declarations.domain.selecting import Selecting
from sextant_declarations.storage.picturing import SqlPicturing
from sextant_declarations.storage.selecting import SqlSelecting
from sextant_shared.chassis.database import Database


def pictures_of(
    database: Database, board: Board, files: Files, gate: Gate, max_selected: int
) -> Pictures:
    """Return the pictures over this room's database and vault."""
    rows = SqlPicturing(database)
    selecting = Selecting(SqlSelecting(database), files, gate, max_selected)
    return Pictures(
        obligations=Obligations(board, gate),
        waiting=rows,
        clarifications=rows,
        transfers=TransfersByReading(selecting),
        balances=BalancesByReading(selecting, policy()),
        dossiers=DossiersByReading(rows, selecting),
    )
