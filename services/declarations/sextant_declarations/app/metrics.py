"""The numbers of the declarations service that an operator watches."""

from collections.abc import Awaitable, Callable

from sextant_declarations.clients.spans import PROCESSING
from sextant_declarations.domain.reading import IntakeView
from sextant_shared.chassis.metrics import Metric, Metrics, Snapshot
from sextant_shared.clock import Clock, parse_timestamp

IN_FLIGHT = Metric(
    "dxe.declarations.in_flight",
    "{delivery}",
    "deliveries under examination",
    "at `MAX_LEASES` for long: give the workshop more `PROCESSES`",
    across="sum",
)
WAITING = Metric(
    "dxe.declarations.waiting",
    "s",
    "how long the exchange has given nothing; 0 while it answers",
    "above some minutes",
)
OWED = Metric(
    "dxe.declarations.owed",
    "{thing}",
    "entries, replies and messages that are stored and not delivered yet",
    "it does not fall within minutes; `GET /v1/queue` names them with the reason",
)
ALARMS = Metric(
    "dxe.declarations.alarms",
    "{head}",
    "log heads that do not fit each other, the newest twenty at most",
    "above 0: a split view, or a sender that claims one",
)
METRICS = (IN_FLIGHT, PROCESSING, WAITING, OWED, ALARMS)


def observe(
    metrics: Metrics, look: Callable[[], Awaitable[IntakeView]], clock: Clock
) -> Snapshot[IntakeView]:
    """Have all numbers of the service sent; return what is to ask it."""

    def waiting(view: IntakeView) -> float:
        since = view.waiting_since
        return 0.0 if since is None else max(0.0, clock() - parse_timestamp(since))

    seen = Snapshot(metrics, look)
    seen.observe(IN_FLIGHT, lambda view: view.in_flight)
    seen.observe(WAITING, waiting)
    seen.observe(OWED, lambda view: view.owed_total)
    seen.observe(ALARMS, lambda view: len(view.alarms))
    return seen
