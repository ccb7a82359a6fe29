"""Rules C about a whole year of one State: which declarations are not there.

They judge a year once anything on the past is filed for it; before that nothing is missing but
late, and lateness is the business of due days.
"""

from collections.abc import Iterator, Mapping

from sextant_shared import codelists
from sextant_shared.errors import Severity
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.models.declaration.article5 import A5ConvertedAnnual
from sextant_shared.models.declaration.filing import LateNotice, Nil
from sextant_shared.models.declaration.schedule1 import (
    FacilityAdaa,
    FacilityAdpa,
    FacilityInitial,
    TransferNotice,
)
from sextant_shared.models.declaration.schedule2 import (
    S2Chemical,
    S2Plant,
    S2SiteAdaa,
    S2SiteAdpa,
    S2SiteInitial,
    YearAmounts,
)
from sextant_shared.models.declaration.schedule3 import S3SiteAdaa, S3SiteAdpa
from sextant_shared.rules.figures import kilograms
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place, Yearly, YearRule

_ACTIVITIES = ("produced", "processed", "consumed")
_LOOK_BACK = 2  # years before the reporting year that oblige, VII.3
_CONVERTED_YEARS = 10  # V.85
Reported = FacilityAdpa | FacilityAdaa | A5ConvertedAnnual
"""What comes again for a single facility."""
# What comes again, and after which filings of the year before.
_AGAIN: Mapping[str, tuple[str, ...]] = {
    "S2_AND": ("S2_AND",),
    "S3_AND": ("S3_AND",),
    "S3_SITE_ADPA": ("S3_SITE_ADPA", "S3_SITE_INITIAL"),
    "OCPF_ANNUAL": ("OCPF_ANNUAL", "OCPF_INITIAL"),
    "S2_SITE_ADAA": ("S2_SITE_ADAA",),
    "S3_SITE_ADAA": ("S3_SITE_ADAA",),
    "X4_PROTECTIVE": ("X4_PROTECTIVE",),
}
# What does as well: a plan that came late is additional.
_INSTEAD = {"S2_SITE_ADAA": "S2_ADDITIONAL", "S3_SITE_ADAA": "S3_ADDITIONAL"}
_SCOPES = {"S2_AND": "AND_S2", "S3_AND": "AND_S3", "OCPF_ANNUAL": "OCPF"}
_PAST = "past"


def is_reported(yearly: Yearly) -> bool:
    """Return whether the State has said anything on the past of this year."""
    return any(filed.about.period == _PAST for filed in _filed(yearly))


def _filed(yearly: Yearly, back: int = 0) -> Iterator[DeclarationBase]:
    return yearly.filings.filed(DeclarationBase, yearly.state, yearly.year - back)


def _c1(yearly: Yearly, _policy: RulePolicy) -> Iterator[Place]:
    filed = {declaration.kind for declaration in _filed(yearly)}
    excused = {*_nil_kinds(yearly), *_announced(yearly)}
    yield from _c1_again(yearly, filed, excused)
    yield from _c1_facilities(yearly, excused)
    yield from _c1_this_year(yearly, filed)
    nil = _nil_scopes(yearly)
    for declaration in _filed(yearly):
        if _scope(declaration.kind) in nil and declaration.about.period == _PAST:
            args = {"scope": _scope(declaration.kind), "number": declaration.declaration_id}
            yield _missing(yearly, "nil", declaration.kind, args)


def _c1_again(yearly: Yearly, filed: set[str], excused: set[str]) -> Iterator[Place]:
    before: dict[str, str] = {}
    for declaration in _filed(yearly, back=1):
        before.setdefault(declaration.kind, declaration.declaration_id)
    for kind, reasons in _AGAIN.items():
        numbers = [before[reason] for reason in reasons if reason in before]
        if numbers and not filed & {kind, _INSTEAD.get(kind, kind)} and kind not in excused:
            yield _missing(yearly, "again", kind, {"number": numbers[0]})


def _c1_facilities(yearly: Yearly, excused: set[str]) -> Iterator[Place]:
    """Yield the facilities of which no report, or no plan, comes again."""
    due: dict[tuple[str, str], str] = {}
    for declaration in _filed(yearly, back=1):
        if isinstance(declaration, Reported) and _comes_again(declaration, yearly.year):
            due.setdefault(_of_facility(declaration), declaration.declaration_id)
    there: set[tuple[str, str]] = set()
    for declaration in _filed(yearly):
        if isinstance(declaration, FacilityInitial):
            kind = declaration.kind.replace("INITIAL", "ADPA")
            code = declaration.facility.facility_code
            due.setdefault((kind, code), declaration.declaration_id)
        elif isinstance(declaration, Reported):
            there.add(_of_facility(declaration))
    for (kind, code), number in due.items():
        if (kind, code) not in there and kind not in excused:
            yield _missing(yearly, "facility", kind, {"site": code, "number": number})


def _of_facility(declaration: Reported) -> tuple[str, str]:
    return declaration.kind, declaration.facility.facility_code


def _comes_again(declaration: Reported, year: int) -> bool:
    """Return whether a report is due again: of a converted facility, for ten years (V.85)."""
    if isinstance(declaration, A5ConvertedAnnual):
        return year <= declaration.converted_on.year + _CONVERTED_YEARS
    return True


def _c1_this_year(yearly: Yearly, filed: set[str]) -> Iterator[Place]:
    """Yield what other filings of the same year oblige to; a nil would contradict them."""
    announced = set(_announced(yearly))
    reasons: dict[str, tuple[str, str]] = {}
    for declaration in _filed(yearly):
        number = declaration.declaration_id
        if isinstance(declaration, S2SiteAdpa) and any(
            _active(plant, declaration.year, yearly.year) for plant in declaration.plants
        ):
            reasons.setdefault("S2_AND", ("sites", number))
        elif isinstance(declaration, S3SiteAdpa) and declaration.plants:
            reasons.setdefault("S3_AND", ("sites", number))
        elif isinstance(declaration, TransferNotice):
            reasons.setdefault("S1_TRANSFER_ANNUAL", ("notices", number))
    for kind, (way, number) in reasons.items():
        if kind not in filed and kind not in announced:
            yield _missing(yearly, way, kind, {"number": number})


def _c2(yearly: Yearly, _policy: RulePolicy) -> Iterator[Place]:
    there: dict[str, set[str]] = {}
    for site in yearly.filings.filed(S2SiteAdpa, yearly.state, yearly.year):
        codes = there.setdefault(site.plant_site_code, set())
        codes.update(plant.plant_code for plant in site.plants)
    told: set[tuple[str, str]] = set()
    for back in range(1, _LOOK_BACK + 1):
        for filed in _filed(yearly, back):
            if not isinstance(filed, S2SiteAdpa | S2SiteInitial):
                continue
            for plant in filed.plants:
                active = _active(plant, filed.year, yearly.year - _LOOK_BACK)
                code = filed.plant_site_code
                lacks = code not in there or plant.plant_code not in there[code]
                place = (code, plant.plant_code if code in there else "")
                if not active or not lacks or place in told:
                    continue
                told.add(place)
                args = {"site": code, "active": active, "number": filed.declaration_id}
                args |= {"plant": plant.plant_code} if place[1] else {}
                yield _missing(yearly, "plant" if place[1] else "site", "S2_SITE_ADPA", args)


def _active(plant: S2Plant, year: int, since: int) -> str:
    """Return the last year, not before `since`, in which a plant passed a threshold, if any."""
    years: list[int] = []
    for row in plant.chemicals:
        years += [year] if year >= since and _is_above(row, row) else []
        years += [e.year for e in row.earlier if e.year >= since and _is_above(row, e)]
    return str(max(years)) if years else ""


def _is_above(row: S2Chemical, amounts: S2Chemical | YearAmounts) -> bool:
    least = codelists.thresholds()[row.chemical.schedule][0]
    return any(kilograms(getattr(amounts, name)) > least for name in _ACTIVITIES)


def _c3(yearly: Yearly, _policy: RulePolicy) -> Iterator[Place]:
    for ahead, past in ((S2SiteAdaa, S2SiteAdpa), (S3SiteAdaa, S3SiteAdpa)):
        done: set[str] = set()
        plans: dict[str, str] = {}
        for filed in _filed(yearly):
            if isinstance(filed, past):
                done.add(filed.plant_site_code)
            elif isinstance(filed, ahead) and filed.plants:
                plans.setdefault(filed.plant_site_code, filed.declaration_id)
        for code, number in plans.items():
            if code not in done:
                kind = f"{ahead.__name__[:2]}_SITE_ADPA"
                yield _missing(yearly, "planned", kind, {"site": code, "number": number})


def _missing(yearly: Yearly, way: str, kind: str, more: Mapping[str, str]) -> Place:
    args = {"state": yearly.state, "kind": kind, "year": str(yearly.year), **more}
    return Place(pointer="", way=way, args=args)


def _nil_scopes(yearly: Yearly) -> set[str]:
    nils = yearly.filings.filed(Nil, yearly.state, yearly.year)
    return {scope for nil in nils for scope in nil.scope}


def _nil_kinds(yearly: Yearly) -> Iterator[str]:
    scopes = _nil_scopes(yearly)
    facilities = ("S1_SSSF_ADPA", "S1_SSSF_ADAA", "S1_OTHER_ADPA", "S1_OTHER_ADAA")
    return (kind for kind in (*_AGAIN, *facilities) if _scope(kind) in scopes)


def _scope(kind: str) -> str:
    """Return under which scope a nil closes a kind."""
    return _SCOPES.get(kind, kind[:2])


def _announced(yearly: Yearly) -> Iterator[str]:
    """Yield the kinds of which the State has said that they will be late (EC-51/DEC.1)."""
    for year in yearly.filings.years:
        for notice in yearly.filings.filed(LateNotice, yearly.state, year):
            if notice.late_year == yearly.year:
                yield notice.late_kind


# In the order in which they speak: what is known by site stands before what is known by kind.
YEAR_RULES = (
    YearRule("C2", Severity.EXPLAIN_OR_FIX, "VII.3", _c2),
    YearRule("C3", Severity.EXPLAIN_OR_FIX, "VII.4, VIII.4", _c3),
    YearRule("C1", Severity.EXPLAIN_OR_FIX, "VI(7)-(8), X(4), V.85", _c1),
)
