"""The answer key: what was planted, what is honest, with true and declared values and places.

One JSON object a line. Planted faults come first, in the order in which they were planted; then
the honest differences of all years. Nothing else of the world says which is which.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sextant_client.world import faults as kinds
from sextant_client.world.amounts import amount
from sextant_client.world.derive import Document
from sextant_client.world.faults import Fault
from sextant_client.world.honest import HonestDifference, honest_differences
from sextant_client.world.national import text_of
from sextant_client.world.substances import Substance, substances
from sextant_client.world.trade import Row
from sextant_client.world.truth import World

_LATE_KINDS = (kinds.LATE_FILING, kinds.S1_NOTICE_LATE)


@dataclass(slots=True)
class KeyBuilder:
    """Gathers what each document was struck by; only what was struck is kept."""

    places: dict[Fault, list[dict[str, Any]]] = field(default_factory=dict)
    late: list[dict[str, Any]] = field(default_factory=list)

    def note(self, document: Document) -> None:
        """Take note of one document, or of one that is missing."""
        is_late = document.received is not None and document.received > document.due
        if is_late and not any(s.fault.kind in _LATE_KINDS for s in document.struck):
            self.late.append(_place(document))
        for struck in document.struck:
            places = self.places.setdefault(struck.fault, [])
            common = {"document": document.path, "kind": document.kind, "year": document.year}
            if not struck.differences:
                places.append(_place(document))
            places += [
                {
                    **common,
                    "pointer": difference.pointer,
                    "true": difference.true,
                    "declared": difference.declared,
                }
                for difference in struck.differences
            ]

    def merge(self, other: "KeyBuilder") -> None:
        """Add what another process noted."""
        self.late += other.late
        for fault, found in other.places.items():
            self.places.setdefault(fault, []).extend(found)

    def lines(self, world: World) -> Iterator[dict[str, Any]]:
        """Yield the whole key."""
        for fault, number in world.faults.numbers().items():
            yield _planted(world, fault, number, self.places.get(fault, []))
        found = (
            difference
            for year in world.plan.reporting_years
            for difference in honest_differences(world, year)
        )
        for count, difference in enumerate(found, start=1):
            yield _honest(difference, f"N-{count:06d}")
        for count, place in enumerate(self.late, start=1):
            yield _honest_delay(place, f"L-{count:06d}")


def _planted(
    world: World, fault: Fault, number: str, places: list[dict[str, Any]]
) -> dict[str, Any]:
    main: Mapping[str, Any] = places[0] if places else {}
    states = [fault.declarant, fault.partner, fault.other]
    return {
        "id": number,
        "planted": True,
        "kind": fault.kind,
        "declarant": fault.declarant,
        "states": [state for state in dict.fromkeys(states) if state in world.profiles],
        "years": list(fault.years),
        "direction": fault.direction or None,
        "chemical": _chemical(substances()[fault.substance]) if fault.substance >= 0 else None,
        "site": fault.site if "-" in fault.site else None,
        "true": main.get("true"),
        "declared": main.get("declared"),
        "places": places,
    }


def _place(document: Document) -> dict[str, Any]:
    """Return a document as a whole: it is missing, or late."""
    return {
        "document": document.path,
        "kind": document.kind,
        "state": document.state,
        "year": document.year,
        "pointer": None,
        "due": document.due.isoformat(),
        "received": document.received.isoformat() if document.received else None,
    }


def _honest_delay(place: dict[str, Any], number: str) -> dict[str, Any]:
    return {
        "id": number,
        "planted": False,
        "kind": kinds.LATE_FILING,
        "causes": ["HABIT"],
        "states": [place["state"]],
        "years": [place["year"]],
        "places": [place],
    }


def _honest(difference: HonestDifference, number: str) -> dict[str, Any]:
    schedule = difference.substance.schedule
    return {
        "id": number,
        "planted": False,
        "kind": difference.causes[0] if difference.causes else "NATIONAL_TOTAL",
        "causes": list(difference.causes),
        "states": [difference.exporter, difference.importer],
        "years": [difference.year],
        "chemical": _chemical(difference.substance),
        "exported": _figure(difference.exported, schedule),
        "imported": _figure(difference.imported, schedule),
    }


def _chemical(substance: Substance) -> dict[str, Any]:
    return {"cas": substance.cas, "schedule": substance.schedule, "name": substance.name}


def _figure(row: Row | None, schedule: str) -> str | None:
    if row is None:
        return None
    return "LESS_THAN_THRESHOLD" if row.is_less_than else text_of(amount(row.grams, schedule))


def count_kinds(lines: Iterable[Mapping[str, Any]]) -> dict[tuple[bool, str], int]:
    """Return how many lines of the key there are of each (planted, kind)."""
    counts: dict[tuple[bool, str], int] = {}
    for line in lines:
        key = bool(line["planted"]), str(line["kind"])
        counts[key] = counts.get(key, 0) + 1
    return counts
