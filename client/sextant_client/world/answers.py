"""The answer key: what was planted, what is honest, with true and declared values and places.

One JSON object a line. Planted faults come first, in the order in which they were planted; then
the honest differences of all years. Nothing else of the world says which is which.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sextant_client.world.amounts import amount
from sextant_client.world.derive import Document
from sextant_client.world.faults import Fault
from sextant_client.world.honest import HonestDifference, honest_differences
from sextant_client.world.national import text_of
from sextant_client.world.substances import Substance, substances
from sextant_client.world.trade import Row
from sextant_client.world.truth import World


@dataclass(slots=True)
class KeyBuilder:
    """Gathers what each document was struck by; only what was struck is kept."""

    _places: dict[Fault, list[dict[str, Any]]] = field(default_factory=dict)

    def note(self, document: Document) -> None:
        """Take note of one document, or of one that is missing."""
        for struck in document.struck:
            places = self._places.setdefault(struck.fault, [])
            common = {"document": document.path, "kind": document.kind, "year": document.year}
            if not struck.differences:
                dates = {
                    "due": document.due.isoformat(),
                    "received": document.received.isoformat() if document.received else None,
                }
                places.append({**common, "pointer": None, **dates})
            places += [
                {
                    **common,
                    "pointer": difference.pointer,
                    "true": difference.true,
                    "declared": difference.declared,
                }
                for difference in struck.differences
            ]

    def merge(self, places: Mapping[Fault, list[dict[str, Any]]]) -> None:
        """Add what another process noted."""
        for fault, found in places.items():
            self._places.setdefault(fault, []).extend(found)

    @property
    def places(self) -> Mapping[Fault, list[dict[str, Any]]]:
        """What was noted."""
        return self._places

    def lines(self, world: World) -> Iterator[dict[str, Any]]:
        """Yield the whole key."""
        for fault, number in world.faults.numbers().items():
            yield _planted(world, fault, number, self._places.get(fault, []))
        found = (
            difference
            for year in world.plan.reporting_years
            for difference in honest_differences(world, year)
        )
        for count, difference in enumerate(found, start=1):
            yield _honest(difference, f"N-{count:06d}")


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
