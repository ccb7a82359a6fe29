"""The blind pre-match: a State asks about its own rows, and is told three words.

Neither message has a figure. Who answers, and how often: the register.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sextant_shared.models.declaration.filing import FilingRef
from sextant_shared.models.declaration.heading import StateCode
from sextant_shared.models.message_base import MessageBase, Numbered, OnceEach, RequestNumber

MAX_ROWS = 200  # of one pre-match


class PrematchRow(Numbered):
    """One row of the declaration that is asked about, by what it says: no figure."""

    chemical: Annotated[str, Field(min_length=1, max_length=200)]
    """The chemical by its CAS number, or as transfers name one without."""
    direction: Literal["export", "import"]
    """Whether the row is about what was sent, or what was received."""
    partner: StateCode
    """The other State."""


class PrematchRequest(MessageBase):
    """Asks whether rows of a registered version fit what partners declare, before the cut-off."""

    type: Literal["prematch.request"]
    request: RequestNumber
    """The State's own number of this request."""
    concerns: FilingRef
    """The declaration and the version of it that is registered."""
    rows: Annotated[list[PrematchRow], Field(min_length=1, max_length=MAX_ROWS), OnceEach]
    """The rows."""


class PrematchAnswer(Numbered):
    """What is said of the row of the same number: one of the two."""

    outcome: Literal["agrees", "differs", "partner-silent"] | None = None
    """Agrees: within the tolerance, or nobody can tell that it differs."""
    unanswered: Literal["asked-too-often", "too-late", "not-own-row"] | None = None
    """Why nothing is said; it tells nothing of the partner."""

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.outcome is None) == (self.unanswered is None):
            raise ValueError("either an outcome stands, or why there is none")
        return self


class PrematchReply(MessageBase):
    """Says of each row whether it agrees, differs, or its partner is silent; no figure."""

    type: Literal["prematch.reply"]
    request: RequestNumber
    """The State's number of the request."""
    concerns: FilingRef
    """The declaration and version that was asked about."""
    answers: Annotated[list[PrematchAnswer], Field(min_length=1, max_length=MAX_ROWS), OnceEach]
    """The answers; their numbers are those of the rows."""
