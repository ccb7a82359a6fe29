"""Finds the envelopes that others name, in both directions, in a few statements for a batch."""

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, RowMapping, select

from sextant_declarations.domain.deliveries import MessageFacts
from sextant_declarations.domain.records import Nature
from sextant_declarations.domain.threads import REQUEST, Anchor, Known
from sextant_declarations.storage.message_tables import SENT
from sextant_declarations.storage.tables import INBOX, OWED_REPLIES
from sextant_shared.chassis.database import Database


@dataclass(frozen=True)
class SqlThreads:
    """Reads envelopes as others name them."""

    database: Database
    own_party: str

    async def known(
        self, ids: Collection[tuple[str, str]], references: Collection[tuple[str, str]]
    ) -> Known:
        """Return what these parties name by envelope id, or by the number of a request.

        A party names what it sent us, what it got from us, and what it got together with us.
        """
        if not ids and not references:
            return Known()
        return await self.database.read(lambda c: self._known(c, ids, references))

    def _known(
        self,
        connection: Connection,
        ids: Collection[tuple[str, str]],
        references: Collection[tuple[str, str]],
    ) -> Known:
        known = Known()
        named = {id_ for _, id_ in ids}
        for parties, anchor in self._anchors(connection, named) if named else ():
            for party in parties:
                if (party, anchor.id) in ids:
                    known.by_id.setdefault((party, anchor.id), anchor)
        for party, number in references:
            for row in connection.execute(
                _SENT.where(
                    SENT.c.type == REQUEST, SENT.c.party == party, SENT.c.reference == number
                ).order_by(SENT.c.id)
            ).mappings():
                known.by_reference[party, number] = self._sent(row)
        return known

    def _anchors(
        self, connection: Connection, ids: Collection[str]
    ) -> Iterable[tuple[set[str], Anchor]]:
        """Yield each envelope of these ids with the parties that hold it."""
        for row in connection.execute(_SENT.where(SENT.c.envelope_id.in_(ids))).mappings():
            yield {self.own_party, row["party"]}, self._sent(row)
        for row in connection.execute(_RECEIVED.where(INBOX.c.envelope_id.in_(ids))).mappings():
            anchor = Anchor(
                sender=row["sender"],
                id=row["envelope_id"],
                type=row["type"],
                thread=row["thread"],
                facts=read_facts(row["facts"]),
            )
            yield {row["sender"], *row["recipients"].split()}, anchor
        for row in connection.execute(_REPLY.where(OWED_REPLIES.c.envelope_id.in_(ids))).mappings():
            yield (
                {self.own_party, row["party"]},
                Anchor(
                    sender=self.own_party,
                    id=row["envelope_id"],
                    type=row["type"],
                    thread=row["thread"],
                ),
            )

    def _sent(self, row: RowMapping) -> Anchor:
        return Anchor(
            sender=self.own_party,
            id=row["envelope_id"],
            type=row["type"],
            thread=row["thread"],
            facts=read_facts(row["facts"]),
            is_settled=row["is_deposited"],
        )


def facts_text(facts: MessageFacts | None) -> str | None:
    """Return the facts as a row holds them."""
    return json.dumps(asdict(facts)) if facts else None


def read_facts(text: str | None) -> MessageFacts | None:
    """Return the facts that a row holds."""
    if text is None:
        return None
    held = json.loads(text)
    concerns = held["concerns"]
    return MessageFacts(
        reference=held["reference"],
        concerns=(concerns[0], concerns[1]) if concerns else None,
        numbers=tuple(held["numbers"]),
        version=held["version"],
        ended=held["ended"],
        asked=held["asked"],
    )


_SENT = select(
    SENT.c.envelope_id, SENT.c.type, SENT.c.party, SENT.c.thread, SENT.c.facts, SENT.c.is_deposited
)
_RECEIVED = select(
    INBOX.c.sender,
    INBOX.c.envelope_id,
    INBOX.c.recipients,
    INBOX.c.type,
    INBOX.c.thread,
    INBOX.c.facts,
).where(INBOX.c.nature != Nature.REFUSED)
_REPLY = select(
    OWED_REPLIES.c.envelope_id, OWED_REPLIES.c.type, OWED_REPLIES.c.party, INBOX.c.thread
).join(INBOX, INBOX.c.id == OWED_REPLIES.c.inbox)
