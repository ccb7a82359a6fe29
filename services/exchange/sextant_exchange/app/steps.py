"""The durable steps of a deposit, each joined with natural batching."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from sextant_exchange.clients.audit import is_sampled
from sextant_exchange.domain.allowance import Allowance
from sextant_exchange.domain.completion import Completion
from sextant_exchange.domain.deposit import DurableSteps
from sextant_exchange.domain.envelopes import Acceptable, Claim, Held, HoldResult
from sextant_exchange.settings import ExchangeSettings
from sextant_exchange.storage.envelopes import SqlEnvelopes
from sextant_shared.chassis.batching import Batcher
from sextant_shared.chassis.telemetry import Telemetry, current_traceparent
from sextant_shared.clock import Clock

Hold = Callable[[Sequence[Acceptable]], Awaitable[list[HoldResult]]]


def counted(envelopes: SqlEnvelopes, allowance: Allowance, clock: Clock) -> Hold:
    """Return step A, which counts what each sender has used."""

    async def hold(batch: Sequence[Acceptable]) -> list[HoldResult]:
        now = clock()
        results = await envelopes.hold(batch, now)
        allowance.held(batch, results, now)
        return results

    return hold


def durable_steps(
    settings: ExchangeSettings,
    envelopes: SqlEnvelopes,
    completion: Completion,
    telemetry: Telemetry,
    hold: Hold,
) -> DurableSteps:
    """Join each step with natural batching: one commit, one call, one commit for many."""
    limits = {"max_batch": settings.log_batch, "max_waiting": settings.max_waiting}
    knowing: Batcher[Claim, HoldResult | None] = Batcher(envelopes.known, **limits)
    holding: Batcher[Acceptable, HoldResult] = Batcher(hold, **limits)
    completing: Batcher[Held, bytes] = Batcher(completion, **limits)

    async def complete(held: Held) -> bytes:
        if not is_sampled(held.traceparent):
            return await completing.submit(held)
        # The batch's call to the log becomes a child of its first deposit's span, and links the
        # others: so each deposit's own trace shows how long the log took for it.
        with telemetry.span("exchange.log", parent=held.traceparent):
            return await completing.submit(replace(held, traceparent=current_traceparent()))

    return DurableSteps(knowing.submit, holding.submit, complete)
