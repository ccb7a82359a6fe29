"""HTTP for a party's own part of the log: its entries whole, each with its proof."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Query
from starlette.requests import Request

from sextant_exchange.domain.acts import StoredAct
from sextant_exchange.routes.acts import concerns, opening_of
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.encoding import b64u
from sextant_shared.models.entry_members import MAX_INDEX
from sextant_shared.models.exchange import PartyEntry, PartyEntryPage
from sextant_shared.protocol.access import Action, Subject

WINDOW = 5000  # positions of the log looked at in one request
After = Annotated[int, Query(ge=0, le=MAX_INDEX, description="`next` of the page before")]


class Entries(Protocol):
    """Custody entries, statements and party documents."""

    async def newest(self) -> int:
        """Return the largest index."""
        ...

    async def of(self, party: str, after: int, until: int) -> list[PartyEntry]:
        """Return what concerns a party at indexes `after < index <= until`."""
        ...


class ActsBetween(Protocol):
    """Logged acts by their place in the log."""

    async def between(self, after: int, until: int) -> list[tuple[StoredAct, str]]:
        """Return acts at indexes `after < index <= until`, and whose envelopes they are about."""
        ...


def entry_routes(entries: Entries, acts: ActsBetween) -> APIRouter:
    """Return the routes."""
    router = guarded_router(prefix="/v1", tags=["entries"])

    @router.get("/entries", **action(Action.ENTRY_READ))
    async def read_entries(request: Request, after: After = 0) -> PartyEntryPage:
        """List the entries of the log that concern you, whole and with proof, in their order.

        A page covers a part of the log and may be empty; `next` is where the next one begins, null
        at the end. Details are opened for those whose act it was.
        """
        subject = subject_of(request)
        until, newest = after + WINDOW, await entries.newest()
        found = await entries.of(subject.party or "", after, until)
        for act, sender in await acts.between(after, until):
            if concerns(act, subject, sender):
                found.append(_act(act, subject, sender))
        found.sort(key=lambda one: one.index)
        return PartyEntryPage(entries=found, next=until if until < newest else None)

    return router


def _act(act: StoredAct, subject: Subject, sender: str) -> PartyEntry:
    detail, salt = opening_of(act, subject, sender) or (None, None)
    return PartyEntry(
        index=act.index or 0,
        entry=b64u(act.made.entry),
        proof=act.proof or "",
        detail=None if detail is None else b64u(detail),
        salt=None if salt is None else b64u(salt),
    )
