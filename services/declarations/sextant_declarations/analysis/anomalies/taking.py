"""Takes the facts of one State out of its effective declarations.

Of two declarations that say the same thing of the same year the first filed counts, and both
places are kept: a State that declares everything twice is neither doubled nor dropped.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from sextant_declarations.analysis.anomalies.facts import (
    ACTIVITIES,
    TOTALS,
    WAYS,
    AtPlant,
    Facts,
    Figure,
    National,
    Notice,
    SiteSeen,
    Step,
    Stock,
    TradeRow,
)
from sextant_declarations.analysis.anomalies.keeping import Kept
from sextant_declarations.analysis.anomalies.model import Place
from sextant_shared import codelists
from sextant_shared.models.declaration.amount import Quantity
from sextant_shared.models.declaration.article4 import A4AnnualPlan, A4AnnualReport
from sextant_shared.models.declaration.article5 import A5AnnualPlan, A5AnnualReport
from sextant_shared.models.declaration.filing import Amendment, Nil
from sextant_shared.models.declaration.national import CountryRow, S2And, S2Record, S3And, S3Record
from sextant_shared.models.declaration.schedule1 import (
    FacilityAdpa,
    S1Chemical,
    S1TransferAnnual,
    TransferNotice,
)
from sextant_shared.models.declaration.schedule2 import (
    S2Additional,
    S2Chemical,
    S2Plan,
    S2PlannedPlant,
    S2Plant,
    S2SiteAdaa,
    S2SiteAdpa,
    S2SiteInitial,
)
from sextant_shared.models.declaration.schedule3 import (
    S3Additional,
    S3Chemical,
    S3Plant,
    S3SiteAdaa,
    S3SiteAdpa,
    S3SiteInitial,
)
from sextant_shared.rules.figures import folded, key

NONE = Decimal(0)
_TONNE = Decimal(1000)
Site = S2SiteAdpa | S2SiteAdaa | S2Additional | S3SiteAdpa | S3SiteAdaa | S3Additional
_PLANT_SITES = (S2SiteAdpa, S2SiteAdaa, S2Additional, S3SiteAdpa, S3SiteAdaa, S3Additional)


def take_facts(state: str, declarations: Iterable[Kept]) -> Facts:
    """Return the facts of one State; `declarations` are those that are in force."""
    facts = Facts(state)
    amending: dict[tuple[str, int], list[Place]] = defaultdict(list)
    for one in sorted(declarations, key=lambda d: (d.year, d.kind, d.declaration_id)):
        place = Place(state, one.declaration_id, one.version)
        facts.filed.setdefault((one.kind, one.year), place)
        facts.read[one.declaration_id] = place, one.year
        if isinstance(one, Amendment):
            amending[one.amends.declaration_id, one.amends.version].append(place)
        if isinstance(one, S2SiteInitial | S3SiteInitial):
            facts.initial_years.add(one.year)
        _take(facts, one, place)
    facts.contradictory += [tuple(found) for found in amending.values() if len(found) > 1]
    return facts


def _take(facts: Facts, one: Kept, place: Place) -> None:
    match one:
        case S2And() | S3And():
            facts.reported_years.add(one.year)
            records: Sequence[S2Record | S3Record] = one.records
            for i, record in enumerate(records):
                _keep_national(facts, _national(one, record, _at(place, f"/records/{i}")))
        case (
            S2SiteAdpa()
            | S2SiteAdaa()
            | S2Additional()
            | S3SiteAdpa()
            | S3SiteAdaa()
            | (S3Additional())
        ):
            _take_site(facts, one, place)
        case FacilityAdpa() | TransferNotice() | S1TransferAnnual():
            _take_schedule1(facts, one, place)
        case A4AnnualPlan() | A4AnnualReport() | A5AnnualPlan() | A5AnnualReport():
            _take_progress(facts, one, place)
        case Nil():
            facts.reported_years.add(one.year)
            for scope in one.scope:
                facts.filed.setdefault((f"NIL:{scope}", one.year), place)
        case _:
            pass


def _take_schedule1(
    facts: Facts, one: FacilityAdpa | TransferNotice | S1TransferAnnual, place: Place
) -> None:
    match one:
        case FacilityAdpa():
            facts.reported_years.add(one.year)
            for i, row in enumerate(one.chemicals):
                _keep_stock(facts, _stock(one, row, _at(place, f"/chemicals/{i}")))
        case TransferNotice():
            facts.notices.append(_notice(one, place))
        case S1TransferAnnual():
            if facts.filed[one.kind, one.year] != place:
                return  # declared twice
            facts.listed += [
                (one.year, key(record.chemical), t.quantity.kilograms, t.direction == "RECEIVED")
                for record in one.records
                for t in record.transfers
                if t.quantity.kilograms is not None
            ]


def _at(place: Place, pointer: str) -> Place:
    return Place(place.state, place.declaration_id, place.version, place.pointer + pointer)


def _figure(amount: Quantity | None, place: Place) -> Figure | None:
    kg = getattr(amount, "kilograms", None)
    return None if amount is None or kg is None else Figure(kg, kg, amount.text, place)


def _keep_national(facts: Facts, record: National) -> None:
    known = facts.national.setdefault((record.year, record.chemical), record)
    if known is not record:
        facts.twice.append((known.place, record.place))


def _keep_stock(facts: Facts, stock: Stock) -> None:
    at = (stock.year, stock.facility, stock.chemical)
    for known in facts.stocks:
        if (known.year, known.facility, known.chemical) == at:
            facts.twice.append((known.place, stock.place))
            return
    facts.stocks.append(stock)


def _national(one: S2And | S3And, record: S2Record | S3Record, place: Place) -> National:
    found = {name: _figure(getattr(record, name, None), _at(place, f"/{name}")) for name in TOTALS}
    return National(
        year=one.year,
        regime=one.kind[:2],
        chemical=key(record.chemical),
        name=record.chemical.name,
        schedule=record.chemical.schedule,
        totals={name: figure for name, figure in found.items() if figure},
        rows={
            way: _with_implied(
                _rows(getattr(record, way), _at(place, f"/{way}")), found[f"{way[:-1]}ed"]
            )
            for way in WAYS
        },
        place=place,
        denied=_denied(record, place),
    )


def _denied(record: S2Record | S3Record, place: Place) -> dict[str, Figure]:
    amounts = {name: getattr(record, name, None) for name in TOTALS}
    return {
        name: Figure(NONE, NONE, amount.text, _at(place, f"/{name}"))
        for name, amount in amounts.items()
        if amount is not None and amount.nothing == "not-applicable"
    }


def _rows(rows: Sequence[CountryRow], place: Place) -> Iterator[TradeRow]:
    for i, row in enumerate(rows):
        kg = row.quantity.kilograms if row.quantity and row.qualifier == "EXACT" else None
        text = row.quantity.text if row.quantity else row.qualifier
        yield TradeRow(row.state_code, kg, text, _at(place, f"/{i}/quantity"))


def _with_implied(rows: Iterable[TradeRow], total: Figure | None) -> tuple[TradeRow, ...]:
    """Return the rows; the one row without a figure is given what the total leaves for it."""
    found = tuple(rows)
    open_ = [row for row in found if row.kg is None]
    if total is None or len(open_) != 1:
        return found
    left = total.low - sum((row.kg for row in found if row.kg is not None), NONE)
    if left <= NONE:
        return found
    return tuple(replace(row, implied=left) if row.kg is None else row for row in found)


def _take_site(facts: Facts, one: Site, place: Place) -> None:
    where = one.address
    address = tuple(
        folded(part or "")
        for part in (where.street, where.city, where.postal_code, where.latitude, where.longitude)
    )
    facts.sites.append(
        SiteSeen(
            one.year, one.kind, one.plant_site_code, one.name, folded(one.owner_operator), address,
            one.note or "", place,
        )
    )  # fmt: skip
    is_past = isinstance(one, S2SiteAdpa | S3SiteAdpa)
    if is_past:
        facts.reported_years.add(one.year)
    kept = facts.past if is_past else facts.ahead
    seen = {_identity(row): row for row in kept if row.site == one.plant_site_code}
    plants: Sequence[S2Plant | S2PlannedPlant | S3Plant] = one.plants
    for i, plant in enumerate(plants):
        chemicals: Sequence[S2Chemical | S2Plan | S3Chemical] = plant.chemicals
        for j, row in enumerate(chemicals):
            found = _at_plant(one, plant.plant_code, row, _at(place, f"/plants/{i}/chemicals/{j}"))
            known = seen.setdefault(_identity(found), found)
            if known is found:
                kept.append(found)
            else:
                facts.twice.append((known.place, found.place))


def _identity(row: AtPlant) -> tuple[int, str, str, str, str, bool]:
    return row.year, row.regime, row.site, row.plant, row.chemical, row.is_additional


def _at_plant(
    one: Site, plant: str, row: S2Chemical | S2Plan | S3Chemical, place: Place
) -> AtPlant:
    capacity: Figure | None = None
    amounts: dict[str, Figure] = {}
    if isinstance(row, S3Chemical):
        if found := _range(row.production_range, _at(place, "/production_range")):
            amounts["produced"] = found
    else:
        capacity = _figure(row.capacity, _at(place, "/capacity"))
        before = "anticipated_" if isinstance(row, S2Plan) else ""
        names = ACTIVITIES if before else TOTALS
        for name in names:
            figure = _figure(getattr(row, before + name), _at(place, f"/{before}{name}"))
            if figure:
                amounts[name] = figure
    return AtPlant(
        one.year, one.kind[:2], one.plant_site_code, plant, key(row.chemical), row.chemical.name,
        row.chemical.schedule, amounts, capacity, place, is_additional="ADDITIONAL" in one.kind,
    )  # fmt: skip


def _range(code: str, place: Place) -> Figure | None:
    for line in codelists.ranges():
        if line.regime == "S3" and line.code == code:
            high = line.upper_t * _TONNE if line.upper_t is not None else None
            return Figure(line.lower_t * _TONNE, high, code, place)
    return None


def _sum(amounts: Iterable[Quantity | None]) -> Decimal | None:
    total = NONE
    for amount in amounts:
        kg = getattr(amount, "kilograms", None)
        if kg is None and not (amount and amount.nothing == "not-applicable"):
            return None
        total += kg or NONE
    return total


def _stock(one: FacilityAdpa, row: S1Chemical, place: Place) -> Stock:
    return Stock(
        year=one.year,
        facility=one.facility.facility_code,
        facility_type=one.facility.facility_type,
        facility_name=folded(one.facility.name),
        chemical=key(row.chemical),
        name=row.chemical.name,
        produced=_figure(row.produced, _at(place, "/produced")),
        received=_sum(m.quantity for m in row.movements if m.direction == "RECEIVED"),
        used=_sum(
            [*(c.quantity for c in row.consumed)]
            + [m.quantity for m in row.movements if m.direction == "SHIPPED"]
        ),
        most=_figure(row.max_stored, _at(place, "/max_stored")),
        end=_figure(row.stored_at_year_end, _at(place, "/stored_at_year_end")),
        place=place,
    )


def _notice(one: TransferNotice, place: Place) -> Notice:
    return Notice(
        one.state_code, one.sending_state, one.receiving_state, key(one.chemical),
        one.event_date.toordinal(), one.event_date.isoformat(), one.quantity.kilograms,
        one.quantity.text, folded(one.recipient.name), place,
    )  # fmt: skip


def _take_progress(
    facts: Facts, one: A4AnnualPlan | A4AnnualReport | A5AnnualPlan | A5AnnualReport, place: Place
) -> None:
    kept = facts.plans if isinstance(one, A4AnnualPlan | A5AnnualPlan) else facts.reports
    kept += _steps(one, place)


def _steps(
    one: A4AnnualPlan | A4AnnualReport | A5AnnualPlan | A5AnnualReport, place: Place
) -> Iterator[Step]:
    for i, facility in enumerate(one.facilities):
        at = _at(place, f"/facilities/{i}")
        whole = getattr(facility, "shortfall_reason", None) or ""
        for j, line in enumerate(getattr(facility, "lines", ())):
            done = getattr(line, "destroyed", None), getattr(line, "destroyed_count", None)
            texts: Mapping[str, str] = {
                "planned": line.planned.text if line.planned else "",
                "destroyed": done[0].text if done[0] else "",
            }
            yield Step(
                "IV", one.year, facility.facility_code, line.code,
                (getattr(line.planned, "kilograms", None), line.planned_count),
                (getattr(done[0], "kilograms", None), done[1]),
                is_done=True,
                reason=whole or getattr(line, "shortfall_reason", None) or "",
                text="; ".join(f"{name} {text}" for name, text in texts.items() if text),
                place=_at(at, f"/lines/{j}"),
            )  # fmt: skip
        for j, part in enumerate(getattr(facility, "structures", ())):
            yield Step(
                "V", one.year, facility.facility_code, part.code, (None, None), (None, None),
                is_done=part.destroyed_on is not None, reason=whole, text=part.name,
                place=_at(at, f"/structures/{j}"),
            )  # fmt: skip
