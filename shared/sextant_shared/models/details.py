"""What an order to destroy the detail behind an entry says, and its answer."""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.entry_members import Sha256
from sextant_shared.models.service_entries import Authority, ShredReason
from sextant_shared.models.strict import Strict

MAX_NOTE_CHARS = 500


class ShredOrder(Strict):
    """Who orders it and why; the words go to the committed detail of the new entry alone."""

    authority: Authority
    reason: Annotated[ShredReason, Field(strict=False)]
    note: Annotated[str, Field(max_length=MAX_NOTE_CHARS)] = ""


class ShredAnswer(Strict):
    """What became of an order.

    `state` is `waiting` until `needed` persons gave the same order. `commit` is what the entry at
    `ref` says of the detail for ever. `index` and `proof` are where the entry of the destruction
    stands, null while the log owes its place.
    """

    state: Literal["waiting", "shredded"]
    ref: int
    commit: Sha256
    persons: int
    needed: int
    entry: str | None = None
    index: int | None = None
    proof: str | None = None
