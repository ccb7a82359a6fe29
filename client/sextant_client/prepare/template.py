"""An empty file of a kind, to be filled in by people.

The heading holds what the client knows; lists have no row yet. Not responsible for what stands in
the cells: that is the layout's business.
"""

from pathlib import Path
from typing import Any

from sextant_client.prepare.csvfile import write_csv
from sextant_client.prepare.new import Beginning, new_document
from sextant_client.prepare.workbook_writing import write_workbook
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import Kind

FORMATS = (".xlsx", ".csv")


def write_template(path: Path, kind: Kind, begin: Beginning) -> None:
    """Write an empty declaration of a kind as a workbook or CSV.

    Raises:
        PlatformError: `E_MALFORMED`, when no template has this ending.
    """
    document = _without_rows(new_document(kind, begin))
    document |= {name: value for name, value in begin.heading.items() if isinstance(value, list)}
    if path.suffix.lower() == ".xlsx":
        write_workbook(path, document, frozenset())
    elif path.suffix.lower() == ".csv":
        write_csv(path, document, hints=True)
    else:
        raise PlatformError(
            Code.MALFORMED,
            "templates are written in no such format",
            expected=", ".join(FORMATS),
            received=path.name[-80:],
            fix="Name a file with one of these endings.",
        )


def _without_rows(value: Any) -> Any:
    """Return a document whose lists are empty: a row of blanks would say that there is one."""
    if isinstance(value, dict):
        return {name: _without_rows(inner) for name, inner in value.items()}
    return [] if isinstance(value, list) else value
