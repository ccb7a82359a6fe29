"""Looks at the stored whole, read-only, also while the exchange is served: what holds, what is due.

What must hold: every recipient of an accepted envelope has one delivery, numbered without a gap;
each delivery is available, leased with its token, acknowledged, recalled or discarded by an act, or
dead with a reason; what is erased was closed and left its manifest, what is not has its ciphertext.
These look at everything that ever was: they are for an operator's command, never for a request.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from sextant_exchange.domain.retention import Retention
from sextant_exchange.storage.erasable import kept
from sextant_shared.chassis.database import Place, open_reader
from sextant_shared.errors import Code, PlatformError

PAGE = 1000
MAX_EXAMPLES = 5
_BROKEN: Mapping[str, str] = {
    "a delivery is in no known state": """
        SELECT party || ' ' || seq FROM delivery WHERE state NOT IN
        ('available', 'leased', 'acknowledged', 'dead', 'discarded', 'recalled')""",
    "a leased delivery has no lease, or another one has": """
        SELECT party || ' ' || seq FROM delivery
        WHERE (state = 'leased') != (lease IS NOT NULL AND lease_until IS NOT NULL)""",
    "a dead letter has no reason": """
        SELECT party || ' ' || seq FROM delivery WHERE state = 'dead' AND last_error = ''""",
    "a delivery was discarded without an act": """
        SELECT party || ' ' || seq FROM delivery AS d WHERE state = 'discarded' AND NOT EXISTS
        (SELECT 1 FROM act WHERE kind = 'delivery.discarded'
            AND act.number = d.number AND act.party = d.party AND act.seq = d.seq)""",
    "an acknowledgement neither owes its entry nor has an act": """
        SELECT party || ' ' || seq FROM delivery AS d WHERE state = 'acknowledged' AND NOT EXISTS
        (SELECT 1 FROM event WHERE event.number = d.number AND event.party = d.party
            AND event.act = 'acknowledged' AND (act_position IS NULL OR EXISTS
                (SELECT 1 FROM act WHERE position = act_position
                    AND kind = 'delivery.acknowledged' AND act.seq = d.seq)))""",
    "a delivery was recalled without an act": """
        SELECT party || ' ' || seq FROM delivery AS d WHERE state = 'recalled' AND NOT EXISTS
        (SELECT 1 FROM act WHERE kind = 'envelope.recalled' AND act.number = d.number)""",
    "a recipient of an accepted envelope has no delivery, or two": """
        SELECT e.sender || ' ' || e.id FROM envelope AS e WHERE log_index IS NOT NULL
        AND (SELECT count(*) FROM delivery AS d WHERE d.number = e.number)
            != length(recipients) - length(replace(recipients, ' ', '')) + 1""",
    "a mailbox has a gap": """
        SELECT party FROM delivery GROUP BY party HAVING count(*) != max(seq)""",
    "a ciphertext was erased while a copy was open": """
        SELECT e.sender || ' ' || e.id FROM envelope AS e JOIN delivery AS d ON d.number = e.number
        WHERE erased IS NOT NULL AND d.state NOT IN ('acknowledged', 'discarded', 'recalled')""",
    "an erased envelope lacks its manifest or its act": """
        SELECT e.sender || ' ' || e.id FROM envelope AS e WHERE erased IS NOT NULL AND NOT (
            EXISTS (SELECT 1 FROM manifest AS m WHERE m.number = e.number)
            AND EXISTS (SELECT 1 FROM act WHERE act.number = e.number
                AND kind = 'envelope.erased' AND log_index IS NOT NULL))""",
    "an envelope that is not erased has no ciphertext": """
        SELECT e.sender || ' ' || e.id FROM envelope AS e WHERE erased IS NULL AND blob IS NULL
        AND NOT EXISTS (SELECT 1 FROM content AS c WHERE c.number = e.number)""",
    "an act in the log has no proof": """
        SELECT kind || ' ' || position FROM act WHERE (log_index IS NULL) != (proof IS NULL)""",
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """Deliveries by state, acts that are owed, and what does not hold, with a few examples each."""

    deliveries: Mapping[str, int]
    owed: int
    broken: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Due:
    """What one rule of the retention policy lets go now."""

    rule: str
    days: int
    why: str
    envelopes: int
    size: int


@contextmanager
def look_into(place: Place) -> Iterator[Connection]:
    """Yield a read-only connection that never checkpoints.

    Raises:
        PlatformError: `E_NOT_FOUND` when there is no database.
    """
    if isinstance(place, Path) and not place.exists():
        raise PlatformError(
            Code.NOT_FOUND,
            f"there is no {place.name} in {place.parent}",
            fix="Name the data folder.",
        )
    engine = open_reader(place)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def inspect(connection: Connection) -> Inspection:
    """Return how the deliveries stand and everything that does not hold."""
    counted = connection.execute(
        text("SELECT state, count(*) AS number FROM delivery GROUP BY state")
    )
    states = {str(row.state): int(row.number) for row in counted}
    owed = connection.execute(text("SELECT count(*) FROM act WHERE log_index IS NULL")).scalar_one()
    found = {
        what: list(connection.execute(text(f"{query} LIMIT {MAX_EXAMPLES}")).scalars())
        for what, query in _BROKEN.items()
    }
    return Inspection(states, owed, {what: some for what, some in found.items() if some})


def due(connection: Connection, retention: Retention, now: float) -> list[Due]:
    """Return what each rule lets go now, without doing it."""
    found: dict[str, Due] = {}
    after, shortest = 0, retention.shortest_s
    while shortest is not None:
        page, after = kept(connection, after, PAGE, now - shortest)
        for one in page:
            detail = retention.due(one, one.closed, now)
            if detail is not None:
                so_far = found.get(detail.rule) or Due(detail.rule, detail.days, detail.why, 0, 0)
                found[detail.rule] = Due(
                    so_far.rule,
                    so_far.days,
                    so_far.why,
                    so_far.envelopes + 1,
                    so_far.size + one.size,
                )
        if not after:
            break
    return list(found.values())
