"""Completeness and timeliness against the made-up world: what is found of what its key planted.

`python -m bench.timeliness 190 20 7` prints the table of docs/obligations.md. The method reads
declarations and their days of receipt; the key is read afterwards, to count.
"""

import datetime as dt
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from sextant_client.world import Document, World, WorldPlan, documents_of, make_world
from sextant_client.world import faults as kinds
from sextant_declarations.analysis.obligations.expecting import obligations
from sextant_declarations.analysis.obligations.facts import Filing, stated_of
from sextant_declarations.analysis.obligations.obligation import Known, Obligation
from sextant_declarations.analysis.obligations.standing import Standing, Status, stand
from sextant_shared.models.declaration import read_declaration

LATE_KINDS = frozenset({kinds.LATE_FILING, kinds.S1_NOTICE_LATE})
HABIT = "HABIT"  # late without a planted fault
_LATE = frozenset({Status.LATE, Status.LATE_WITH_NOTICE})
_NOON = dt.time(12, tzinfo=dt.UTC)


@dataclass
class Measured:
    """Planted and found by kind; obligations by status; false ones by kind, reason and mark."""

    declarations: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    false_missing: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    false_late: int = 0
    seconds: float = 0.0


def measure(plan: WorldPlan) -> Measured:
    """Return what is found in the world of a plan, once its last year is over."""
    world = make_world(plan)
    result = Measured()
    for state, profile in world.profiles.items():
        if profile.is_party:
            _measure_state(world, state, result)
    return result


def _measure_state(world: World, state: str, result: Measured) -> None:
    years = world.plan.reporting_years
    last = max(years)
    # What was due in the months in which the world begins was owed for a year it does not have.
    since = dt.date(min(years), 5, 1)
    known = Known(eif=world.profiles[state].entry_into_force, since=since)
    documents = list(documents_of(world, state))
    filings = [_filing(d) for d in documents if d.data is not None]
    started = time.process_time()
    now = dt.datetime.combine(dt.date(last + 1, 12, 31), _NOON).timestamp()
    found = [(o, stand(o, now, known)) for o in obligations(state, last + 1, filings, known)]
    result.seconds += time.process_time() - started
    result.declarations += len(filings)
    result.statuses.update(str(stands.status) for _, stands in found)
    _count_missing(documents, found, last, result)
    _count_late(documents, found, since, result)


def _filing(document: Document) -> Filing:
    declaration = read_declaration(json.loads(document.data or b""))
    received = dt.datetime.combine(document.received or dt.date.min, _NOON).timestamp()
    return Filing(stated_of(declaration), received, document.state)


def _count_missing(
    documents: list[Document], found: list[tuple[Obligation, Standing]], last: int, result: Measured
) -> None:
    planted = {
        (d.kind, d.year, struck.fault.site): struck.fault.kind
        for d in documents
        if d.data is None
        for struck in d.struck
    }
    result.planted.update(planted.values())
    hit = set()
    for one, stands in found:
        if stands.status is not Status.MISSING:
            continue
        about = {p for p in planted if _is_about(p, one)}
        hit |= about
        if not about and one.year <= last:
            result.false_missing[one.due.kind, str(one.because), one.evidence] += 1
    result.found.update(planted[place] for place in hit)


def _is_about(place: tuple[str, int, str], one: Obligation) -> bool:
    kind, year, site = place
    return (kind, year) == (one.due.kind, one.year) and one.subject in ("", site)


def _count_late(
    documents: list[Document],
    found: list[tuple[Obligation, Standing]],
    since: dt.date,
    result: Measured,
) -> None:
    late: dict[str, set[str]] = {}
    for d in documents:
        if d.received is not None and d.received > d.due and d.due >= since and d.kind != "NIL":
            planted = {struck.fault.kind for struck in d.struck} & LATE_KINDS
            late[d.declaration_id] = planted or {HABIT}
    result.planted.update(kind for said in late.values() for kind in said)
    seen: set[str] = set()
    for one, stands in found:
        if stands.status in _LATE:
            about = {f.stated.declaration_id for f in one.filed} & set(late)
            seen |= about
            result.false_late += not about
    result.found.update(kind for number in seen for kind in late[number])


def main() -> None:
    """Measure the world of the three numbers States, years, seed; print what was found."""
    states, years, seed = map(int, sys.argv[1:4])
    result = measure(WorldPlan(states=states, years=years, seed=seed))
    print(f"{result.declarations:,} declarations, {result.seconds:.1f} s CPU")
    for kind, planted in sorted(result.planted.items()):
        print(f"{kind}: {result.found[kind]} of {planted}")
    print("statuses:", dict(result.statuses))
    print("missing, not planted:", sum(result.false_missing.values()), dict(result.false_missing))
    print("late, not late:", result.false_late)


if __name__ == "__main__":
    main()
