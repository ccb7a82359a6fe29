"""The register: reads the standing a batch is planned on, and stores the batch in one transaction.

`commit` compares what it was planned on before it writes anything, so that numbers have no gap and
no version is overwritten, however many processes register at once.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from sextant_declarations.domain.deliveries import Content, Refusal
from sextant_declarations.domain.owed import SealedReply
from sextant_declarations.domain.records import Base, Filed, Record
from sextant_declarations.domain.register import DeclarationKey, Holding, Standing
from sextant_declarations.storage.access_details import details_of
from sextant_declarations.storage.accesses import store_access, store_sites
from sextant_declarations.storage.analysing import owe_analysis
from sextant_declarations.storage.attachments import attachment_rows
from sextant_declarations.storage.dues import close, store_demands, supersede
from sextant_declarations.storage.lives import store_automatic
from sextant_declarations.storage.stated import store_stated
from sextant_declarations.storage.tables import (
    ATTACHMENTS,
    CLOSURES,
    COMPARED,
    DECLARATIONS,
    FINDINGS,
    INBOX,
    OWED_ENTRIES,
    OWED_REPLIES,
    REGISTER_YEARS,
    REGISTRY_PROOFS,
    REVISIONS,
    VERSIONS,
)
from sextant_declarations.storage.threads import facts_text
from sextant_declarations.storage.work import store_work
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sharing import upsert
from sextant_shared.chassis.sidecar.store import Sidecar
from sextant_shared.clock import parse_timestamp
from sextant_shared.errors import Code, PlatformError


@dataclass(frozen=True)
class SqlRegister:
    """The register in this room's database."""

    database: Database
    own_party: str
    sidecar: Sidecar = field(kw_only=True)

    async def held(self, sender: str, id_: str) -> bytes | None:
        """Return the manifest digest under which this envelope is stored already."""
        named = (INBOX.c.sender == sender, INBOX.c.envelope_id == id_)
        wanted = select(INBOX.c.manifest_digest).where(*named)
        return await self.database.read(lambda c: c.execute(wanted).scalar_one_or_none())

    async def standing(
        self,
        envelopes: Collection[tuple[str, str]],
        declarations: Collection[DeclarationKey],
        year: int,
    ) -> Standing:
        """Return what is held about these, and the last number given in `year`."""
        return await self.database.read(
            lambda c: Standing(
                seen=_seen(c, envelopes),
                holdings=_holdings(c, declarations),
                year=year,
                last_number=_last_number(c, year),
            )
        )

    async def commit(self, records: Sequence[Record], base: Base) -> None:
        """Store all records, or none.

        Raises:
            PlatformError: `E_STATE` when the register moved on since `base` was read.
        """

        def store(connection: Connection) -> None:
            _compare(connection, base)
            try:
                kept = [one for record in records for one in details_of(record)]
                self.sidecar.keep(connection, kept)
                for record in records:
                    self._store(connection, record)
            except IntegrityError as error:
                raise _moved_on() from error
            given = sum(1 for r in records if r.filed and r.filed.registration)
            if given:
                _set_last_number(connection, base.year, base.last_number + given)

        await self.database.write(store)

    def _store(self, connection: Connection, record: Record) -> None:
        adding = insert(INBOX).values(_inbox(record)).returning(INBOX.c.id)
        (inbox,) = connection.execute(adding).one()
        self._store_proofs(connection, record)
        if record.filed:
            _store_version(connection, record.filed, inbox, record.stored_at)
            store_stated(connection, record.filed, inbox)
            owe_analysis(connection, record.filed)
            _store_revision(connection, record.filed, inbox, record.stored_at)
            _insert_all(connection, COMPARED, _compared(record.filed, inbox))
        store_automatic(connection, record, inbox)
        store_work(connection, record)
        _insert_all(connection, FINDINGS, _findings(record, inbox))
        self._store_bonds(connection, record, inbox)
        store_sites(connection, record, inbox)
        if record.access is not None:
            store_access(connection, record.access, inbox)
        _insert_all(connection, ATTACHMENTS, attachment_rows(record, inbox))
        traceparent = record.submission.traceparent
        _insert_all(
            connection,
            OWED_ENTRIES,
            (
                {
                    "inbox": inbox,
                    "act": entry.act,
                    "leaf": entry.leaf,
                    "detail": b"",
                    "salt": b"",
                    "traceparent": traceparent,
                }
                for entry in record.entries
            ),
        )
        _insert_all(
            connection,
            OWED_REPLIES,
            (
                {
                    "inbox": inbox,
                    "type": reply.order.type,
                    "party": reply.order.to.party,
                    "classification": reply.order.classification,
                    "irt": reply.order.irt,
                    "content": reply.order.content,
                    "traceparent": traceparent,
                    **sealed_values(reply),
                }
                for reply in record.replies
            ),
        )

    def _store_bonds(self, connection: Connection, record: Record, inbox: int) -> None:
        """Store what the envelope demands, and close what it answers."""
        noted, examined = record.noted, record.submission.examined
        store_demands(connection, noted.demands, noted.thread, {"inbox": inbox})
        if noted.supersedes:
            supersede(connection, examined.sender, noted.supersedes, examined.id, self.own_party)
        if noted.answers:
            close(
                connection,
                answered=noted.answers,
                answer=record.submission.type,
                by=(examined.sender, examined.id),
                at=parse_timestamp(examined.custody.t),
                own_party=self.own_party,
            )

    def _store_proofs(self, connection: Connection, record: Record) -> None:
        submission = record.submission
        at = submission.examined.custody.reg
        rows = [
            {"party": submission.examined.sender, "at": at, "proof": submission.sender_proof},
            {"party": self.own_party, "at": at, "proof": submission.own_proof},
        ]
        # Each was verified, so whichever came first proves the same state.
        connection.execute(upsert(REGISTRY_PROOFS).on_conflict_do_nothing(), rows)


def sealed_values(reply: SealedReply) -> dict[str, object]:
    """Return the columns that sealing fills in."""
    return {
        "envelope_id": reply.order.id,
        "container": reply.container,
        "manifest_digest": reply.manifest_digest,
        "kpc": reply.kpc,
    }


def _seen(
    connection: Connection, envelopes: Collection[tuple[str, str]]
) -> dict[tuple[str, str], bytes]:
    key = (INBOX.c.sender, INBOX.c.envelope_id)
    rows = connection.execute(
        select(*key, INBOX.c.manifest_digest).where(tuple_(*key).in_(envelopes))
    )
    return {(sender, id_): digest for sender, id_, digest in rows}


def _holdings(
    connection: Connection, declarations: Collection[DeclarationKey]
) -> dict[DeclarationKey, Holding]:
    if not declarations:
        return {}
    key = (DECLARATIONS.c.owner, DECLARATIONS.c.declaration_id)
    rows = connection.execute(
        select(
            *key,
            DECLARATIONS.c.id,
            DECLARATIONS.c.submissions,
            DECLARATIONS.c.registered,
            DECLARATIONS.c.registered_kind.label("kind"),
        ).where(tuple_(*key).in_(declarations))
    )
    return {
        (row.owner, row.declaration_id): Holding(
            id=row.id, submissions=row.submissions, registered=row.registered, kind=row.kind
        )
        for row in rows
    }


def _last_number(connection: Connection, year: int) -> int:
    found: int | None = connection.execute(
        select(REGISTER_YEARS.c.last_number).where(REGISTER_YEARS.c.year == year)
    ).scalar_one_or_none()
    return found or 0


def _set_last_number(connection: Connection, year: int, last: int) -> None:
    connection.execute(
        upsert(REGISTER_YEARS)
        .values(year=year, last_number=last)
        .on_conflict_do_update(index_elements=["year"], set_={"last_number": last})
    )


def _compare(connection: Connection, base: Base) -> None:
    now = {key: holding.mark for key, holding in _holdings(connection, base.held).items()}
    if (_last_number(connection, base.year), now) != (base.last_number, base.held):
        raise _moved_on()


def _moved_on() -> PlatformError:
    return PlatformError(Code.STATE, "the register moved on since this batch was planned")


def _inbox(record: Record) -> dict[str, object]:
    submission = record.submission
    examined = submission.examined
    head, result = examined.head, examined.result
    check = (result.check or result.message) if isinstance(result, Content) else None
    return {
        "sender": examined.sender,
        "envelope_id": examined.id,
        "manifest_digest": examined.manifest_digest,
        "nature": record.nature,
        "type": submission.type,
        "cty": head.cty if head else None,
        "classification": head.classification if head else None,
        "created": head.created if head else None,
        "period": head.period if head else None,
        "irt": head.irt if head else None,
        "sup": head.sup if head else None,
        "recipients": " ".join(head.to) if head else "",
        "thread": record.noted.thread,
        "facts": facts_text(record.noted.facts),
        "verdict": record.verdict.outcome if record.verdict else None,
        "refusal_code": result.code if isinstance(result, Refusal) else None,
        "refusal_detail": result.detail if isinstance(result, Refusal) else None,
        "manifest": examined.manifest,
        "custody": submission.custody,
        "custody_index": examined.custody.index,
        "custody_t": examined.custody.t,
        "registry_index": examined.custody.reg,
        "content_digest": result.digest if isinstance(result, Content) else None,
        "content_size": result.size if isinstance(result, Content) else None,
        "pack_version": check.pack.version if check else None,
        "pack_digest": check.pack.digest if check else None,
        "stored_at": record.stored_at,
        "traceparent": submission.traceparent,
    }


def _store_version(connection: Connection, filed: Filed, inbox: int, stored_at: str) -> None:
    facts = filed.facts
    newest = {
        "submissions": filed.n,
        "kind": facts.kind,
        "year": facts.year,
        "is_nil": facts.is_nil,
        "version": facts.version,
        "verdict": filed.verdict.outcome,
        "registration": filed.registration,
        "updated_at": stored_at,
    }
    if filed.registration:
        newest |= {"registered": facts.version, "registered_kind": facts.kind, "withdrawn": False}
    if filed.n == 1:
        first = {
            "id": filed.declaration,
            "owner": filed.owner,
            "declaration_id": facts.declaration_id,
            "registered": 0,
            "registered_kind": None,
            "withdrawn": False,
        }
        connection.execute(insert(DECLARATIONS).values(first | newest))
    else:
        connection.execute(
            update(DECLARATIONS).where(DECLARATIONS.c.id == filed.declaration).values(newest)
        )
    (version,) = connection.execute(
        insert(VERSIONS)
        .values(
            declaration=filed.declaration,
            n=filed.n,
            inbox=inbox,
            version=facts.version,
            state_code=facts.state_code,
            kind=facts.kind,
            year=facts.year,
            is_nil=facts.is_nil,
            verdict=filed.verdict.outcome,
            registration=filed.registration,
            canonical_digest=filed.check.canonical_digest,
        )
        .returning(VERSIONS.c.id)
    ).one()
    if filed.registration:
        closed = {"version": version, "owner": filed.owner, "year": facts.year}
        _insert_all(connection, CLOSURES, ({**closed, "scope": s} for s in set(facts.closes)))


def _store_revision(connection: Connection, filed: Filed, inbox: int, stored_at: str) -> None:
    """Move what an amendment or withdrawal is about; what was registered stays as it is."""
    revised = filed.revised
    if revised is None:
        return
    connection.execute(
        insert(REVISIONS).values(
            inbox=inbox,
            declaration=revised.declaration,
            version=revised.version,
            result=revised.result,
            site_code=revised.site_code,
        )
    )
    moved: dict[str, object] = {"updated_at": stored_at}
    if revised.result is not None:
        moved |= {"registered": revised.result, "withdrawn": False}
    elif revised.site_code is None:
        moved |= {"withdrawn": True}
    connection.execute(
        update(DECLARATIONS).where(DECLARATIONS.c.id == revised.declaration).values(moved)
    )


def _compared(filed: Filed, inbox: int) -> Iterable[dict[str, object]]:
    for position, one in enumerate(filed.check.compared):
        yield {
            "inbox": inbox,
            "position": position,
            "declaration_id": one.declaration_id,
            "version": one.version,
            "canonical_digest": one.digest,
        }


def _findings(record: Record, inbox: int) -> Iterable[dict[str, object]]:
    for position, finding in enumerate(record.findings):
        yield {
            "inbox": inbox,
            "position": position,
            "rule": finding.rule,
            "severity": finding.severity,
            "pointer": finding.pointer,
            "message": finding.message,
            "expected": finding.expected,
            "received": finding.received,
            "fix": finding.fix,
            "law": finding.law,
            "way": finding.way,
            "args": json.dumps(dict(finding.args), ensure_ascii=False),
            "answer": finding.answer,
            "document": finding.document,
        }


def _insert_all(connection: Connection, table: Table, rows: Iterable[dict[str, object]]) -> None:
    listed = list(rows)
    if listed:
        connection.execute(insert(table), listed)
