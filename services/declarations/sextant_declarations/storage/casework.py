"""What the task asks that moves cases by itself: new pairs, moved pairs, replies."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from sextant_declarations.analysis.cases.workflow import CaseState, Priority
from sextant_declarations.domain.casebook import NewCaseStep, StoredCase
from sextant_declarations.domain.casework import Candidate, Replied
from sextant_declarations.domain.matching import NAME
from sextant_declarations.domain.rooms import Bound
from sextant_declarations.storage.analysis_tables import ANALYSES, TRANSFERS
from sextant_declarations.storage.case_tables import CASE_MESSAGES, CASE_PAIRS, CASES
from sextant_declarations.storage.cases import (
    DIFFERENCES,
    RESTRICTED,
    SEEN,
    SqlCases,
    append_step,
    insert_case,
    newest_envelope,
    read_cases,
    read_pairs,
)
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.stated_tables import STATED
from sextant_declarations.storage.tables import DECLARATIONS, INBOX, VERSIONS
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import OutcomeVerdict

_MAX_BYTES = 1 << 20
_WAITING = (str(CaseState.REQUESTED), str(CaseState.INVESTIGATING))


@dataclass(frozen=True)
class SqlCasework(SqlCases):
    """Cases as they move by themselves, and the messages of their rooms."""

    async def marks(self) -> tuple[int, int]:
        """Return what grows with every change of pairs, and with every envelope that came."""
        changes = select(ANALYSES.c.changes).where(ANALYSES.c.name == NAME)
        last = select(func.max(INBOX.c.id))

        def read(connection: Connection) -> tuple[int, int]:
            found = connection.execute(changes).scalar_one_or_none() or 0
            return found, connection.execute(last).scalar() or 0

        return await self.database.read(read)

    async def candidates(self, until_year: int, limit: int) -> list[Candidate]:
        """Return pairs to be explained that have no case."""
        row = TRANSFERS.c
        is_due = row.klass.in_(DIFFERENCES) & (row.year <= until_year)
        wanted = [
            row.in_force,
            or_(is_due, row.klass.in_(RESTRICTED)),
            row.id.not_in(select(CASE_PAIRS.c.pair)),
        ]

        def read(connection: Connection) -> list[Candidate]:
            found = read_pairs(connection, wanted, limit)
            candidates = []
            for matched, declarations in found.values():
                envelope, custody = newest_envelope(connection, declarations)
                candidates.append(
                    Candidate(
                        matched=matched,
                        earlier=_earlier(connection, matched.id),
                        declarations=declarations,
                        envelope=envelope,
                        custody=custody,
                    )
                )
            return candidates

        return await self.database.read(read)

    async def last_position(self) -> int:
        """Return the position of the newest case, 0 before the first."""
        wanted = select(func.coalesce(func.max(CASES.c.position), 0))
        found: int = await self.database.read(lambda c: c.execute(wanted).scalar_one())
        return found

    async def open(self, step: NewCaseStep) -> None:
        """Store a new case with its first step.

        Raises:
            PlatformError: `E_PRECONDITION` when its number or its pair was taken meanwhile.
        """
        try:
            await self.database.write(lambda c: insert_case(c, self.notes, step))
        except IntegrityError as error:
            raise PlatformError(
                Code.PRECONDITION, "the number or the pair of the case was taken meanwhile"
            ) from error

    async def moved(self, limit: int) -> list[StoredCase]:
        """Return cases of which a pair says something else than when they were looked at last."""
        wanted = (
            select(CASE_PAIRS.c.case)
            .join(TRANSFERS, TRANSFERS.c.id == CASE_PAIRS.c.pair)
            .where(CASE_PAIRS.c.seen != SEEN)
        )
        return await self.database.read(
            lambda c: read_cases(c, [CASES.c.number.in_(wanted)], limit)
        )

    async def seen(self, number: str, step: NewCaseStep | None, new: Priority) -> None:
        """Keep what its pairs say now, and the step that follows from it, if one does."""
        said = select(SEEN).where(TRANSFERS.c.id == CASE_PAIRS.c.pair).scalar_subquery()

        def store(connection: Connection) -> None:
            if step is not None:
                append_step(connection, self.notes, step, priority=str(new))
            of_case = CASE_PAIRS.c.case == number
            connection.execute(update(CASE_PAIRS).where(of_case).values(seen=said))

        await self.database.write(store)

    async def earlier(self, pairs: Sequence[str]) -> int:
        """Return in how many years before it a flow of these had a case, at most."""
        return await self.database.read(
            lambda c: max((_earlier(c, pair) for pair in pairs), default=0)
        )

    async def replied(self, limit: int) -> list[Replied]:
        """Return cases that wait for an answer, with the first reply that came since."""
        reply = (
            select(CASES.c.number, func.min(INBOX.c.id).label("inbox"))
            .join(CASE_MESSAGES, CASE_MESSAGES.c.case == CASES.c.number)
            .join(SENT, SENT.c.message_id == CASE_MESSAGES.c.message)
            .join(INBOX, INBOX.c.thread == SENT.c.thread)
            .where(
                CASES.c.state.in_(_WAITING),
                INBOX.c.type == "clarification.reply",
                func.coalesce(INBOX.c.verdict, "") != OutcomeVerdict.RETURNED,
                INBOX.c.stored_at >= CASES.c.since,
            )
            .group_by(CASES.c.number)
            .limit(limit)
            .subquery()
        )
        wanted = select(reply.c.number, INBOX.c.sender, INBOX.c.envelope_id).join(
            INBOX, INBOX.c.id == reply.c.inbox
        )

        def read(connection: Connection) -> list[Replied]:
            found = {row.number: row for row in connection.execute(wanted)}
            cases = read_cases(connection, [CASES.c.number.in_(found)])
            return [Replied(one, found[one.number].envelope_id) for one in cases]

        return await self.database.read(read)

    async def bound(self, number: str) -> list[Bound]:
        """Return the messages that are bound to a case, the oldest first."""
        wanted = (
            select(
                SENT.c.message_id,
                SENT.c.party,
                SENT.c.envelope_id,
                SENT.c.thread,
                SENT.c.is_deposited,
            )
            .join(CASE_MESSAGES, CASE_MESSAGES.c.message == SENT.c.message_id)
            .where(CASE_MESSAGES.c.case == number)
            .order_by(SENT.c.id)
        )
        rows = await self.database.read(lambda c: c.execute(wanted).all())
        return [Bound(*row) for row in rows]

    async def language(self, state: str) -> str:
        """Return the language of what a State registered last; English where it is not known."""
        wanted = (
            select(STATED.c.said)
            .join(VERSIONS, VERSIONS.c.inbox == STATED.c.inbox)
            .join(DECLARATIONS, DECLARATIONS.c.id == VERSIONS.c.declaration)
            .where(DECLARATIONS.c.owner == state)
            .order_by(STATED.c.inbox.desc())
            .limit(1)
        )
        said = await self.database.read(lambda c: c.execute(wanted).scalar_one_or_none())
        if said is None:
            return "en"
        return str(parse_json(said.encode(), max_bytes=_MAX_BYTES).get("language", "en"))


def _earlier(connection: Connection, pair: str) -> int:
    """Return in how many years before this one the same flow had a case."""
    now, before = TRANSFERS.alias("now"), TRANSFERS.alias("before")
    wanted = (
        select(func.count(func.distinct(before.c.year)))
        .select_from(now)
        .join(
            before,
            (before.c.chemical == now.c.chemical)
            & (before.c.exporter == now.c.exporter)
            & (before.c.importer == now.c.importer)
            & (before.c.year < now.c.year),
        )
        .join(CASE_PAIRS, CASE_PAIRS.c.pair == before.c.id)
        .where(now.c.id == pair)
    )
    found: int = connection.execute(wanted).scalar_one()
    return found
