"""The table twin of a picture: every row that it draws, as HTML and CSV.

A cell that a spreadsheet would compute is written as text, by an apostrophe in front (the advice
of OWASP's page on CSV injection); plain numbers stay numbers.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sextant_declarations.analysis.pictures.svg import escaped

Cell = str | int | Decimal | None
_COMPUTED = re.compile("[\ufeff\\s]*[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")


@dataclass(frozen=True, slots=True)
class Table:
    """What a picture says, in words and figures; None is «nothing declared»."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def csv(self) -> str:
        """Return it as CSV (RFC 4180)."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(self.columns)
        writer.writerows([csv_cell(cell) for cell in row] for row in self.rows)
        return out.getvalue()

    def html(self) -> str:
        """Return it as a table of HTML with a caption and headings by column."""
        head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in self.columns)
        rows = "\n".join(f"<tr>{_html_cells(row)}</tr>" for row in self.rows)
        return (
            f"<table>\n<caption>{escaped(self.caption)}</caption>\n"
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n"
        )


def csv_cell(value: Cell) -> str:
    """Return a cell that no spreadsheet computes."""
    if isinstance(value, str):
        return f"'{value}" if _COMPUTED.match(value) else value
    return said(value)


def said(value: Cell) -> str:
    """Return a cell as plain text; amounts without an exponent."""
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _html_cells(row: Sequence[Cell]) -> str:
    return "".join(f"<td>{escaped(said(cell))}</td>" for cell in row)
