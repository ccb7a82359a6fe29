"""The officers' queue: items that wait for a person, and what persons do with them.

Responsible for the use cases. What may be done with an item is the table's (`analysis.work`).
Claims are leases; each act names what was seen last (a tag), is kept for ever, and a decision or an
assignment is an entry of the log besides. Lists hold no declared figure.

Whoever has something for the queue puts it there in the transaction that makes it:

    from sextant_declarations.storage.work import put_item
    put_item(connection, NewItem(kind=ItemKind.CASE, reference=case_id, owner="XAL", ...))

One item is open for one kind and reference: put again, it is the same item, with what is new about
it, and opinions that were given count no more. `close_item` takes one out that needs nobody.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.classification import handling
from sextant_declarations.analysis.work import (
    Act,
    Doing,
    ItemKind,
    ReasonCode,
    Standing,
    Status,
    done,
    may_take,
    percentiles,
    work_policy,
)
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.lives import require_tag
from sextant_shared.clock import timestamp_ms
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.notes import MadeNote

_DAY_CHARS = 10
_TRIES = 20  # items that others may take while somebody asks for the next one
_NOTED = frozenset({Act.DECIDE, Act.ASSIGN})
_PERCENTILES = (50, 85, 95)
OLDEST = 1_000  # items that an answer about ages names, the oldest first
Person = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,70}$")]
ItemKindName = Annotated[ItemKind, Field(strict=False)]
ActName = Annotated[Act, Field(strict=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """Something that waits for a person.

    `reference` names it: a declaration's id in the register, a case, a card, an inspection. `owner`
    is the State whose figures it is about, `subject` the kind of declaration (need-to-know goes by
    both), `makers` the clients who entered what is looked at. `envelope` and `custody` are those of
    the envelope that brought it, if one did.
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
    """What a list is narrowed to, all of it together; `mine` is who holds it, or it is kept for."""

    kind: ItemKind | None = None
    state: str | None = None
    status: Status | None = None
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

    `decided` is how many persons decided so far of the `persons` whom its marking asks for.
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


@dataclass(frozen=True)
class Work:
    """The use cases of the queue."""

    rows: WorkRows
    sources: Sources
    stored: Callable[[], None]

    async def page(self, wanted: WorkFilter, *, cursor: str | None, limit: int) -> ItemPage:
        """Return one page: urgent ones first, then the oldest.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        now = self._now()
        after = None if cursor is None else _place_of(cursor)
        found = await self.rows.page(wanted, now, after, limit + 1)
        more = _cursor(found[limit - 1]) if len(found) > limit else None
        return ItemPage(items=[shown(item, now) for item in found[:limit]], next=more)

    async def read(self, id_: str) -> ItemDetail:
        """Return an item with its history.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        item = await self._item(id_)
        return ItemDetail(item=shown(item, self._now()), acts=await self.rows.acts(item))

    async def next(self, officer: Reader) -> Taken:
        """Claim the first item that this person may take.

        Raises:
            PlatformError: `E_STATE` when this person holds as many as the capacity.
        """
        now = self._now()
        wanted = WorkFilter(status=Status.OPEN)
        order = WorkOrder(act=Act.CLAIM, reason="TAKEN_UP")
        after: tuple[int, str, int] | None = None
        while found := await self.rows.page(wanted, now, after, _TRIES):
            for item in found:
                if may_take(item.standing, officer.client, now):
                    try:
                        return Taken(item=(await self._act(item, order, officer)).item)
                    except PlatformError as error:
                        if error.code is not Code.PRECONDITION:  # else somebody was faster
                            raise
            after = place(found[-1])
        return Taken(item=None)

    async def act(self, id_: str, order: WorkOrder, tag: str, officer: Reader) -> ItemDetail:
        """Do something with an item; it is kept, with its log entry, when this returns.

        Raises:
            PlatformError: `E_NOT_FOUND`, `E_PRECONDITION` when `tag` is not the newest; what the
                table refuses; `E_STATE` beyond the capacity.
        """
        item = await self._item(id_)
        require_tag(item.tag, tag)
        return await self._act(item, order, officer)

    async def ages(self) -> Ages:
        """Return how long what waits has waited, for a picture."""
        now = self._now()
        today = dt.date.fromisoformat(now[:_DAY_CHARS])
        waiting: list[ItemView] = []
        after: tuple[int, str, int] | None = None
        while found := await self.rows.page(WorkFilter(), now, after, OLDEST):
            waiting += [shown(item, now) for item in found if item.standing.status != Status.DONE]
            after = place(found[-1])
        waiting.sort(key=lambda item: (item.since, item.id))
        named = [
            WaitingItem(id=item.id, kind=item.kind, since=_day(item.since))
            for item in waiting[:OLDEST]
        ]
        kinds = [_age(kind, [i for i in waiting if i.kind == kind], today) for kind in ItemKind]
        return Ages(today=today, kinds=kinds, items=named)

    async def _act(self, item: StoredItem, order: WorkOrder, officer: Reader) -> ItemDetail:
        policy, now = work_policy(), self.sources.clock()
        doing = Doing(
            act=order.act,
            person=officer.client,
            reason=order.reason,
            now=timestamp_ms(now),
            until=timestamp_ms(now + policy.lease_s),
            to=order.to,
            outcome=order.outcome,
            reference=order.reference,
        )
        after = done(policy, item.standing, doing)
        note = _note(item, doing, after, officer, now) if order.act in _NOTED else None
        await self.rows.take(
            NewAct(
                item=item,
                doing=doing,
                role=officer.role,
                after=after,
                note=note,
                capacity=policy.capacity.value,
            )
        )
        if note is not None:
            self.stored()
        return await self.read(item.id)

    async def _item(self, id_: str) -> StoredItem:
        item = await self.rows.item(id_)
        if item is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no item {id_[:64]}",
                fix="Take the id from GET /v1/work.",
            )
        return item

    def _now(self) -> str:
        return timestamp_ms(self.sources.clock())


def shown(item: StoredItem, now: str) -> ItemView:
    """Return an item as officers see it at a time."""
    at = item.standing.at(now)
    due = _day(item.since) + dt.timedelta(days=work_policy().kinds[item.kind].days)
    return ItemView(
        id=item.id,
        kind=item.kind,
        reference=item.reference,
        state=item.owner,
        subject=item.subject,
        year=item.year,
        marking=item.marking,
        why=list(item.why),
        since=item.since,
        due=due,
        overdue=at.status is not Status.DONE and _day(now) > due,
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


def _note(item: StoredItem, doing: Doing, after: Standing, officer: Reader, now: float) -> MadeNote:
    more = {"to": doing.to, "outcome": doing.outcome, "reference": doing.reference}
    return decision(
        f"work.{doing.act}",
        officer.client,
        item.envelope or item.id,
        item.custody,
        now,
        role=officer.role,
        item=item.id,
        about=f"{item.kind} {item.reference}",
        reason=doing.reason,
        status=str(after.status),
        **{name: value for name, value in more.items() if value},
    )


def _age(kind: ItemKind, items: Sequence[ItemView], today: dt.date) -> AgeLine:
    ages = [max(0, (today - _day(item.since)).days) for item in items]
    found = percentiles(ages, _PERCENTILES)
    return AgeLine(
        kind=kind,
        waiting=len(items),
        urgent=sum(item.urgent for item in items),
        overdue=sum(item.overdue for item in items),
        oldest=items[0].id if items else None,
        p50=found[50],
        p85=found[85],
        p95=found[95],
    )


def _day(t: str) -> dt.date:
    return dt.date.fromisoformat(t[:_DAY_CHARS])


def _cursor(item: StoredItem) -> str:
    return b64u("|".join(map(str, place(item))).encode())


def _place_of(cursor: str) -> tuple[int, str, int]:
    try:
        urgent, since, seq = b64u_decode(cursor).decode("ascii").split("|")
        return int(urgent), since, int(seq)
    except ValueError as error:
        raise PlatformError(
            Code.MALFORMED, "no page gave this cursor", fix="Take `next` of the page before."
        ) from error
