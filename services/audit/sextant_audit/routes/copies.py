"""`POST /v1/copies`: operators report backups and restores, and the log keeps it."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request

from sextant_shared.chassis.routing import action, guarded_router, subject_of
from sextant_shared.models.copies import CopyAnswer, CopyReport
from sextant_shared.protocol.access import Action

Report = Callable[[CopyReport, str], Awaitable[CopyAnswer]]


def copies_router(report: Report) -> APIRouter:
    """Return the route."""
    router = guarded_router(prefix="/v1", tags=["copies"])

    @router.post("/copies", **action(Action.COPY_REPORT))
    async def report_copy(request: Request, body: CopyReport) -> CopyAnswer:
        """Report a backup that was made, or a restore from one; the answer proves the entry."""
        return await report(body, subject_of(request).client_id)

    return router
