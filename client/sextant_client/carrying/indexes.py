"""What stands in the indexes of the two files of the air-gap path, and how much there may be.

Responsible for the shapes; `stick` reads and writes the files.
"""

from typing import Annotated, Literal

from pydantic import Field

from sextant_shared.models.entries import Index
from sextant_shared.models.envelope import EnvelopeId, PartyId, Sha256
from sextant_shared.models.strict import Strict, Version1

MAX_MEMBERS = 16_384  # 2,000 deliveries with three files each, what proves them, what is told
MAX_DELIVERIES = 2000
MAX_ENVELOPES = 2000
MAX_FOLLOWED = 500
MAX_STORIES = MAX_DELIVERIES + MAX_ENVELOPES + MAX_FOLLOWED
MAX_PARTIES = 64
MAX_MEMBER_BYTES = 128 << 20  # a container of the largest envelope
_HEX = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_NAME = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{0,99}$")]
Text = Annotated[str, Field(max_length=2000)]


class Member(Strict):
    """Size in bytes and SHA-256 in hexadecimal digits of one member."""

    size: Annotated[int, Field(ge=0, le=MAX_MEMBER_BYTES)]
    sha256: _HEX


class AnyIndex(Strict):
    """What both indexes have: whose, made when (UTC), and every member by its name."""

    v: Version1
    party: PartyId
    made: str
    members: Annotated[dict[_NAME, Member], Field(max_length=MAX_MEMBERS)]


class CarriedEnvelope(Strict):
    """One sealed envelope on its way to the exchange; `manifest` is the digest of its manifest."""

    id: EnvelopeId
    manifest: Sha256
    created: str
    container: _NAME


class CarriedRecall(Strict):
    """A signed statement that recalls an envelope of the party."""

    id: EnvelopeId
    statement: _NAME


class CarriedStatement(Strict):
    """A signed statement of the party on an envelope that bears its name."""

    id: EnvelopeId
    statement: _NAME


class Followed(Strict):
    """An envelope of which the home wants to know what became of it.

    `receipt` is the size of the log in its custody receipt, where no witnessed head lies beside it.
    """

    sender: PartyId
    id: EnvelopeId
    receipt: Index | None = None


class StickIndex(AnyIndex):
    """What goes out: envelopes, what is said of them, where the home stands: the rest is brought.

    `collected` says how far the mailbox is collected, `checkpoint` is the newest head the home
    verified; `parties` are those whose documents it seals to. `follow` are envelopes of earlier
    trips; `witness` says that the home has a policy, so that witnessed heads are worth bringing.
    `records` are envelopes under the party's name of which the custody receipts are wanted.
    """

    kind: Literal["sextant-stick"]
    collected: Annotated[int, Field(ge=0)]
    checkpoint: Annotated[str, Field(max_length=65_536)] | None
    parties: Annotated[list[PartyId], Field(max_length=MAX_PARTIES)]
    envelopes: Annotated[list[CarriedEnvelope], Field(max_length=MAX_ENVELOPES)]
    recalls: Annotated[list[CarriedRecall], Field(max_length=MAX_ENVELOPES, default_factory=list)]
    statements: Annotated[
        list[CarriedStatement], Field(max_length=MAX_ENVELOPES, default_factory=list)
    ]
    records: Annotated[list[EnvelopeId], Field(max_length=MAX_FOLLOWED, default_factory=list)]
    follow: Annotated[list[Followed], Field(max_length=MAX_FOLLOWED, default_factory=list)]
    witness: bool = False


class Delivered(Strict):
    """An envelope that the exchange accepted, and the member with its custody receipt."""

    id: EnvelopeId
    custody: _NAME


class Refused(Strict):
    """An envelope that was not accepted, and why; `receipt` proves that, where the log says so."""

    id: EnvelopeId
    code: Text
    detail: Text
    fix: Text
    receipt: _NAME | None = None


class CarriedRecalled(Strict):
    """A recall that was made, and the member that proves it; None while the log owes that."""

    id: EnvelopeId
    receipt: _NAME | None


class CarriedSaid(Strict):
    """A statement that stands in the log, and the member that proves it."""

    id: EnvelopeId
    proof: _NAME


class CarriedStory(Strict):
    """The member that tells what became of an envelope."""

    sender: PartyId
    id: EnvelopeId
    member: _NAME


class WitnessedReceipt(Strict):
    """The member with a witnessed head that continues the custody receipt of an envelope."""

    id: EnvelopeId
    member: _NAME


class CarriedDelivery(Strict):
    """One delivery of the party's mailbox, still sealed, with what proves it."""

    seq: Annotated[int, Field(ge=1)]
    sender: PartyId
    id: EnvelopeId
    container: _NAME
    custody: _NAME


class GoneDelivery(Strict):
    """A delivery that the exchange does not give out any more: recalled, or erased by policy."""

    seq: Annotated[int, Field(ge=1)]
    sender: PartyId
    id: EnvelopeId
    why: Text


class CarriedProof(Strict):
    """A registry proof: of the document in force at party entry `index` of the log."""

    party: PartyId
    index: Index
    member: _NAME


class ReturnIndex(AnyIndex):
    """What comes back. `after` is where the deliveries begin; `more` says that others wait.

    `gone` are the deliveries that nobody gets any more: they have their place in the order, and
    that they are gone is the word of the exchange and of the courier.
    `unrecalled` are recalls that were refused, and why; `unsaid` are statements that were refused,
    and records that the exchange has not.
    `parties` are the documents in force now, `registries` those that the deliveries refer to;
    `checkpoint` is the newest head and `consistency` leads to it from each older one. `stories` are
    the word of the exchange on what was delivered, brought and asked for.
    """

    kind: Literal["sextant-stick-back"]
    after: Annotated[int, Field(ge=0)]
    more: bool
    delivered: Annotated[list[Delivered], Field(max_length=MAX_ENVELOPES)]
    refused: Annotated[list[Refused], Field(max_length=MAX_ENVELOPES)]
    deliveries: Annotated[list[CarriedDelivery], Field(max_length=MAX_DELIVERIES)]
    gone: Annotated[list[GoneDelivery], Field(max_length=MAX_DELIVERIES, default_factory=list)]
    stories: Annotated[list[CarriedStory], Field(max_length=MAX_STORIES, default_factory=list)]
    witnessed: Annotated[
        list[WitnessedReceipt],
        Field(max_length=MAX_ENVELOPES + MAX_FOLLOWED, default_factory=list),
    ]
    recalled: Annotated[
        list[CarriedRecalled], Field(max_length=MAX_ENVELOPES, default_factory=list)
    ]
    unrecalled: Annotated[list[Refused], Field(max_length=MAX_ENVELOPES, default_factory=list)]
    said: Annotated[list[CarriedSaid], Field(max_length=MAX_ENVELOPES, default_factory=list)]
    unsaid: Annotated[
        list[Refused], Field(max_length=MAX_ENVELOPES + MAX_FOLLOWED, default_factory=list)
    ]
    records: Annotated[list[Delivered], Field(max_length=MAX_FOLLOWED, default_factory=list)]
    parties: Annotated[list[CarriedProof], Field(max_length=MAX_PARTIES)]
    registries: Annotated[list[CarriedProof], Field(max_length=MAX_DELIVERIES)]
    checkpoint: _NAME
    consistency: _NAME
