"""The chemicals that the made-up world makes and trades: of the Annex, with how much moves.

Amounts are kilograms a year of one trading relation. Members of open families have no line of
their own in the Annex; they stand here with their structure, as a declaration needs it.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sextant_shared import codelists

GRAMS = 1000  # in a kilogram


@dataclass(frozen=True, slots=True)
class Substance:
    """One chemical; thresholds in grams, strictly greater applies."""

    index: int
    schedule: str
    entry: int
    name: str
    cas: str
    structure: str
    salt_of: str
    threshold: int
    verification: int
    least_kg: int
    most_kg: int
    popularity: int
    mixtures_percent: int
    """Share of the trading relations that move it as a mixture or solution."""

    @property
    def regime(self) -> str:
        """`S2` or `S3`."""
        return f"S{self.schedule[0]}"

    @property
    def limit_group(self) -> str:
        """Which low-concentration limit applies: `2A`, `2B` or `3`."""
        return "3" if self.regime == "S3" else self.schedule[:2]

    def members(self) -> dict[str, Any]:
        """Return the chemical as a declaration names it."""
        named: dict[str, Any] = {"name": self.name, "cas": self.cas}
        if self.structure:
            named["structure"] = self.structure
        if self.salt_of:
            named["salt_of"] = self.salt_of
        return {**named, "schedule": self.schedule, "entry": self.entry}


# CAS number, least and most kilograms a year, popularity, percent of relations with mixtures
_LISTED = (
    ("78-53-5", 120, 900, 1, 10),
    ("382-21-8", 110, 2_500, 2, 0),
    ("6581-06-2", 2, 12, 1, 0),
    ("676-97-1", 1_500, 60_000, 3, 0),
    ("756-79-6", 1_500, 400_000, 8, 40),
    ("7784-34-1", 1_200, 30_000, 3, 10),
    ("76-93-7", 1_200, 40_000, 4, 5),
    ("1619-34-7", 1_200, 60_000, 4, 5),
    ("111-48-8", 1_500, 900_000, 8, 30),
    ("464-07-3", 1_200, 9_000, 2, 0),
    ("75-44-5", 32_000, 300_000, 1, 0),
    ("506-77-4", 32_000, 200_000, 1, 0),
    ("74-90-8", 40_000, 900_000, 2, 20),
    ("76-06-2", 32_000, 400_000, 4, 30),
    ("10025-87-3", 40_000, 4_000_000, 8, 0),
    ("7719-12-2", 40_000, 6_000_000, 8, 0),
    ("10026-13-8", 32_000, 600_000, 4, 0),
    ("121-45-9", 40_000, 2_000_000, 6, 0),
    ("122-52-1", 40_000, 1_500_000, 5, 0),
    ("868-85-9", 35_000, 900_000, 4, 5),
    ("762-04-9", 32_000, 400_000, 3, 5),
    ("10025-67-9", 35_000, 900_000, 4, 10),
    ("10545-99-0", 32_000, 300_000, 2, 10),
    ("7719-09-7", 40_000, 5_000_000, 8, 0),
    ("139-87-7", 32_000, 200_000, 2, 40),
    ("105-59-9", 40_000, 6_000_000, 9, 50),
    ("102-71-6", 40_000, 9_000_000, 14, 35),
)
# name, CAS number, CAS number of the base, structure, entry, amounts, popularity, mixtures
_MEMBERS = (
    ("Diethyl ethylphosphonate", "78-38-6", "", "CCOP(=O)(CC)OCC", 4, 1_500, 120_000, 5, 30),
    (
        "2-(Diisopropylamino)ethyl chloride hydrochloride",
        "4261-68-1",
        "96-79-7",
        "CC(C)N(CCCl)C(C)C.Cl",
        10,
        1_200,
        40_000,
        3,
        0,
    ),
    (
        "2-(Diisopropylamino)ethanol",
        "96-80-0",
        "",
        "CC(C)N(CCO)C(C)C",
        11,
        1_500,
        90_000,
        4,
        10,
    ),
    (
        "2-(Diisopropylamino)ethanethiol",
        "5842-07-9",
        "",
        "CC(C)N(CCS)C(C)C",
        12,
        1_200,
        20_000,
        2,
        0,
    ),
)


@lru_cache
def substances() -> tuple[Substance, ...]:
    """Return all chemicals of Schedules 2 and 3 that are made or traded, in the Annex's order."""
    known, limits = codelists.chemicals_by_cas(), codelists.thresholds()
    rows: list[tuple[Any, ...]] = []
    for cas, least, most, popularity, mixtures in _LISTED:
        line = known[cas]
        named = (line.schedule, int(line.entry), line.name, cas, "", "")
        rows.append((*named, least, most, popularity, mixtures))
    for name, cas, base, structure, entry, *amounts in _MEMBERS:
        rows.append(("2B", entry, name, cas, structure, base, *amounts))
    order = {chemical.schedule: i for i, chemical in enumerate(codelists.chemicals())}
    rows.sort(key=lambda row: (order[row[0]], row[1], row[3]))
    return tuple(
        Substance(
            i,
            *row[:6],
            *(int(kilograms * GRAMS) for kilograms in limits[row[0]]),
            *row[6:],
        )
        for i, row in enumerate(rows)
    )
