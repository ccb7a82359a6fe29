"""The officers' queue in this room's database: put in as things come, taken by persons.

`put_item` and `close_item` work in the transaction of whoever has something for the queue.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from sextant_declarations.analysis.work import (
    BY_RULE,
    Act,
    ItemKind,
    ItemStatus,
    Seen,
    Standing,
    needs_eyes,
    renewed,
    work_policy,
)
from sextant_declarations.domain.accesses import SERVICE
from sextant_declarations.domain.records import Filed, Record
from sextant_declarations.domain.work import ActView, NewAct, NewItem, StoredItem, WorkFilter
from sextant_declarations.storage.life_tables import LIVES
from sextant_declarations.storage.lives import asked_about
from sextant_declarations.storage.tables import DECLARATIONS, SIDECAR, VERSIONS
from sextant_declarations.storage.work_tables import WORK_ACTS, WORK_ITEMS
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.dialects import position
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.clock import parse_timestamp, uuid7
from sextant_shared.errors import Code, PlatformError

_OWN = "declarations"  # this service, in the lines of what it does by itself
_ROW = WORK_ITEMS.c


@dataclass(frozen=True)
class SqlWork:
    """The queue, and what was done with its items."""

    database: Database
    notes: Notes

    async def page(
        self, wanted: WorkFilter, now: str, after: tuple[int, str, int] | None, limit: int
    ) -> list[StoredItem]:
        """Return up to `limit` items after a place of the queue, in its order."""
        query = select(WORK_ITEMS).order_by(_ROW.urgent.desc(), _ROW.since, _ROW.seq).limit(limit)
        query = query.where(*_narrowed(wanted, now))
        if after is not None:
            later, since, seq = after
            behind = or_(_ROW.since > since, and_(_ROW.since == since, _ROW.seq > seq))
            same = and_(_ROW.urgent.is_(not later), behind)
            query = query.where(same if later else or_(same, _ROW.urgent.is_(False)))
        rows = await self.database.read(lambda c: c.execute(query).mappings().all())
        return [_item(row) for row in rows]

    async def item(self, id_: str) -> StoredItem | None:
        """Return an item, None for one that is not known."""
        query = select(WORK_ITEMS).where(_ROW.id == id_)
        row = await self.database.read(lambda c: c.execute(query).mappings().one_or_none())
        return _item(row) if row else None

    async def acts(self, item: StoredItem) -> list[ActView]:
        """Return what was done with an item, oldest first."""
        query = (
            select(*_ACT, SIDECAR.note.c.log_index.label("index"))
            .outerjoin(SIDECAR.note, SIDECAR.note.c.position == WORK_ACTS.c.entry)
            .where(WORK_ACTS.c.item == item.seq)
            .order_by(WORK_ACTS.c.position)
        )
        rows = await self.database.read(lambda c: c.execute(query).mappings().all())
        return [ActView(**row) for row in rows]

    async def put(self, item: NewItem) -> str:
        """Put something into the queue by itself; return the item's id, durable."""
        return await self.database.write(lambda connection: put_item(connection, item))

    async def take(self, act: NewAct) -> None:
        """Store an act with its entry and what follows from it, all or none.

        Raises:
            PlatformError: `E_PRECONDITION` when the item moved on since; `E_STATE` for a claim
                beyond the capacity.
        """

        def store(connection: Connection) -> None:
            held = connection.execute(select(_ROW.acts).where(_ROW.seq == act.item.seq)).scalar()
            if held != act.item.acts:
                raise PlatformError(
                    Code.PRECONDITION, "it moved on since it was read", expected=act.item.tag
                )
            doing = act.doing
            if doing.act is Act.CLAIM:
                _require_capacity(connection, act)
            if act.item.standing.at(doing.now) != act.item.standing:
                _append(connection, act.item.seq, _own("lapse", doing.now), {})
            values = {
                "act": doing.act,
                "client": doing.person,
                "role": act.role,
                "reason": doing.reason,
                "to": doing.to,
                "outcome": doing.outcome,
                "reference": doing.reference,
                "t": doing.now,
                "entry": self.notes.add(connection, act.note) if act.note else None,
            }
            _append(connection, act.item.seq, values, standing_values(act.after))

        await self.database.write(store)


def put_item(connection: Connection, item: NewItem) -> str:
    """Put something into the queue, in the caller's transaction; return the item's id.

    An item of the same kind and reference that is not done yet is that item: it keeps its age and
    who is at it, and learns what is new.
    """
    held = _open(connection, item.kind, item.reference)
    if held is not None:
        after = renewed(held.standing, persons=item.persons, urgent=item.urgent)
        values = standing_values(after) | {
            "why": " ".join(dict.fromkeys((*held.why, *item.why))),
            "marking": item.marking,
            "year": item.year,
            "envelope": item.envelope,
            "custody": item.custody,
            "makers": " ".join(sorted({*held.standing.makers, *item.makers})),
        }
        _append(connection, held.seq, _own("renew", item.t), values)
        return held.id
    id_ = uuid7(lambda: parse_timestamp(item.t))
    standing = Standing(makers=frozenset(item.makers), persons=item.persons, urgent=item.urgent)
    (seq,) = connection.execute(
        insert(WORK_ITEMS)
        .values(
            id=id_,
            kind=item.kind,
            reference=item.reference,
            owner=item.owner,
            subject=item.subject,
            year=item.year,
            marking=item.marking,
            why=" ".join(item.why),
            since=item.t,
            envelope=item.envelope,
            custody=item.custody,
            makers=" ".join(item.makers),
            acts=0,
            **standing_values(standing),
        )
        .returning(_ROW.seq)
    ).one()
    _append(connection, seq, _own("put", item.t), {})
    return id_


def close_item(connection: Connection, kind: ItemKind, reference: str, t: str) -> None:
    """Take an item out of the queue that needs nobody any more; nothing where there is none."""
    held = _open(connection, kind, reference)
    if held is not None:
        gone = {"status": ItemStatus.DONE, "holder": None, "until": None, "assignee": None}
        _append(connection, held.seq, _own("drop", t), gone)


def urge_item(connection: Connection, kind: ItemKind, reference: str, t: str) -> None:
    """Let an item go first whose cause became urgent; what was said of it counts as before."""
    held = _open(connection, kind, reference)
    if held is not None and not held.standing.urgent:
        _append(connection, held.seq, _own("urge", t), {"urgent": True})


def _open(connection: Connection, kind: ItemKind, reference: str) -> StoredItem | None:
    named = and_(_ROW.kind == kind, _ROW.reference == reference, _ROW.status != ItemStatus.DONE)
    row = connection.execute(select(WORK_ITEMS).where(named)).mappings().one_or_none()
    return _item(row) if row else None


def store_work(connection: Connection, record: Record) -> None:
    """Put into the queue what a filing or a reply gives persons to do, in its transaction."""
    filed = record.filed
    if filed is not None and filed.registration:
        _store_examination(connection, record, filed)
    answered = record.noted.answers
    if answered is not None and record.submission.type == "clarification.reply":
        _store_reply(connection, record, answered[1])


def _store_examination(connection: Connection, record: Record, filed: Filed) -> None:
    revised = filed.revised
    about = revised.declaration if revised else filed.declaration
    life = _life(connection, about)
    if revised is not None and revised.result is None and revised.site_code is None:
        close_item(connection, ItemKind.EXAMINATION, about, record.stored_at)  # withdrawn whole
        return
    seen = Seen(
        severities={finding.severity for finding in filed.verdict.findings},
        is_first_of_kind=_is_first(connection, filed),
        marking=life["marking"],
    )
    why = needs_eyes(work_policy(), seen)
    if why or _open(connection, ItemKind.EXAMINATION, about) is not None:
        put_item(connection, _new(record, life, ItemKind.EXAMINATION, about, why))


def _store_reply(connection: Connection, record: Record, request: str) -> None:
    """A reply that moved a declaration on waits to be read, under the declaration's id."""
    examined = record.submission.examined
    asked = asked_about(connection, request, examined.sender)
    if asked is not None:
        life = _life(connection, asked[0])
        put_item(connection, _new(record, life, ItemKind.CLARIFICATION, asked[0], ["REPLIED"]))


def _new(
    record: Record, life: RowMapping, kind: ItemKind, about: str, why: Sequence[str]
) -> NewItem:
    examined = record.submission.examined
    return NewItem(
        kind=kind,
        reference=about,
        owner=life["owner"],
        subject=life["kind"],
        year=life["year"],
        marking=life["marking"],
        why=tuple(why),
        t=record.stored_at,
        envelope=examined.id,
        custody=examined.custody.index,
    )


def _life(connection: Connection, declaration: str) -> RowMapping:
    wanted = (
        select(DECLARATIONS.c.owner, DECLARATIONS.c.kind, DECLARATIONS.c.year, LIVES.c.marking)
        .join(LIVES, LIVES.c.declaration == DECLARATIONS.c.id)
        .where(DECLARATIONS.c.id == declaration)
    )
    return connection.execute(wanted).mappings().one()


def _is_first(connection: Connection, filed: Filed) -> bool:
    """Return whether the State has registered nothing of this kind before."""
    if filed.revised is not None:  # it is about what was looked at before
        return False
    this = and_(VERSIONS.c.declaration == filed.declaration, VERSIONS.c.n == filed.n)
    others = (
        select(VERSIONS.c.id)
        .join(DECLARATIONS, DECLARATIONS.c.id == VERSIONS.c.declaration)
        .where(
            DECLARATIONS.c.owner == filed.owner,
            VERSIONS.c.kind == filed.facts.kind,
            VERSIONS.c.registration.is_not(None),
            ~this,
        )
    )
    return connection.execute(others.limit(1)).first() is None


def _require_capacity(connection: Connection, act: NewAct) -> None:
    holds = and_(
        _ROW.holder == act.doing.person,
        _ROW.status == ItemStatus.CLAIMED,
        _ROW.until > act.doing.now,
        _ROW.seq != act.item.seq,
    )
    count = connection.execute(select(func.count()).where(holds)).scalar_one()
    if count >= act.capacity:
        raise PlatformError(
            Code.STATE,
            "you hold as many items as one person may",
            expected=f"fewer than {act.capacity}",
            received=str(count),
            fix="Decide about one, or release it.",
        )


def _append(
    connection: Connection, seq: int, act: Mapping[str, object], after: Mapping[str, object]
) -> None:
    """Append one act, and let the item follow it."""
    (position,) = connection.execute(
        update(WORK_ITEMS)
        .where(_ROW.seq == seq)
        .values(**after, acts=_ROW.acts + 1)
        .returning(_ROW.acts)
    ).one()
    connection.execute(insert(WORK_ACTS).values(item=seq, position=position, **act))


def _own(act: str, t: str) -> dict[str, object]:
    return {"act": act, "client": _OWN, "role": SERVICE, "reason": BY_RULE, "t": t}


def standing_values(standing: Standing) -> dict[str, object]:
    """Return the columns that follow from where an item stands."""
    return {
        "status": standing.status,
        "holder": standing.holder,
        "until": standing.until,
        "assignee": standing.assignee,
        "opinions": json.dumps(standing.opinions),
        "persons": standing.persons,
        "urgent": standing.urgent,
        "outcome": standing.outcome,
    }


def _narrowed(wanted: WorkFilter, now: str) -> list[ColumnElement[bool]]:
    held = and_(_ROW.status == ItemStatus.CLAIMED, _ROW.until > now)
    narrowed: list[ColumnElement[bool]] = []
    if wanted.status is None:
        narrowed.append(_ROW.status != ItemStatus.DONE)
    elif wanted.status is ItemStatus.CLAIMED:
        narrowed.append(held)
    elif wanted.status is ItemStatus.OPEN:
        lapsed = and_(_ROW.status == ItemStatus.CLAIMED, _ROW.until <= now)
        narrowed.append(or_(_ROW.status == ItemStatus.OPEN, lapsed))
    else:
        narrowed.append(_ROW.status == ItemStatus.DONE)
    if wanted.kind is not None:
        narrowed.append(_ROW.kind == wanted.kind)
    if wanted.state is not None:
        # A case is not found by State: that two States have one is content of the case.
        named = position(" " + _ROW.owner + " ", f" {wanted.state} ") > 0
        narrowed.append(and_(_ROW.kind != ItemKind.CASE, named))
    if wanted.mine is not None:
        narrowed.append(or_(and_(_ROW.holder == wanted.mine, held), _ROW.assignee == wanted.mine))
    return narrowed


def _item(row: RowMapping) -> StoredItem:
    return StoredItem(
        seq=row["seq"],
        id=row["id"],
        kind=ItemKind(row["kind"]),
        reference=row["reference"],
        owner=row["owner"],
        subject=row["subject"],
        year=row["year"],
        marking=row["marking"],
        why=tuple(row["why"].split()),
        since=row["since"],
        envelope=row["envelope"],
        custody=row["custody"],
        acts=row["acts"],
        standing=Standing(
            status=ItemStatus(row["status"]),
            holder=row["holder"],
            until=row["until"],
            assignee=row["assignee"],
            opinions=tuple((person, said) for person, said in json.loads(row["opinions"])),
            makers=frozenset(row["makers"].split()),
            persons=row["persons"],
            urgent=row["urgent"],
            outcome=row["outcome"],
        ),
    )


_ACT = (
    WORK_ACTS.c.position,
    WORK_ACTS.c.act,
    WORK_ACTS.c.client,
    WORK_ACTS.c.role,
    WORK_ACTS.c.reason,
    WORK_ACTS.c.to,
    WORK_ACTS.c.outcome,
    WORK_ACTS.c.reference,
    WORK_ACTS.c.t,
)
