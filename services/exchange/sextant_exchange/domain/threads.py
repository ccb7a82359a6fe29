"""Threads: envelopes that answer or supersede one another, as one party may see them.

The header names another envelope by its id alone, and ids are unique per sender only. So a link
counts between envelopes that share their people: each has the other's sender among its own sender
and recipients. What the caller may not see is not there for the caller, and links nothing.
"""

from collections.abc import Sequence

from sextant_exchange.domain.envelopes import Stored
from sextant_exchange.domain.lookup import Lookup
from sextant_exchange.domain.ports import Related
from sextant_shared.clock import timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import Header
from sextant_shared.models.exchange import EnvelopeThread, ThreadMember
from sextant_shared.models.receipts import OPENED_TYPE, OUTCOME_TYPE
from sextant_shared.protocol.access import Action, Subject, decide
from sextant_shared.protocol.message_types import find_type
from sextant_shared.protocol.type_checks import check_reply

MAX_THREAD = 500
_RECEIPTS = frozenset({OPENED_TYPE, OUTCOME_TYPE})


class Threads:
    """The use cases: the whole thread of an envelope, and whether a new one may join."""

    def __init__(self, lookup: Lookup, related: Related) -> None:
        self._lookup = lookup
        self._related = related

    async def thread(self, subject: Subject, sender: str, id_: str) -> EnvelopeThread:
        """Return the thread that an envelope of the caller's stands in, oldest first.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        first = await self._lookup.find(subject, sender, id_)
        found, fresh = {first.number: first}, [first]
        while fresh and len(found) <= MAX_THREAD:
            near = await self._near(fresh)
            linked = (
                one
                for one in near
                if one.number not in found
                and decide(subject, Action.ENVELOPE_READ, one.visible_to).allow
                and any(_are_linked(one, other) for other in fresh)
            )
            fresh = list({one.number: one for one in linked}.values())
            found |= {one.number: one for one in fresh}
        numbers = sorted(found)[:MAX_THREAD]
        members = [_member(found[number]) for number in numbers]
        return EnvelopeThread(members=members, is_cut=len(found) > MAX_THREAD)

    async def check_links(self, header: Header) -> None:
        """Check that `irt` and `sup` name envelopes of fitting types that the sender may see.

        A receipt is not looked after: the Secretariat answers what it was given.

        Raises:
            PlatformError: `E_POLICY`.
        """
        if header.type in _RECEIPTS or (header.irt is None and header.sup is None):
            return
        named = [id_ for id_ in (header.irt, header.sup) if id_ is not None]
        parties = {header.from_, *(to.party for to in header.to)}
        known = {
            one.claim.id: one.type
            for one in await self._related.with_ids(named)
            if header.from_ in one.visible_to and one.claim.sender in parties
        }
        if unknown := [id_ for id_ in named if id_ not in known]:
            raise PlatformError(
                Code.POLICY,
                "it names an envelope that its sender and recipients do not share",
                expected="`irt` and `sup` with ids of envelopes between them",
                received=", ".join(unknown),
                fix="Take the id from `sextant inbox`, and send to whoever sent that one.",
            )
        replied, superseded = known.get(header.irt or ""), known.get(header.sup or "")
        check_reply(find_type(header.type), replied, superseded)

    async def _near(self, fresh: Sequence[Stored]) -> list[Stored]:
        named = {id_ for one in fresh for id_ in (one.links.irt, one.links.sup) if id_}
        older = await self._related.with_ids(sorted(named)) if named else []
        newer = await self._related.naming([one.claim.id for one in fresh], MAX_THREAD + 1)
        return [*older, *newer]


def _are_linked(one: Stored, other: Stored) -> bool:
    names = one.claim.id in (other.links.irt, other.links.sup) or other.claim.id in (
        one.links.irt,
        one.links.sup,
    )
    return names and _has(one, other.claim.sender) and _has(other, one.claim.sender)


def _has(one: Stored, party: str) -> bool:
    return party == one.claim.sender or party in one.recipients


def _member(stored: Stored) -> ThreadMember:
    return ThreadMember(
        sender=stored.claim.sender,
        id=stored.claim.id,
        type=stored.type,
        class_=stored.classification,
        priority=stored.links.priority,
        irt=stored.links.irt,
        sup=stored.links.sup,
        recipients=list(stored.recipients),
        received=timestamp_ms(stored.received),
        accepted=None if stored.accepted is None else timestamp_ms(stored.accepted),
        index=stored.index,
    )
