"""What a declaration says that matters for what is owed: kind, year, sites, promises.

Small and free of amounts, so that what is owed can be reckoned for all States and years at once
without reading any content a second time.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sextant_shared import codelists
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.article5 import A5ConvertedAnnual
from sextant_shared.models.declaration.filing import LateNotice, Nil, Withdrawal
from sextant_shared.models.declaration.heading import Day
from sextant_shared.models.declaration.schedule1 import (
    FacilityAdaa,
    FacilityAdpa,
    FacilityInitial,
    TransferNotice,
)
from sextant_shared.models.declaration.schedule2 import (
    S2Additional,
    S2Chemical,
    S2Plant,
    S2SiteAdaa,
    S2SiteAdpa,
    S2SiteInitial,
    YearAmounts,
)
from sextant_shared.models.declaration.schedule3 import (
    S3Additional,
    S3SiteAdaa,
    S3SiteAdpa,
    S3SiteInitial,
)
from sextant_shared.models.strict import Strict
from sextant_shared.rules.figures import kilograms

_ACTIVITIES = ("produced", "processed", "consumed")
_OF_SITE = (
    S2SiteInitial
    | S2SiteAdpa
    | S2SiteAdaa
    | S2Additional
    | S3SiteInitial
    | S3SiteAdpa
    | S3SiteAdaa
    | S3Additional
)
_OF_FACILITY = FacilityInitial | FacilityAdpa | FacilityAdaa | A5ConvertedAnnual


class Stated(Strict):
    """What one version says of itself; `subject` is its site, facility or transfer, if any."""

    kind: str
    declaration_id: str
    version: int
    language: str = "en"
    year: int | None = None
    event: Day | None = None
    subject: str = ""
    is_active: bool = False
    """Whether it names plants that work, or will."""
    active: Annotated[tuple[int, ...], Field(strict=False)] = ()
    """Years in which a plant of a Schedule 2 site passed a declaration threshold (VII.3)."""
    scopes: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """For what a nil says that there is nothing."""
    late: tuple[str, int, Day] | None = Field(default=None, strict=False)
    """What a notice says will be late: kind, year, and the day that it promises."""
    ends: tuple[str, int, str] | None = Field(default=None, strict=False)
    """What a withdrawal takes back: number, version, and the site if only one."""


@dataclass(frozen=True, slots=True)
class Filing:
    """What a State filed, and when the log received it, in unix seconds.

    `source` is the manifest digest of the envelope that brought it.
    """

    stated: Stated
    received: float
    state: str = ""
    source: bytes = b""


def stated_of(declaration: DeclarationBase) -> Stated:
    """Return what matters of a declaration."""
    return Stated(
        kind=declaration.kind,
        declaration_id=declaration.declaration_id,
        version=declaration.version,
        language=declaration.language,
        year=declaration.reporting_year,
        event=declaration.event_date,
        subject=_subject(declaration),
        is_active=bool(getattr(declaration, "plants", None)),
        active=tuple(sorted(_active(declaration))),
        scopes=tuple(declaration.scope) if isinstance(declaration, Nil) else (),
        late=(declaration.late_kind, declaration.late_year, declaration.expected_date)
        if isinstance(declaration, LateNotice)
        else None,
        ends=_ends(declaration),
    )


def standing(filings: Iterable[Filing]) -> list[Filing]:
    """Return what stands: without withdrawn declarations, oldest receipt first.

    Amendments are no filings of their own kind, and later versions stay beside the first: they
    never change when something came.
    """
    listed = sorted(filings, key=lambda one: (one.received, one.stated.declaration_id))
    ended: dict[str, int] = {}
    for one in listed:
        if one.stated.ends and not one.stated.ends[2]:
            number, version, _ = one.stated.ends
            ended[number] = max(version, ended.get(number, 0))
    return [one for one in listed if one.stated.version > ended.get(one.stated.declaration_id, 0)]


def ended_sites(filings: Iterable[Filing]) -> dict[str, int]:
    """Return the sites that were taken off the lists, with the year from which they are off."""
    years = {one.stated.declaration_id: one.stated.year for one in filings}
    found: dict[str, int] = {}
    for one in filings:
        if one.stated.ends and one.stated.ends[2]:
            number, _, site = one.stated.ends
            year = years.get(number) or (one.stated.event or dt.date.max).year
            found[site] = min(year, found.get(site, year))
    return found


def _subject(declaration: DeclarationBase) -> str:
    if isinstance(declaration, _OF_SITE):
        return declaration.plant_site_code
    if isinstance(declaration, _OF_FACILITY):
        return declaration.facility.facility_code
    if isinstance(declaration, TransferNotice):
        states = f"{declaration.sending_state}>{declaration.receiving_state}"
        return f"{states} {declaration.chemical.cas}"
    return ""


def _ends(declaration: DeclarationBase) -> tuple[str, int, str] | None:
    if not isinstance(declaration, Withdrawal):
        return None
    named = declaration.withdraws
    return named.declaration_id, named.version, declaration.site_code or ""


def _active(declaration: DeclarationBase) -> set[int]:
    if not isinstance(declaration, S2SiteAdpa | S2SiteInitial):
        return set()
    years = (_years(plant, declaration.year) for plant in declaration.plants)
    return {year for found in years for year in found}


def _years(plant: S2Plant, year: int) -> Iterable[int]:
    for row in plant.chemicals:
        if _is_above(row, row):
            yield year
        yield from (earlier.year for earlier in row.earlier if _is_above(row, earlier))


def _is_above(row: S2Chemical, amounts: S2Chemical | YearAmounts) -> bool:
    least = codelists.thresholds()[row.chemical.schedule][0]
    return any(kilograms(getattr(amounts, name)) > least for name in _ACTIVITIES)


def is_about_filings(kind: str) -> bool:
    """Return whether a kind speaks of other filings, and is owed for none of its own."""
    return kind in _ABOUT_FILINGS


_ABOUT_FILINGS = frozenset({"NIL", "AMENDMENT", "WITHDRAWAL", "LATE_NOTICE", "CLARIFICATION_REPLY"})
