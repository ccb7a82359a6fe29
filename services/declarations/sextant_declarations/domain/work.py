"""What an item of the officers' queue is: as it is put there, stored, and shown.

Responsible for these forms alone: what persons do with items is the use cases' (`working`), what
may be done at all the table's (`analysis.work`). Nothing here holds a declared figure.

Whoever has something for the queue puts it there in the transaction that makes it:

    from sextant_declarations.storage.work import put_item
    put_item(connection, NewItem(kind=ItemKind.CASE, reference=case_id, owner="XAL", ...))

One item is open for one kind and reference: put again, it is the same item, with what is new about
it, and opinions that were given count no more. `close_item` takes one out that needs nobody.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.classification import handling
from sextant_declarations.analysis.work import (
    Act,
    Doing,
    ItemKind,
    ItemStatus,
    ReasonCode,
    Standing,
    work_policy,
)
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.notes import MadeNote

_DAY_CHARS = 10
Person = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,70}$")]
ItemKindName = Annotated[ItemKind, Field(strict=False)]
ActName = Annotated[Act, Field(strict=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """Something that waits for a person.

    `reference` names it: a declaration's id in the register, a case, a card, an inspection. `owner`
    is the State whose figures it is about, several with spaces between, `subject` the kind of
    declaration or the method. Of a declaration, need-to-know goes by both; a case, a card or an
    inspection is seen by who may know of that. `makers` are the clients who entered what is looked
    at, `envelope` and `custody` those of the envelope that brought it, if one did.
    """

    kind: ItemKind
    reference: str
    owner: str
    subject: str
    marking: str
    why: tuple[str, ...]
    t: str
    year: int | None = None
    urgent: bool = False
    envelope: str | None = None
    custody: int | None = None
    makers: tuple[str, ...] = ()

    @property
    def persons(self) -> int:
        """How many persons decide about content of this marking."""
        return handling().profile(self.marking).persons


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """An item as it is stored."""

    seq: int
    id: str
    kind: ItemKind
    reference: str
    owner: str
    subject: str
    year: int | None
    marking: str
    why: tuple[str, ...]
    since: str
    envelope: str | None
    custody: int | None
    acts: int
    standing: Standing

    @property
    def tag(self) -> str:
        """What changes with every act."""
        return f"{self.seq}.{self.acts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAct:
    """An act on its way into the history, with the item that it was planned on."""

    item: StoredItem
    doing: Doing
    role: str
    after: Standing
    note: MadeNote | None
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFilter:
    """What a list is narrowed to, all of it together; without a `status`, to what is not done.

    `mine` is who holds it, or it is kept for.
    """

    kind: ItemKind | None = None
    state: str | None = None
    status: ItemStatus | None = None
    mine: str | None = None


class WorkOrder(Strict):
    """What a person does with an item: a code, why, and what the act needs besides."""

    act: ActName
    reason: ReasonCode
    to: Person | None = None
    outcome: Annotated[str, Field(max_length=40)] | None = None
    reference: Annotated[str, Field(min_length=1, max_length=120)] | None = None


class ItemView(Strict):
    """An item of the queue. `due` is our own aim, of the table; `tag` is what If-Match takes.

    `decided` is how many persons decided so far of the `persons` whom its marking asks for. `state`
    is empty for a case: that two States have one says that something moved between them, so it is
    read of the case itself, by an access.
    """

    id: str
    kind: str
    reference: str
    state: str
    subject: str
    year: int | None
    marking: str
    why: list[str]
    since: str
    due: dt.date
    overdue: bool
    urgent: bool
    status: str
    holder: str | None
    until: str | None
    assignee: str | None
    persons: int
    decided: int
    outcome: str | None
    tag: str


class ItemPage(Strict):
    """A page of the queue in its order; `next` is the cursor of the next page."""

    items: list[ItemView]
    next: str | None


class ActView(Strict):
    """One act as it was done; `index` is the place of its log entry, null where it has none yet."""

    position: int
    act: str
    client: str
    role: str
    reason: str
    to: str | None
    outcome: str | None
    reference: str | None
    t: str
    index: int | None


class ItemDetail(Strict):
    """An item with all that was done with it, oldest first."""

    item: ItemView
    acts: list[ActView]


class Taken(Strict):
    """The item that is now yours, null when nothing waits for you."""

    item: ItemView | None


class AgeLine(Strict):
    """How long the items of one kind have waited, in days; null where nothing waits."""

    kind: str
    waiting: int
    urgent: int
    overdue: int
    oldest: str | None
    p50: int | None
    p85: int | None
    p95: int | None


class WaitingItem(Strict):
    """An item that waits, and since which day."""

    id: str
    kind: str
    since: dt.date


class Ages(Strict):
    """The age of the queue on a day: by kind, and its oldest items."""

    today: dt.date
    kinds: list[AgeLine]
    items: list[WaitingItem]


class WorkRows(Protocol):
    """What is stored of the queue. A read shows what its officer may know of, and no more."""

    async def page(
        self, wanted: WorkFilter, now: str, after: tuple[int, str, int] | None, limit: int
    ) -> list[StoredItem]:
        """Return up to `limit` items after a place of the queue, in its order."""
        ...

    async def item(self, id_: str) -> StoredItem | None:
        """Return an item, None for one that is not known."""
        ...

    async def acts(self, item: StoredItem) -> list[ActView]:
        """Return what was done with an item, oldest first."""
        ...

    async def take(self, act: NewAct) -> None:
        """Store an act with its entry and what follows from it, all or none.

        Raises:
            PlatformError: `E_PRECONDITION` when the item moved on since; `E_STATE` for a claim
                beyond the capacity.
        """
        ...


def shown(item: StoredItem, now: str) -> ItemView:
    """Return an item as officers see it at a time."""
    at = item.standing.at(now)
    due = day_of(item.since) + dt.timedelta(days=work_policy().kinds[item.kind].days)
    return ItemView(
        id=item.id,
        kind=item.kind,
        reference=item.reference,
        state="" if item.kind is ItemKind.CASE else item.owner,
        subject=item.subject,
        year=item.year,
        marking=item.marking,
        why=list(item.why),
        since=item.since,
        due=due,
        overdue=at.status is not ItemStatus.DONE and day_of(now) > due,
        urgent=at.urgent,
        status=at.status,
        holder=at.holder,
        until=at.until,
        assignee=at.assignee,
        persons=at.persons,
        decided=len(at.opinions),
        outcome=at.outcome,
        tag=item.tag,
    )


def place(item: StoredItem) -> tuple[int, str, int]:
    """Return where an item stands in the order of the queue."""
    return (0 if item.standing.urgent else 1, item.since, item.seq)


def day_of(t: str) -> dt.date:
    """Return the day of a stored time."""
    return dt.date.fromisoformat(t[:_DAY_CHARS])
