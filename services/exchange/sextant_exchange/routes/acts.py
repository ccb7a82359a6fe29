"""HTTP for logged acts: recall, dead letters, the acts on an envelope, and what stays of one."""

import json
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sextant_exchange.domain.acting import LoggedActs
from sextant_exchange.domain.acts import ActKind, StoredAct
from sextant_exchange.domain.erasing import Heads
from sextant_exchange.domain.lookup import Lookup
from sextant_exchange.domain.ports import Acts
from sextant_exchange.domain.registration import Registration
from sextant_shared.chassis.api_docs import JOSE_TYPE, jws
from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.clock import timestamp_ms
from sextant_shared.models.acts import (
    ActPage,
    ActView,
    DiscardRequest,
    RecallDetail,
    RecallRequest,
    ReplayRequest,
)
from sextant_shared.protocol.access import Action, Subject, require
from sextant_shared.protocol.acts import act_receipt

MAX_SEQ = 2**53 - 1
_OK, _ACCEPTED = 200, 202
_DONE = {"model": ActView, "description": "Done, and in the log"}
_OWED = {"model": ActView, "description": "Done; the log owes its proof: see the acts later"}
_ANSWERS = {_OK: _DONE, _ACCEPTED: _OWED}
_MANIFEST = jws("JWS of the manifest")
Seq = Annotated[int, Path(ge=1, le=MAX_SEQ)]


def act_routes(
    logged: LoggedActs,
    acts: Acts,
    lookup: Lookup,
    heads: Heads,
    registration: Registration,
    ring: Callable[[list[str]], None],
) -> APIRouter:
    """Return the routes; `ring` wakes those who wait for a party's mailbox."""
    router = guarded_router(prefix="/v1", tags=["acts"])

    @router.post(
        "/envelopes/{sender}/{envelope_id}/recall",
        **action(Action.ENVELOPE_RECALL, responses=_ANSWERS),
    )
    async def recall_envelope(
        request: Request, sender: str, envelope_id: str, body: RecallRequest
    ) -> Response:
        """Recall an envelope from every recipient that has neither leased nor fetched it.

        The detail says for each recipient what became of it; 409 when all have theirs.
        """
        subject = subject_of(request)
        stored = await lookup.find(subject, sender, envelope_id)
        require(subject, Action.ENVELOPE_RECALL, [stored.claim.sender])
        act = await logged.recall(stored, body.statement.encode(), registration.registry)
        return _act(act, subject, stored.claim.sender)

    @router.get(
        "/envelopes/{sender}/{envelope_id}/acts",
        response_model=ActPage,
        **action(Action.ENVELOPE_READ),
    )
    async def read_acts(request: Request, sender: str, envelope_id: str) -> Response:
        """List the logged acts on an envelope that concern you, with their receipts."""
        subject = subject_of(request)
        stored = await lookup.find(subject, sender, envelope_id)
        found = [act for act in await acts.of(stored.number) if concerns(act, subject, sender)]
        page = ActPage(acts=[_view(act, subject, sender) for act in found])
        return JSONResponse(page.model_dump(mode="json"))

    @router.get(
        "/envelopes/{sender}/{envelope_id}/manifest",
        response_class=Response,
        **action(Action.ENVELOPE_READ, responses={_OK: _MANIFEST}),
    )
    async def read_manifest(request: Request, sender: str, envelope_id: str) -> Response:
        """Return the signed head, also when the ciphertext is erased."""
        stored = await lookup.find(subject_of(request), sender, envelope_id)
        manifest = await heads.of(stored.number, stored.blob, stored.claim.manifest_digest)
        return Response(manifest, media_type=JOSE_TYPE)

    @router.post(
        "/mailbox/dead-letters/{seq}/replay",
        **action(Action.DEAD_LETTER_REPLAY, responses=_ANSWERS),
    )
    async def replay(request: Request, seq: Seq, body: ReplayRequest | None = None) -> Response:
        """Make a dead letter available again."""
        subject = subject_of(request)
        act = await logged.replay(subject, seq, body or ReplayRequest())
        ring([subject.party or ""])
        return _act(act, subject)

    @router.post(
        "/mailbox/dead-letters/{seq}/discard",
        **action(Action.DEAD_LETTER_DISCARD, responses=_ANSWERS),
    )
    async def discard(request: Request, seq: Seq, body: DiscardRequest) -> Response:
        """Give up a dead letter for good, with the reason; twice is one act."""
        subject = subject_of(request)
        return _act(await logged.discard(subject, seq, body), subject)

    return router


def _act(act: StoredAct, subject: Subject, sender: str = "") -> Response:
    code = _ACCEPTED if act.proof is None else _OK
    return JSONResponse(_view(act, subject, sender).model_dump(mode="json"), code)


def concerns(act: StoredAct, subject: Subject, sender: str) -> bool:
    """Whether an act is the caller's business: the sender's is all, a recipient's its own.

    A recall concerns those whose copy it took; to the others nothing happened.
    """
    if subject.party == sender or act.made.party in {None, subject.party}:
        return True
    return act.made.kind is ActKind.RECALL and subject.party in _recalled_from(act)


def _recalled_from(act: StoredAct) -> set[str]:
    if act.made.detail is None:  # destroyed: whom it took a copy from is nobody's to know now
        return set()
    detail = RecallDetail.model_validate_json(act.made.detail)
    return {copy.party for copy in detail.recipients if copy.outcome == "recalled"}


def opening_of(act: StoredAct, subject: Subject, sender: str) -> tuple[bytes, bytes] | None:
    """Return detail and salt, for who acted, unless they were destroyed.

    That a recipient has the envelope is its sender's to prove as well.
    """
    made = act.made
    is_for = made.party in {None, subject.party} or (
        made.kind is ActKind.ACKNOWLEDGEMENT and subject.party == sender
    )
    return (made.detail, made.salt) if made.detail and made.salt and is_for else None


def _view(act: StoredAct, subject: Subject, sender: str) -> ActView:
    """Return an act as the caller may see it; details are for those who acted."""
    made, opening = act.made, opening_of(act, subject, sender)
    receipt = None
    if act.proof is not None:
        receipt = act_receipt(made.entry, act.proof, opening)
    return ActView(
        type=str(made.kind),
        t=timestamp_ms(made.happened),
        party=made.party,
        index=act.index,
        receipt=receipt,
        detail=json.loads(opening[0]) if opening else None,
        statement=None if made.statement is None else made.statement.decode(),
    )
