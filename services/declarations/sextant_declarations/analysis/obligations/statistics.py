"""Counts of obligations by kind, year and status, made fit to be published.

A small count can tell of one State. So of each kind's table (years by status, with totals) every
count from 1 to below the policy's smallest is withheld, and as many others as it takes that no sum
or difference of what is published narrows a withheld count down. Every answer is taken from the one
table so made, whatever is asked for: two questions never show more than the table.

How far a withheld count is narrowed down is reckoned exactly. Cells and totals of such a table are
the flows of a network; the least and the most that a withheld one can be are maximum flows.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sextant_declarations.analysis.obligations.standing import Status

TOTAL = "total"
Cell = tuple[str, str]  # row and column; a total has TOTAL
Arc = tuple[str, str]
COLUMNS = tuple(str(status) for status in Status)


@dataclass(frozen=True, slots=True)
class Table:
    """One kind: each year and status, and the totals, with its count; None is withheld."""

    kind: str
    cells: Mapping[Cell, int | None]

    @property
    def years(self) -> list[str]:
        """The rows, the totals last."""
        return sorted({row for row, _ in self.cells})


def counted(found: Iterable[tuple[int, Status]]) -> dict[Cell, int]:
    """Return the counts of one kind with all totals; a status that no obligation has is zero."""
    cells: dict[Cell, int] = defaultdict(int)
    for year, status in found:
        for row in (str(year), TOTAL):
            for column in (str(status), TOTAL):
                cells[row, column] += 1
    rows = {TOTAL, *(row for row, _ in cells)}
    return {(row, column): cells[row, column] for row in rows for column in (*COLUMNS, TOTAL)}


def protected(kind: str, cells: Mapping[Cell, int], smallest: int) -> Table:
    """Return the table with every small count withheld, and what would give it away."""
    withheld = {cell for cell, count in cells.items() if 0 < count < smallest}
    while open_ := exposed(cells, withheld, smallest):
        more = next((c for cell in open_ if (c := _partner(cells, withheld, cell))), None)
        if more is None:  # nothing is left that would help: the whole table is
            withheld = {cell for cell, count in cells.items() if count}
            break
        withheld.add(more)
    return Table(kind, {cell: None if cell in withheld else n for cell, n in cells.items()})


def exposed(cells: Mapping[Cell, int], withheld: set[Cell], smallest: int) -> list[Cell]:
    """Return the small counts of which what is published shows that they are small.

    One is safe when it could as well be `smallest` or more. This is the check of a release: it
    knows the counts, and reckons what a reader who does not can conclude.
    """
    small = sorted(cell for cell in withheld if 0 < cells[cell] < smallest)
    return [
        cell for cell in small if cells[cell] + _room(cells, withheld, cell, smallest) < smallest
    ]


def _partner(cells: Mapping[Cell, int], withheld: set[Cell], cell: Cell) -> Cell | None:
    """Return what to withhold beside a cell: the smallest count of its row or column."""
    row, column = cell
    near = [c for c in cells if (c[0] == row) != (c[1] == column) and c not in withheld]
    inner = [c for c in near if cells[c]] or [c for c in cells if cells[c] and c not in withheld]
    return min(inner, key=lambda c: (TOTAL in c, cells[c], c), default=None)


def _room(cells: Mapping[Cell, int], withheld: set[Cell], cell: Cell, enough: int) -> int:
    """Return by how much a withheld count could be more than it is, up to `enough`."""
    residual: dict[Arc, int] = defaultdict(int)
    for other in withheld - {cell}:
        tail, head = _arc(other)
        residual[tail, head] += enough
        residual[head, tail] += cells[other]
    tail, head = _arc(cell)
    return _max_flow(residual, head, tail, enough)


def _arc(cell: Cell) -> Arc:
    """Return a cell as an arc: sums hold when what flows into each row and column flows out."""
    row, column = f"r {cell[0]}", f"c {cell[1]}"
    return (column, row) if (cell[0] == TOTAL) != (cell[1] == TOTAL) else (row, column)


def _max_flow(residual: dict[Arc, int], source: str, sink: str, enough: int) -> int:
    near: dict[str, set[str]] = defaultdict(set)
    for tail, head in list(residual):
        near[tail].add(head)
        near[head].add(tail)
    flow = 0
    while flow < enough and (path := _path(residual, near, source, sink)):
        least = min(enough - flow, *(residual[arc] for arc in path))
        for tail, head in path:
            residual[tail, head] -= least
            residual[head, tail] += least
        flow += least
    return flow


def _path(
    residual: Mapping[Arc, int], near: Mapping[str, set[str]], source: str, sink: str
) -> list[Arc]:
    came: dict[str, str] = {source: source}
    waiting = deque([source])
    while waiting and sink not in came:
        at = waiting.popleft()
        for to in sorted(near[at]):
            if to not in came and residual[at, to] > 0:
                came[to] = at
                waiting.append(to)
    path: list[Arc] = []
    node = sink if sink in came else source
    while node != source:
        path.append((came[node], node))
        node = came[node]
    return path
