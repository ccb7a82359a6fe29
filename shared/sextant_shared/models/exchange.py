"""What the exchange's routes take and give: envelopes, mailboxes, leases.

Amounts of time are seconds; times are UTC to the millisecond; `manifest` is the base64url SHA-256
of an envelope's manifest.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from sextant_shared.models.statements import Says
from sextant_shared.models.strict import Strict

MAX_PAGE = 500
MAX_LEASES = 64
MAX_LEASE_S = 3600
MAX_WAIT_S = 60


class EnvelopeState(StrEnum):
    """Pending until the log has the entry; accepted from then on, for ever."""

    PENDING = "pending"
    ACCEPTED = "accepted"


class DeliveryState(StrEnum):
    """Where one recipient's copy stands; acknowledged, recalled and discarded are final."""

    AVAILABLE = "available"
    LEASED = "leased"
    ACKNOWLEDGED = "acknowledged"
    DEAD = "dead"
    DISCARDED = "discarded"
    RECALLED = "recalled"


class Priority(StrEnum):
    """Which lane of a mailbox a message takes: urgent ones are handed out first."""

    URGENT = "urgent"
    NORMAL = "normal"


class _Answer(Strict):
    model_config = ConfigDict(populate_by_name=True)


class RecipientStatus(_Answer):
    """One recipient's copy of an envelope."""

    party: str
    seq: int
    state: Annotated[DeliveryState, Field(strict=False)]
    attempts: int


class EnvelopeStatus(_Answer):
    """Where an envelope stands. `index` is its place in the log, None while pending.

    `irt` and `sup` are the ids that its header names: what it answers, what it supersedes.
    `flag` says why its signature is suspect by now, empty when it is not; `said` is its sender's
    newest word on it.
    """

    id: str
    sender: str
    manifest: str
    type: str
    class_: Annotated[str, Field(alias="class")]
    priority: Annotated[Priority, Field(strict=False)] = Priority.NORMAL
    irt: str | None = None
    sup: str | None = None
    size: int
    state: Annotated[EnvelopeState, Field(strict=False)]
    received: str
    index: int | None
    trace: str
    recipients: list[RecipientStatus]
    flag: str = ""
    said: Annotated[Says | None, Field(strict=False)] = None


class UploadStatus(_Answer):
    """A deposit in parts that was begun: `offset` of `length` bytes are kept, until `expires`."""

    id: str
    sender: str
    offset: int
    length: int
    expires: str


class EnvelopeEvent(_Answer):
    """One act on an envelope; `event` is one of `sextant_shared.protocol.events`.

    `party` is who acted, or in whose mailbox it happened, null for the exchange itself; `etsi` is
    the name of the event in EN 319 522, empty where it has none.
    `index` is where a logged act stands in the log, None while it is owed and for other acts.
    """

    t: str
    event: str
    detail: str
    party: str | None = None
    etsi: str = ""
    index: int | None = None


class EnvelopeEvents(_Answer):
    """Everything that happened to an envelope, oldest first."""

    events: list[EnvelopeEvent]


class Delivery(_Answer):
    """One envelope in a mailbox. `seq` is contiguous per mailbox, in the order of acceptance."""

    seq: int
    sender: str
    id: str
    type: str
    class_: Annotated[str, Field(alias="class")]
    priority: Annotated[Priority, Field(strict=False)] = Priority.NORMAL
    irt: str | None = None
    size: int
    manifest: str
    deposited: str
    state: Annotated[DeliveryState, Field(strict=False)]
    attempts: int
    last_error: str
    index: int


class ThreadMember(_Answer):
    """One envelope of a thread; `accepted` and `index` are None while it is pending."""

    sender: str
    id: str
    type: str
    class_: Annotated[str, Field(alias="class")]
    priority: Annotated[Priority, Field(strict=False)]
    irt: str | None
    sup: str | None
    recipients: list[str]
    received: str
    accepted: str | None
    index: int | None


class EnvelopeThread(_Answer):
    """All envelopes that answer or supersede one another, as the caller may see them.

    Oldest first; `is_cut` says that there are more than are shown.
    """

    members: list[ThreadMember]
    is_cut: bool


class DeliveryPage(_Answer):
    """A page of a mailbox; `next` is the cursor to go on from."""

    items: list[Delivery]
    next: int


class LeaseRequest(Strict):
    """How many deliveries, for how long, and how long to wait for the first one."""

    max: Annotated[int, Field(ge=1, le=MAX_LEASES)] = 1
    lease_s: Annotated[int, Field(ge=1, le=MAX_LEASE_S)] = 60
    wait_s: Annotated[int, Field(ge=0, le=MAX_WAIT_S)] = 0


class Lease(Delivery):
    """A delivery that is the caller's until `until`; `lease` fences out whoever comes late."""

    lease: str
    until: str
    traceparent: str | None


class LeasePage(_Answer):
    """The deliveries leased."""

    leases: list[Lease]


class ReleaseRequest(Strict):
    """Why a delivery comes back, when to try again, or that it never should be.

    One that was `untried` could not even be begun: the lease is not counted among its attempts.
    """

    error: Annotated[str, Field(max_length=500)]
    delay_s: Annotated[int, Field(ge=0, le=MAX_LEASE_S)] | None = None
    dead: bool = False
    untried: bool = False


class ExtendRequest(Strict):
    """For how long from now a lease goes on."""

    lease_s: Annotated[int, Field(ge=1, le=MAX_LEASE_S)]


class ExtendAnswer(_Answer):
    """Until when a lease goes on now."""

    until: str


class PartyEntry(_Answer):
    """One entry of the log that concerns a party; `detail` and `salt` open its commitment."""

    index: int
    entry: str
    proof: str
    detail: str | None = None
    salt: str | None = None


class PartyEntryPage(_Answer):
    """Entries in the order of the log; `next` is where to go on, null at the end."""

    entries: list[PartyEntry]
    next: int | None
