"""The reading side: what officers are shown; declared content for an `Access` alone.

A page of a list takes one statement, however long it is; a declaration takes six.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    insert,
    select,
)

from sextant_declarations.domain.gate import Access
from sextant_declarations.domain.reading import (
    Act,
    ComparedFiling,
    DeclarationSummary,
    EnvelopeLine,
    Filters,
    RevisionView,
    VersionView,
)
from sextant_declarations.storage.tables import (
    ACCESS_LOG,
    CLOSURES,
    COMPARED,
    DECLARATIONS,
    FINDINGS,
    INBOX,
    REVISIONS,
    VERSIONS,
)
from sextant_shared.chassis.database import Database
from sextant_shared.encoding import b64u
from sextant_shared.errors import Severity
from sextant_shared.models.receipts import ReportedFinding, RulePack


@dataclass(frozen=True)
class SqlReading:
    """Reads this room's database for officers."""

    database: Database

    async def page(
        self, filters: Filters, before: int | None, limit: int
    ) -> list[tuple[int, DeclarationSummary]]:
        """Return up to `limit` declarations below position `before`, newest first."""
        row = DECLARATIONS
        wanted = select(*_SUMMARY).order_by(row.c.seq.desc()).limit(limit)
        for column, value in (
            (row.c.owner, filters.state),
            (row.c.kind, filters.kind),
            (row.c.year, filters.year),
            (row.c.verdict, filters.verdict),
        ):
            if value is not None:
                wanted = wanted.where(column == value)
        if before is not None:
            wanted = wanted.where(row.c.seq < before)
        rows = await self._all(wanted)
        return [(found["seq"], _summary(found)) for found in rows]

    async def declaration(self, id_: str) -> DeclarationSummary | None:
        """Return what the newest version says, None for an unknown id."""
        rows = await self._all(select(*_SUMMARY).where(DECLARATIONS.c.id == id_))
        return _summary(rows[0]) if rows else None

    async def versions(self, id_: str, access: Access) -> list[VersionView]:
        """Return the versions that the access covers, with their findings, oldest first."""
        closed = await self._all(
            select(CLOSURES.c.version, CLOSURES.c.scope)
            .join(VERSIONS, CLOSURES.c.version == VERSIONS.c.id)
            .where(VERSIONS.c.declaration == id_)
            .order_by(CLOSURES.c.scope)
        )
        rows = await self._all(
            select(*_VERSION)
            .join(INBOX, VERSIONS.c.inbox == INBOX.c.id)
            .where(VERSIONS.c.declaration == id_, VERSIONS.c.inbox.in_(access.inboxes))
            .order_by(VERSIONS.c.n)
        )
        findings: dict[int, list[ReportedFinding]] = {row["inbox"]: [] for row in rows}
        wanted = (
            select(*_FINDING)
            .where(FINDINGS.c.inbox.in_(findings))
            .order_by(FINDINGS.c.inbox, FINDINGS.c.position)
        )
        for found in await self._all(wanted):
            findings[found["inbox"]].append(_finding(found))
        compared = await self._compared(findings)
        return [
            _version(
                row,
                findings[row["inbox"]],
                [found["scope"] for found in closed if found["version"] == row["id"]],
                compared.get(row["inbox"], []),
            )
            for row in rows
        ]

    async def revisions(self, id_: str, access: Access) -> list[RevisionView]:
        """Return what amended or withdrew a declaration, oldest first."""
        rows = await self._all(
            select(*_REVISION)
            .join(VERSIONS, VERSIONS.c.inbox == REVISIONS.c.inbox)
            .join(DECLARATIONS, DECLARATIONS.c.id == VERSIONS.c.declaration)
            .join(INBOX, INBOX.c.id == REVISIONS.c.inbox)
            .where(REVISIONS.c.declaration == id_, REVISIONS.c.inbox.in_(access.inboxes))
            .order_by(REVISIONS.c.inbox)
        )
        return [
            RevisionView(
                by=row["id"],
                declaration_id=row["declaration_id"],
                registration=row["registration"],
                version=row["version"],
                result=row["result"],
                site_code=row["site_code"],
                stored=row["stored_at"],
            )
            for row in rows
        ]

    async def _compared(self, inboxes: Collection[int]) -> dict[int, list[ComparedFiling]]:
        rows = await self._all(
            select(COMPARED)
            .where(COMPARED.c.inbox.in_(inboxes))
            .order_by(COMPARED.c.inbox, COMPARED.c.position)
        )
        found: dict[int, list[ComparedFiling]] = {}
        for row in rows:
            found.setdefault(row["inbox"], []).append(
                ComparedFiling(
                    declaration_id=row["declaration_id"],
                    version=row["version"],
                    content=b64u(row["canonical_digest"]),
                )
            )
        return found

    async def envelopes(
        self, nature: str | None, before: int | None, limit: int
    ) -> list[tuple[int, EnvelopeLine]]:
        """Return up to `limit` envelopes below position `before`, newest first."""
        row = INBOX
        wanted = select(*_ENVELOPE_LINE).order_by(row.c.id.desc()).limit(limit)
        if nature is not None:
            wanted = wanted.where(row.c.nature == nature)
        if before is not None:
            wanted = wanted.where(row.c.id < before)
        return [(found["seq"], _envelope_line(found)) for found in await self._all(wanted)]

    async def note_act(self, act: Act) -> None:
        """Append to the log of officers' acts; done when it is stored."""
        row = insert(ACCESS_LOG).values(
            t=act.t,
            client=act.client,
            role=act.role,
            action=act.action,
            subject=act.subject,
        )

        def write(connection: Connection) -> None:
            connection.execute(row)

        await self.database.write(write)

    async def _all(self, wanted: Select[*tuple[Any, ...]]) -> Sequence[RowMapping]:
        return await self.database.read(lambda c: c.execute(wanted).mappings().all())


_SUMMARY = (
    DECLARATIONS.c.seq,
    DECLARATIONS.c.id,
    DECLARATIONS.c.owner,
    DECLARATIONS.c.declaration_id,
    DECLARATIONS.c.kind,
    DECLARATIONS.c.year,
    DECLARATIONS.c.is_nil,
    DECLARATIONS.c.version,
    DECLARATIONS.c.submissions,
    DECLARATIONS.c.verdict,
    DECLARATIONS.c.registration,
    DECLARATIONS.c.registered,
    DECLARATIONS.c.withdrawn,
    DECLARATIONS.c.updated_at,
)
_VERSION = (
    VERSIONS.c.id,
    VERSIONS.c.n,
    VERSIONS.c.inbox,
    VERSIONS.c.version,
    VERSIONS.c.kind,
    VERSIONS.c.year,
    VERSIONS.c.is_nil,
    VERSIONS.c.verdict,
    VERSIONS.c.registration,
    VERSIONS.c.canonical_digest,
    INBOX.c.sender,
    INBOX.c.envelope_id,
    INBOX.c.custody_index,
    INBOX.c.custody_t,
    INBOX.c.stored_at,
    INBOX.c.pack_version,
    INBOX.c.pack_digest,
)
_FINDING = (
    FINDINGS.c.inbox,
    FINDINGS.c.rule,
    FINDINGS.c.severity,
    FINDINGS.c.pointer,
    FINDINGS.c.message,
    FINDINGS.c.expected,
    FINDINGS.c.received,
    FINDINGS.c.fix,
    FINDINGS.c.law,
    FINDINGS.c.way,
    FINDINGS.c.args,
    FINDINGS.c.answer,
    FINDINGS.c.document,
)
_REVISION = (
    DECLARATIONS.c.id,
    DECLARATIONS.c.declaration_id,
    VERSIONS.c.registration,
    REVISIONS.c.version,
    REVISIONS.c.result,
    REVISIONS.c.site_code,
    INBOX.c.stored_at,
)
_ENVELOPE_LINE = (
    INBOX.c.id.label("seq"),
    INBOX.c.sender,
    INBOX.c.envelope_id,
    INBOX.c.nature,
    INBOX.c.type,
    INBOX.c.classification,
    INBOX.c.verdict,
    INBOX.c.refusal_code,
    INBOX.c.refusal_detail,
    INBOX.c.custody_index,
    INBOX.c.custody_t,
    INBOX.c.stored_at,
)


def _summary(found: RowMapping) -> DeclarationSummary:
    return DeclarationSummary(
        id=found["id"],
        state=found["owner"],
        declaration_id=found["declaration_id"],
        kind=found["kind"],
        year=found["year"],
        nil=found["is_nil"],
        version=found["version"],
        versions=found["submissions"],
        verdict=found["verdict"],
        registration=found["registration"],
        in_force=None if found["withdrawn"] else found["registered"] or None,
        updated=found["updated_at"],
    )


def _version(
    found: RowMapping,
    findings: list[ReportedFinding],
    closes: list[str],
    compared: list[ComparedFiling],
) -> VersionView:
    digest = found["canonical_digest"]
    return VersionView(
        n=found["n"],
        version=found["version"],
        kind=found["kind"],
        year=found["year"],
        nil=found["is_nil"],
        closes=closes,
        verdict=found["verdict"],
        registration=found["registration"],
        sender=found["sender"],
        envelope=found["envelope_id"],
        custody=found["custody_index"],
        received=found["custody_t"],
        stored=found["stored_at"],
        rules=RulePack(version=found["pack_version"], digest=found["pack_digest"]),
        content=b64u(digest) if digest else None,
        findings=findings,
        compared=compared,
    )


def _finding(found: RowMapping) -> ReportedFinding:
    return ReportedFinding(
        rule=found["rule"],
        severity=Severity(found["severity"]),
        pointer=found["pointer"],
        message=found["message"],
        expected=found["expected"],
        received=found["received"],
        fix=found["fix"],
        law=found["law"],
        way=found["way"],
        args=json.loads(found["args"]),
        answer=found["answer"],
        document=found["document"],
    )


def _envelope_line(found: RowMapping) -> EnvelopeLine:
    code = found["refusal_code"]
    return EnvelopeLine(
        sender=found["sender"],
        id=found["envelope_id"],
        nature=found["nature"],
        type=found["type"],
        classification=found["classification"],
        verdict=found["verdict"],
        refusal=f"{code}: {found['refusal_detail']}" if code else None,
        custody=found["custody_index"],
        received=found["custody_t"],
        stored=found["stored_at"],
    )
