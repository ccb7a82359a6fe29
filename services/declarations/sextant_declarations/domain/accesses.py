"""Accesses to declared content: what each says, and the log entry that commits to it.

Responsible for composing them. Not responsible for the order «stored first, given then»: that is
the gate's (`gate`), which alone gives leave to read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deliveries import Check, Examined, FiledVersion
from sextant_declarations.domain.owed import OwedEntry
from sextant_shared.clock import timestamp_ms
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.models.entries import format_entry, parse_entry
from sextant_shared.models.purposes import EXAMINATION
from sextant_shared.models.strict import Strict, Version1
from sextant_shared.protocol.acts import SALT_BYTES, commitment

ACCESS = "access"
REFUSED = "access.refused"
SERVICE = "service"  # the role of this service itself, which is no client of its own
_RANDOM_128 = 16


class Gives(StrEnum):
    """What is given out."""

    FINDINGS = "findings"
    CONTENT = "content"
    IN_FORCE = "in-force"
    DIFFERENCES = "differences"
    PROVENANCE = "provenance"
    CONTAINER = "container"
    EVIDENCE = "evidence"
    ATTACHMENTS = "attachments"
    ATTACHMENT = "attachment"
    THREAD = "thread"
    MESSAGE = "message"
    QUESTION = "question"
    """A message that repeats findings of a declaration."""
    SENDING = "sending"
    """A message that an officer wrote: nothing is given, but who sent it is recorded."""
    OBLIGATION = "obligation"
    """Which site or transfer a State owes something about, and by which filings."""
    CASE = "case"
    """What States declare of the transfers of a case."""
    PICTURE = "picture"
    """What was drawn of declarations, or of its table twin."""
    EXPORT = "export"
    """Rows of declarations, for a file that the reader fetches."""
    SELECTION = "selection"
    """Which sites may be inspected, and which were drawn: from all declarations of sites."""
    MANDATE = "mandate"
    """What is known of a site that is to be inspected."""
    DOSSIER = "dossier"
    """What is known of a site over all years."""
    IDENTITY = "identity"
    """Which codes of a State may be one site, and why."""
    EXAMINATION = "examination"
    ANALYSIS = "analysis"
    """Declarations in force, to the analyses of this service."""
    ANOMALY = "anomaly"
    """A difference to explain, with the figures that it stands on."""
    TRANSFERS = "transfers"
    """What two States declare of the same transfers."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, and why: the code of a purpose."""

    client: str
    role: str
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One envelope that an access is about, and what it holds, as far as that is known.

    `inbox` is its row, None for a message of ours; `declaration` the register's id, `n` which
    submission; `sites` the codes of the sites that it declares.
    """

    sender: str
    envelope: str
    inbox: int | None = None
    custody: int | None = None
    manifest_digest: bytes = b""
    declaration: str | None = None
    n: int | None = None
    sites: tuple[str, ...] = ()


class ItemDetail(Strict):
    """One envelope in the detail of an access."""

    sender: str
    envelope: str
    custody: int | None = None
    declaration: str | None = None
    n: int | None = None
    sites: list[str] = Field(default_factory=list)


class Compared(Strict):
    """How many filings of the State an examination read besides, and SHA-256 over their digests."""

    count: int
    digest: str


class AccessDetail(Strict):
    """What the entry of an access commits to.

    `gives` is what was given; in a refusal, the action and the path that were asked. `refusals`
    counts them: more than one when others before it had no entry of their own.
    """

    v: Version1
    t: str
    client: str
    role: str
    purpose: str
    gives: str
    items: list[ItemDetail] = Field(default_factory=list)
    part: int | None = None
    compared: Compared | None = None
    refusals: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccess:
    """An access, or a refusal, on its way into the outbox."""

    t: str
    type: str
    reader: Reader
    gives: str
    items: tuple[Item, ...]
    entry: OwedEntry
    traceparent: str | None = None


def compose(
    reader: Reader,
    gives: Gives,
    items: Sequence[Item],
    sources: Sources,
    *,
    part: int | None = None,
    compared: Compared | None = None,
) -> NewAccess:
    """Return an access with its entry."""
    t = timestamp_ms(sources.clock())
    detail = AccessDetail(
        v=1,
        t=t,
        client=reader.client,
        role=reader.role,
        purpose=reader.purpose,
        gives=gives,
        items=[_detail(item) for item in items],
        part=part,
        compared=compared,
    )
    alone = items[0] if len(items) == 1 and items[0].custody is not None else None
    named = {"env": alone.envelope, "ref": alone.custody} if alone else {}
    entry = owed_entry(ACCESS, detail, named, sources)
    return NewAccess(t=t, type=ACCESS, reader=reader, gives=gives, items=tuple(items), entry=entry)


def examined(
    result: Examined, check: Check | None, filed: tuple[str, int] | None, sources: Sources
) -> NewAccess:
    """Return the access of the service's own examination of one envelope that it could open."""
    item = Item(
        sender=result.sender,
        envelope=result.id,
        custody=result.custody.index,
        manifest_digest=result.manifest_digest,
        declaration=filed[0] if filed else None,
        n=filed[1] if filed else None,
        sites=check.sites if check else (),
    )
    own = Reader(client="declarations", role=SERVICE, purpose=EXAMINATION)
    compared = _compared(check.compared) if check and check.compared else None
    return compose(own, Gives.EXAMINATION, [item], sources, compared=compared)


def owed_entry(
    type_: str, detail: AccessDetail, named: Mapping[str, object], sources: Sources
) -> OwedEntry:
    """Return the entry that commits to a detail."""
    salt = sources.random_bytes(SALT_BYTES)
    content = canonical_json(detail.model_dump(mode="json", exclude_none=True))
    members = {
        "v": 1,
        "type": type_,
        "id": b64u(sources.random_bytes(_RANDOM_128)),
        "t": detail.t,
        "nonce": b64u(sources.random_bytes(_RANDOM_128)),
        "commit": b64u(commitment(salt, content)),
        **named,
    }
    leaf = format_entry(parse_entry(canonical_json(members)))
    return OwedEntry(act=type_, leaf=leaf, detail=content, salt=salt)


def _compared(filed: Sequence[FiledVersion]) -> Compared:
    return Compared(count=len(filed), digest=b64u(sha256(b"".join(one.digest for one in filed))))


def _detail(item: Item) -> ItemDetail:
    return ItemDetail(
        sender=item.sender,
        envelope=item.envelope,
        custody=item.custody,
        declaration=item.declaration,
        n=item.n,
        sites=list(item.sites),
    )
