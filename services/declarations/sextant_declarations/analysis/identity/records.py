"""What a State says of each of its plant sites over the years, by the code that it uses."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.site import Address
from sextant_shared.rules.figures import folded

REGIMES = ("S1", "S2", "S3", "OCPF")


@dataclass(slots=True)
class SiteRecord:
    """A site as its State declares it under one code; of what changed, the newest counts.

    `seen` are (regime, year); `names` those it bore, with the first year of each; `kinds` what it
    makes, by CAS number or product group; `of` the declarations that say so.
    """

    state: str
    code: str
    name: str
    operator: str
    address: Address
    newest: int
    names: dict[str, int] = field(default_factory=dict)
    operators: set[str] = field(default_factory=set)
    seen: set[tuple[str, int]] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    of: set[str] = field(default_factory=set)

    @property
    def first(self) -> int:
        """The first year it is declared for."""
        return min(year for _, year in self.seen)

    @property
    def last(self) -> int:
        """The last year it is declared for."""
        return max(year for _, year in self.seen)


def records_of(declarations: Iterable[DeclarationBase]) -> dict[str, SiteRecord]:
    """Return the records of one State by code, from what is in force of it."""
    found: dict[str, SiteRecord] = {}
    for one in sorted(declarations, key=lambda d: (d.year, d.kind, d.declaration_id)):
        regime = next((r for r in REGIMES if one.kind.startswith(r)), None)
        if regime is None:
            continue
        for code, block in _blocks(one):
            record = found.setdefault(
                code,
                SiteRecord(
                    one.state_code, code, block.name, block.owner_operator, block.address, one.year
                ),
            )
            _add(record, one, block, regime)
    return found


def _blocks(one: DeclarationBase) -> Iterator[tuple[str, Any]]:
    """Yield what a declaration says of sites, by code."""
    for block in (one, *(getattr(one, "sites", None) or ()), getattr(one, "facility", None)):
        code = getattr(block, "plant_site_code", None) or getattr(block, "facility_code", None)
        if code and hasattr(block, "address") and hasattr(block, "owner_operator"):
            yield code, block


def _add(record: SiteRecord, one: DeclarationBase, block: Any, regime: str) -> None:
    record.seen.add((regime, one.year))
    record.of.add(one.declaration_id)
    record.names.setdefault(block.name, one.year)
    record.operators.add(folded(block.owner_operator))
    record.kinds |= set(_kinds(block))
    if one.year >= record.newest:
        record.newest, record.name = one.year, block.name
        record.operator, record.address = block.owner_operator, block.address


def _kinds(block: Any) -> Iterator[str]:
    yield from getattr(block, "product_groups", None) or ()
    for plant in getattr(block, "plants", None) or ():
        for row in getattr(plant, "chemicals", None) or ():
            yield row.chemical.cas or folded(row.chemical.name)
