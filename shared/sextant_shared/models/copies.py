"""What an operator reports of a backup or a restore, and the answer."""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.details import MAX_NOTE_CHARS
from sextant_shared.models.entry_members import Index, Sha256
from sextant_shared.models.service_entries import ServiceName
from sextant_shared.models.strict import Strict


class CopyReport(Strict):
    """A backup that was made, or from which a service was restored.

    `size` is the size of the log that it covers: of the newest checkpoint the service held.
    `digest` is SHA-256 of the backup, if it is one file; it and `note` are committed, not shown.
    """

    act: Literal["backup", "restore"]
    of: ServiceName
    size: Index
    digest: Sha256 | None = None
    note: Annotated[str, Field(max_length=MAX_NOTE_CHARS)] = ""


class CopyAnswer(Strict):
    """The entry as it stands in the log, its proof, and what opens its commitment."""

    entry: str
    index: int
    proof: str
    detail: str
    salt: str
