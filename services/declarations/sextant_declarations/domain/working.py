"""What persons do with the items of the officers' queue.

What may be done with an item is the table's (`analysis.work`). Claims are leases; each act names
what was seen last (a tag) and is kept for ever, and a decision or an assignment is an entry of the
log besides. What an officer may not know of, the database does not show (`storage.sight`).
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sextant_declarations.analysis.work import (
    Act,
    Doing,
    ItemKind,
    ItemStatus,
    Standing,
    done,
    may_take,
    percentiles,
    work_policy,
)
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.lives import require_tag
from sextant_declarations.domain.paging import not_given, number_in
from sextant_declarations.domain.work import (
    AgeLine,
    Ages,
    ItemDetail,
    ItemPage,
    ItemView,
    NewAct,
    StoredItem,
    Taken,
    WaitingItem,
    WorkFilter,
    WorkOrder,
    WorkRows,
    day_of,
    place,
    shown,
)
from sextant_shared.clock import timestamp_ms
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.notes import MadeNote

_DAY_CHARS = 10
_TRIES = 20  # items that others may take while somebody asks for the next one
_NOTED = frozenset({Act.DECIDE, Act.ASSIGN})
_PERCENTILES = (50, 85, 95)
OLDEST = 1_000  # items that an answer about ages names, the oldest first


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
        wanted = WorkFilter(status=ItemStatus.OPEN)
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
            waiting += [shown(item, now) for item in found]
            after = place(found[-1])
        waiting.sort(key=lambda item: (item.since, item.id))
        named = [
            WaitingItem(id=item.id, kind=item.kind, since=day_of(item.since))
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
    ages = [max(0, (today - day_of(item.since)).days) for item in items]
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


def _cursor(item: StoredItem) -> str:
    return b64u("|".join(map(str, place(item))).encode())


def _place_of(cursor: str) -> tuple[int, str, int]:
    try:
        urgent, since, seq = b64u_decode(cursor).decode("ascii").split("|")
    except ValueError as error:
        raise not_given() from error
    return number_in(urgent), since, number_in(seq)
