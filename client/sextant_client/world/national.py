"""Aggregate national data: the records of S2_AND and S3_AND, derived from books and trade."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sextant_client.world import dues
from sextant_client.world import faults as kinds
from sextant_client.world.amounts import NIL, NOT_APPLICABLE, amount, rounded
from sextant_client.world.faults import (
    EXPORTS,
    IMPORTS,
    NATIONAL_KINDS,
    TRADE_KINDS,
    Fault,
)
from sextant_client.world.heading import Difference, Filing, Struck, received_on
from sextant_client.world.profiles import Profile
from sextant_client.world.substances import Substance, substances
from sextant_client.world.trade import Flow, Row, declare_trade
from sextant_client.world.truth import World

_LESS = "LESS_THAN_THRESHOLD"
_TOTALS = {IMPORTS: "imported", EXPORTS: "exported"}
_MADE = {"S2": ("produced", "processed", "consumed"), "S3": ("produced",)}
_BASIS = {
    "sum": "Returns of all companies and of customs, added up for the State.",
    "company": "Returns of companies whose yearly trade in the chemical is above the threshold.",
    "company-country": "Returns of companies, above the threshold for each partner State.",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One chemical of one year as it is declared; grams, not yet rounded."""

    substance: Substance
    made: Mapping[str, int]
    flows: Mapping[str, Flow]
    cas: str

    @property
    def is_due(self) -> bool:
        """Whether any national total is above the threshold."""
        return bool(self.flows) or any(g > self.substance.threshold for g in self.made.values())


def declare_records(
    world: World, state: str, year: int, regime: str, *, honest: bool = False
) -> list[Record]:
    """Return the records that a State declares of Schedule 2 or 3, in the Annex's order."""
    profile = world.profiles[state]
    faults = [] if honest else world.faults.at(state, year, (*TRADE_KINDS, *NATIONAL_KINDS))
    trade = declare_trade(world.ledger, profile, year, faults)
    records = []
    for substance in substances():
        if substance.regime != regime:
            continue
        flows = {
            way: trade[way, substance.index]
            for way in (IMPORTS, EXPORTS)
            if (way, substance.index) in trade
        }
        record = Record(substance, _made(world, state, year, substance), flows, substance.cas)
        for fault in faults:
            if fault.substance == substance.index:
                record = _strike(world, record, fault, year)
        if record.is_due:
            records.append(record)
    return records


def file_initial_and(world: World, state: str) -> Iterator[Filing]:
    """Yield the aggregate national data of a State that joins: of the year before."""
    entry = world.profiles[state].entry_into_force
    for regime in ("S2", "S3"):
        filing = file_and(world, state, entry.year - 1, regime)
        if filing is not None:
            filing.year, filing.reports_on = entry.year, entry.year - 1
            filing.submission_type, filing.site = "INITIAL", "initial"
            filing.due = dues.after_entry(filing.kind, entry)
            filing.received = received_on(
                world.plan.seed, world.profiles[state], filing.kind, filing.due, "initial"
            )
            yield filing


def file_and(world: World, state: str, year: int, regime: str) -> Filing | None:
    """Return the aggregate national data of a year, or None where nothing is above a threshold."""
    profile = world.profiles[state]
    records = declare_records(world, state, year, regime)
    if not records:
        return None
    body = {"records": [record_members(world, record, profile, year) for record in records]}
    kind = f"{regime}_AND"
    due = dues.after_year(kind, year)
    received = received_on(world.plan.seed, profile, kind, due, "")
    filing = Filing(kind, year, body, due, received)
    faults = [
        fault
        for fault in world.faults.at(state, year, (*TRADE_KINDS, *NATIONAL_KINDS))
        if fault.regime == regime
    ]
    if faults:
        honest = figures(declare_records(world, state, year, regime, honest=True), profile)
        declared = figures(records, profile)
        filing.struck += [Struck(f, differences(f, honest, declared, records)) for f in faults]
    return filing


def record_members(world: World, record: Record, profile: Profile, year: int) -> dict[str, Any]:
    """Return a record as JSON members, in the order of its model."""
    substance = record.substance
    members: dict[str, Any] = {"chemical": {**substance.members(), "cas": record.cas}}
    for name, grams in record.made.items():
        members[name] = _total(grams, substance, profile)
    for way, name in _TOTALS.items():
        flow = record.flows.get(way)
        if flow is not None:
            members[name] = amount(
                rounded(flow.total, profile.significant_digits), substance.schedule
            )
        else:
            moved = world.ledger.balance(profile.code, substance.index, year)
            members[name] = NOT_APPLICABLE if getattr(moved, name) else NIL
    for way in (IMPORTS, EXPORTS):
        flow = record.flows.get(way)
        members[way] = (
            [
                _row(world, record, way, partner, row, profile, year)
                for partner, row in flow.rows.items()
            ]
            if flow
            else []
        )
    if profile.explains_basis:
        members["basis_note"] = _BASIS[profile.company_rule]
    return members


Figures = Mapping[tuple[int, str, str], str]
"""By chemical, member and partner: the figure as text."""


def figures(records: Sequence[Record], profile: Profile) -> Figures:
    """Return every figure of these records, for comparison."""
    found: dict[tuple[int, str, str], str] = {}
    for record in records:
        index, schedule = record.substance.index, record.substance.schedule
        found[index, "cas", ""] = record.cas
        for name, grams in record.made.items():
            found[index, name, ""] = text_of(_total(grams, record.substance, profile))
        for way, flow in record.flows.items():
            total = rounded(flow.total, profile.significant_digits)
            for partner, row in flow.rows.items():
                figure = _LESS if row.is_less_than else text_of(amount(row.grams, schedule))
                found[index, way, partner] = figure
            found[index, _TOTALS[way], ""] = text_of(amount(total, schedule))
    return found


def differences(
    fault: Fault, honest: Figures, declared: Figures, records: Sequence[Record]
) -> list[Difference]:
    """Return what a fault changed: the rows first, then totals; each with its place."""
    about = {fault.substance, fault.other_substance}
    keys = [key for key in {**honest, **declared} if key[0] in about]
    keys = [key for key in keys if honest.get(key) != declared.get(key)]
    keys.sort(key=lambda key: (key[2] == "", key[0] != fault.substance, key[2] != fault.partner))
    return [Difference(_pointer(key, records), honest.get(key), declared.get(key)) for key in keys]


def text_of(members: Mapping[str, str]) -> str:
    """Return an amount as people read it."""
    return members.get("nothing") or f"{members['value']} {members['unit']}"


def _made(world: World, state: str, year: int, substance: Substance) -> dict[str, int]:
    balance = world.ledger.balance(state, substance.index, year)
    return {name: getattr(balance, name) for name in _MADE[substance.regime]}


def _strike(world: World, record: Record, fault: Fault, year: int) -> Record:
    """Return the record as a fault in the making of national data leaves it."""
    made = dict(record.made)
    if fault.kind == kinds.CAS_NEIGHBOUR:
        return replace(record, cas=fault.other)
    if fault.kind == kinds.COPIED_LAST_YEAR:
        made = _made(world, fault.declarant, year - 1, record.substance)
    elif fault.kind == kinds.OUTLIER:
        made[fault.other] *= fault.factor
    elif fault.kind == kinds.APPEARED:
        made["produced"] = fault.factor
    elif fault.kind == kinds.VANISHED:
        # Not above the threshold, where plants could not be said to have made nothing (VIII.3).
        made["produced"] = 0 if fault.regime == "S2" else record.substance.threshold
    elif fault.kind == kinds.STOCK_BELOW_ZERO:
        made["produced"] = made["produced"] * fault.factor // 100
    elif fault.kind == kinds.SITE_OMITTED_FROM_AND:
        made["produced"] -= produced_at(world, fault.site, record.substance.index, year)
    return replace(record, made=made)


def produced_at(world: World, site_code: str, substance: int, year: int) -> int:
    """Return what a plant site truly produced of a chemical, in grams."""
    (site,) = (s for s in world.industry.sites[site_code[:3]] if s.code == site_code)
    return sum(
        world.ledger.of_plant(plant, year).get(substance, {}).get("PRODUCE", 0)
        for plant in site.plants
    )


def _total(grams: int, substance: Substance, profile: Profile) -> dict[str, Any]:
    if grams == 0:
        return NIL
    if grams <= substance.threshold:
        return NOT_APPLICABLE
    return amount(rounded(grams, profile.significant_digits), substance.schedule)


def _row(
    world: World, record: Record, way: str, partner: str, row: Row, profile: Profile, year: int
) -> dict[str, Any]:
    members: dict[str, Any] = {"state_code": partner}
    if row.is_less_than:
        members["qualifier"] = _LESS
    else:
        members["quantity"] = amount(row.grams, record.substance.schedule)
        members["qualifier"] = "EXACT"
    if way == EXPORTS and not world.profiles[partner].is_bound(year):
        members["end_use_certificate"] = f"EUC {partner} {year}/{record.substance.index + 101}"
    if row.percent and profile.explains_basis:
        members["mixture_note"] = f"as a mixture of {row.percent} %"
    return members


def _pointer(key: tuple[int, str, str], records: Sequence[Record]) -> str:
    """Return the place of a figure; where there is none, the list in which it should stand."""
    index, name, partner = key
    for i, record in enumerate(records):
        if record.substance.index != index:
            continue
        if name == "cas":
            return f"/records/{i}/chemical/cas"
        if not partner:
            return f"/records/{i}/{name}"
        flow = record.flows.get(name)
        partners = list(flow.rows) if flow else []
        if flow and partner in partners:
            member = "qualifier" if flow.rows[partner].is_less_than else "quantity"
            return f"/records/{i}/{name}/{partners.index(partner)}/{member}"
        return f"/records/{i}/{name}"
    return "/records"
