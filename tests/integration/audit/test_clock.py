"""The log under a clock that went back: no entry, no older head, and readiness says why."""

from pathlib import Path

import pytest

from sextant_audit.app import create_app
from sextant_shared.clock import system_clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.checkpoints import verify_checkpoint
from tests.integration.audit.logs import AuditLog, Served
from tests.integration.audit.test_appending import append

pytestmark = pytest.mark.anyio


async def test_a_log_opened_with_an_old_clock_takes_no_entry(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve():
        pass  # its first head is published, with the time that it was signed
    # Callers' proofs are still within their minute.
    app = create_app(log.settings, clock=lambda: system_clock() - 30)
    async with app.router.lifespan_context(app):
        served = Served(app)
        with pytest.raises(PlatformError) as caught:
            await append(served, 1)
        assert caught.value.code is Code.UNAVAILABLE
        assert "behind" in caught.value.detail
        ready = await served.get("/readyz")
        assert (ready.status_code, "behind" in ready.json()["checks"]["clock"]) == (503, True)
        for client in served.clients:
            await client.close()
    assert (await log.check()).size == 1


async def test_a_clock_that_jumps_back_takes_no_entry_until_it_is_set_and_no_head_is_older(
    tmp_path: Path,
) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    off = [0.0]
    app = create_app(log.settings, clock=lambda: system_clock() + off[0])
    times: list[float] = []
    async with app.router.lifespan_context(app):
        served = Served(app)
        # 20 s: callers' proofs are still within their minute, whichever clock they have.
        for number, seconds in enumerate((0.0, 20.0, 0.0, 21.0), start=1):
            off[0] = seconds
            try:
                answer = await append(served, number)
            except PlatformError as error:
                times.append(-1 if error.retry_after_s else -2)
            else:
                times.append(verify_checkpoint(answer.checkpoint, keys).time)
        for client in served.clients:
            await client.close()
    assert times[2] == -1  # the clock stood behind what was written
    accepted = [time for time in times if time > 0]
    assert len(accepted) == 3
    assert accepted == sorted(accepted)
    assert (await log.check()).size == 4
