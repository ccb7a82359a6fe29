"""What a party says of its own envelopes afterwards: the note, and how it is handed out.

Shapes only; `sextant_shared.protocol.statements` decides what is valid.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sextant_shared.models.entries import EnvelopeId, Sha256
from sextant_shared.models.party import Instant, PartyId
from sextant_shared.models.strict import Strict, Version1

STATEMENT_TYP = "dxe-repudiation+json"
MAX_STATEMENT_BYTES = 32_768  # a small payload and the larger pair of signatures, in base64url


class Says(StrEnum):
    """The party's word on an envelope that bears its signature."""

    REPUDIATED = "repudiated"
    AFFIRMED = "affirmed"


class Statement(Strict):
    """The payload: the envelope by id and digest of its manifest, the word, the reason."""

    v: Version1
    party: PartyId
    t: Instant
    env: EnvelopeId
    man: Sha256
    says: Annotated[Says, Field(strict=False)]
    reason: Annotated[str, Field(max_length=200)]


class LoggedStatement(Strict):
    """A statement as the exchange hands it out: JWS text, log entry and tlog-proof."""

    statement: Annotated[str, Field(max_length=MAX_STATEMENT_BYTES)]
    entry: str
    proof: str


class StatementList(Strict):
    """All statements on one envelope, oldest first."""

    statements: list[LoggedStatement]


class StatementRequest(Strict):
    """Body of `POST /v1/envelopes/{sender}/{id}/statements`."""

    statement: Annotated[str, Field(max_length=MAX_STATEMENT_BYTES)]
