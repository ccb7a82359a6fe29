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
from sextant_shared.chassis.telemetry import (
    Telemetry,
    current_trace_id,
    current_traceparent,
    trace_id_of,
)
from sextant_shared.clock import Clock, parse_timestamp
from sextant_shared.models.entries import parse_entry

LATE_S = 3600.0  # what the log is given so late has a trace of its own: back ends closed the first
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
    clock: Clock,
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
        is_late = _is_recovered(held) and clock() - _held_at(held) > LATE_S
        with telemetry.span(
            "exchange.log",
            parent=None if is_late else held.traceparent,
            links=[held.traceparent] if is_late else [],
        ):
            return await completing.submit(replace(held, traceparent=current_traceparent()))

    return DurableSteps(knowing.submit, holding.submit, complete)


def _is_recovered(held: Held) -> bool:
    return trace_id_of(held.traceparent) != current_trace_id()


def _held_at(held: Held) -> float:
    return parse_timestamp(parse_entry(held.entry).t)
