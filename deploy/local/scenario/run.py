"""One run of a scenario on a platform that is up: enrol, seal, send, wait, look for everything."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from deploy.local.scenario.checking import ask_exchange, count_answers, count_registered, read_log
from deploy.local.scenario.plan import Plan
from deploy.local.scenario.report import Report, Seen
from deploy.local.scenario.sending import Burst
from deploy.local.scenario.states import Progress, Ready, enrol, seal
from deploy.local.screen import Screen
from deploy.local.stack import Stack
from sextant_client.client import Client
from sextant_shared.errors import PlatformError

DRAIN_S = 240.0


def run_scenario(stack: Stack, plan: Plan, folder: Path, screen: Screen) -> Report:
    """Run a scenario; everything that it writes lies in `folder`."""
    with screen.step(f"{plan.parties} States get keys and are enrolled"):
        clients = enrol(stack, plan, folder, _meter(screen, "enrolled"))
    with ExitStack() as connections:
        for client in clients:
            connections.enter_context(client)
        return _run(stack, clients, plan, folder, screen)


def _run(
    stack: Stack, clients: Sequence[Client], plan: Plan, folder: Path, screen: Screen
) -> Report:
    with screen.step("They seal what they will send"):
        ready = seal(clients, plan, folder, _meter(screen, "sealed"))
    with screen.step(f"An hour in {plan.minutes:g} minute(s): everything is sent when it is due"):
        burst = Burst(stack, plan, _meter(screen, "receipts"))
        burst.send(ready)
    with screen.step("The Secretariat works its queue off"):
        drained_s = burst.drain(DRAIN_S)
    with screen.step("Every envelope is looked for: exchange, log, register, mailboxes"):
        return Report(plan, look(stack, clients, ready, burst, drained_s))


def look(
    stack: Stack,
    clients: Sequence[Client],
    ready: Sequence[Sequence[Ready]],
    burst: Burst,
    drained_s: float | None,
) -> Seen:
    """Look for every envelope at the exchange, in the log, in the register and in mailboxes."""
    held = ask_exchange(one for some in ready for one in some)
    logged, size, flaw = Counter[str](), 0, None
    try:
        size, logged = read_log(stack)
    except PlatformError as error:
        flaw = f"{error.code}: {error.detail}"
    return Seen(
        sent=burst.sent,
        at_exchange=frozenset(one.id for one in held),
        copies={one.id: one.copies for one in held},
        queued=frozenset(one.id for one in held if one.is_waiting),
        other_receipt=frozenset(one.id for one in held if not one.is_same_receipt),
        registered=count_registered(stack),
        logged=logged,
        answers=count_answers(clients),
        log_size=size,
        log_flaw=flaw,
        outages=burst.outages,
        oldest_queue_s=burst.oldest_queue_s,
        drained_s=drained_s,
    )


def _meter(screen: Screen, what: str) -> Progress:
    def report(done: int, total: int) -> None:
        screen.progress(f"{done:,}/{total:,} {what}")

    return report
