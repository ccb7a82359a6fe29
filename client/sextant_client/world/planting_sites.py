"""Where faults in site declarations and in sending can strike."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sextant_client.world import faults as kinds
from sextant_client.world.activity import in_window
from sextant_client.world.chance import Chance
from sextant_client.world.derive import filings_of
from sextant_client.world.facilities import SAXITOXIN, Transfer
from sextant_client.world.faults import Fault
from sextant_client.world.heading import Filing
from sextant_client.world.industry import PRODUCE
from sextant_client.world.ledger import nameplate
from sextant_client.world.names import SITE_WORDS
from sextant_client.world.renaming import other_name
from sextant_client.world.schedule1 import notice_key
from sextant_client.world.sending import ADDITIONAL, AHEAD, LISTS, PAST
from sextant_client.world.substances import substances
from sextant_client.world.truth import World


def _capacity(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield plants of which a capacity is declared that their production clearly passes."""
    for site in chance.shuffled(list(world.industry.sites.get(state, ()))):
        for plant in site.plants:
            if plant.regime != "S2":
                continue
            for index in in_window(world, plant, year):
                made = world.ledger.of_plant(plant, year).get(index, {}).get(PRODUCE, 0)
                declared = nameplate(made * 100 // chance.between(125, 290))
                if declared * 112 // 100 < made:
                    yield Fault(
                        kinds.CAPACITY_EXCEEDED,
                        state,
                        (year,),
                        "S2",
                        substance=index,
                        partner=plant.code,
                        factor=declared,
                        site=site.code,
                    )


def _owner(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    changed = [s.code for s in world.industry.sites.get(state, ()) if s.changed_owner(year)]
    declared = {f.site for f in filings_of(world, state, year) if f.kind in PAST} if changed else ()
    for site in chance.shuffled(changed):
        if site in declared:
            yield Fault(kinds.OWNER_CHANGE_UNSAID, state, (year,), site=site)


def _additional(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield additional activities; where a site has two of them, one could not be told."""
    filings = [f for f in filings_of(world, state, year) if f.kind in ADDITIONAL]
    for filing in chance.shuffled(filings):
        if sum((f.kind, f.site) == (filing.kind, filing.site) for f in filings) == 1:
            yield _of(kinds.ADDITIONAL_MISSED, state, year, filing)


def _no_past(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    filings = filings_of(world, state, year)
    planned = {f.site for f in filings if f.kind in AHEAD}
    for filing in chance.shuffled([f for f in filings if f.kind in PAST and f.site in planned]):
        yield _of(kinds.ADAA_WITHOUT_ADPA, state, year, filing)


def _missing(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    filings = [f for f in filings_of(world, state, year) if f.kind in LISTS and not f.struck]
    for filing in chance.shuffled(filings):
        if not filing.kind.endswith("AND") or world.faults.is_free(state, year):
            yield _of(kinds.MISSING_FILING, state, year, filing)


def _late(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    filings = [f for f in filings_of(world, state, year) if f.kind in (*LISTS, *PAST, *AHEAD)]
    for filing in chance.shuffled(filings):
        if filing.received is not None and filing.received <= filing.due:
            yield _of(kinds.LATE_FILING, state, year, filing, chance.between(35, 240))


def _plan(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield planned chemicals of plants, of which a thousand times as much can be declared."""
    filings = [f for f in filings_of(world, state, year) if f.kind == "S2_SITE_ADAA"]
    for filing in chance.shuffled(filings):
        for plant in filing.body["plants"]:
            cas = {row["chemical"]["cas"] for row in plant["chemicals"]}
            for substance in substances():
                if substance.cas in cas:
                    yield Fault(
                        kinds.PLAN_UNIT_1000,
                        state,
                        (year,),
                        "S2",
                        substance=substance.index,
                        partner=plant["plant_code"],
                        site=filing.site,
                    )


def _renamed(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield sites that are declared for years before and after they go by another name."""
    years = tuple(range(year, world.plan.last_year + 1))
    sites = world.industry.sites.get(state, ())
    if year - 1 not in world.plan.reporting_years or not sites:
        return
    before, after = (
        {f.site for f in filings_of(world, state, y) if f.kind in PAST} for y in (year - 1, year)
    )
    taken = {fault.other for fault in world.faults.faults}
    for site in chance.shuffled([site for site in sites if site.code in before & after]):
        numbers = range(len(sites) + 1, len(sites) + 100)
        codes = (f"{state}-PS-{number:04d}" for number in numbers)
        name = other_name(site.name, chance.choose(SITE_WORDS))
        if name != site.name:
            yield Fault(
                kinds.SITE_RENAMED,
                state,
                years,
                other=next(code for code in codes if code not in taken),
                site=site.code,
                text=name,
            )


def _ceiling(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield facilities whose stock can be said to be more than they may make in a year."""
    for facility in world.facilities.of.get(state, ()):
        chemicals = [cas for cas in facility.chemicals if cas != SAXITOXIN]
        if facility.is_sssf or not facility.era.holds(year) or not chemicals:
            continue
        milligrams = chance.between(104_000, 140_000) * 100
        yield Fault(
            kinds.S1_CEILING,
            state,
            (year,),
            other=chance.choose(chemicals),
            factor=milligrams,
            site=facility.code,
        )


def _destruction(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield lines of an inventory of which less was destroyed than planned."""
    programme = world.legacies[state].programme if state in world.legacies else None
    steps = programme.steps.get(year, {}) if programme else {}
    behind = [code for code, step in steps.items() if step.done < step.planned]
    for code in chance.shuffled(behind):
        yield Fault(kinds.DESTRUCTION_BEHIND_UNSAID, state, (year,), site=code)


def _facility_work(world: World, state: str, year: int, _chance: Chance) -> Iterator[Fault]:
    former = world.legacies[state].former if state in world.legacies else None
    if former and any(one.planned <= year < one.done for one in former.structures):
        yield Fault(kinds.FACILITY_WORK_BEHIND_UNSAID, state, (year,), site=former.works.code)


def _quantity(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield transfers of which one side says another quantity, in notice and list alike."""
    for transfer in _transfers(world, state, year, chance):
        if transfer.cas != SAXITOXIN:
            factor = chance.choose((3, 4, 6, 15, 20))
            other = transfer.milligrams * factor // 10
            partner = _other_side(transfer, state)
            yield Fault(
                kinds.S1_NOTICE_QUANTITY, state, (year,), partner=partner, factor=other,
                site=notice_key(transfer),
            )  # fmt: skip


def _day(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    """Yield transfers of which one side names a later day."""
    for transfer in _transfers(world, state, year, chance):
        days = chance.between(6, 30)
        if (transfer.day + dt.timedelta(days)).year == year:
            partner = _other_side(transfer, state)
            yield Fault(
                kinds.S1_NOTICE_DAY, state, (year,), partner=partner, factor=days,
                site=notice_key(transfer),
            )  # fmt: skip


def _transfers(world: World, state: str, year: int, chance: Chance) -> list[Transfer]:
    return chance.shuffled(world.facilities.transfers.get((state, year), ()))


def _other_side(transfer: Transfer, state: str) -> str:
    """Return the State on the other side of a transfer."""
    sides = (transfer.sender.state, transfer.recipient.state)
    return sides[1] if sides[0] == state else sides[0]


def _one_sided(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    for filing in _notices(world, state, year, chance):
        fault = _of(kinds.S1_NOTICE_ONE_SIDED, state, year, filing)
        yield replace(fault, partner=_other(filing, state))


def _too_late(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    for filing in _notices(world, state, year, chance):
        if filing.received is not None and filing.received <= filing.due:
            days = chance.between(2, 28)
            late = _of(kinds.S1_NOTICE_LATE, state, year, filing, days)
            yield replace(late, partner=_other(filing, state))


def _notices(world: World, state: str, year: int, chance: Chance) -> list[Filing]:
    if not world.facilities.transfers.get((state, year)):
        return []
    filings = filings_of(world, state, year)
    return chance.shuffled([f for f in filings if f.kind.startswith("S1_TRANSFER_NOTIF")])


def _other(filing: Filing, state: str) -> str:
    """Return the State on the other side of a notice."""
    sender, receiver = filing.body["sending_state"], filing.body["receiving_state"]
    return str(receiver if sender == state else sender)


def _of(kind: str, state: str, year: int, filing: Filing, days: int = 0) -> Fault:
    return Fault(kind, state, (year,), other=filing.kind, factor=days, site=filing.site)


SITE_PROPOSALS: Mapping[str, Callable[[World, str, int, Chance], Iterator[Fault]]] = {
    kinds.CAPACITY_EXCEEDED: _capacity,
    kinds.OWNER_CHANGE_UNSAID: _owner,
    kinds.ADDITIONAL_MISSED: _additional,
    kinds.ADAA_WITHOUT_ADPA: _no_past,
    kinds.PLAN_UNIT_1000: _plan,
    kinds.SITE_RENAMED: _renamed,
    kinds.DESTRUCTION_BEHIND_UNSAID: _destruction,
    kinds.FACILITY_WORK_BEHIND_UNSAID: _facility_work,
    kinds.S1_NOTICE_QUANTITY: _quantity,
    kinds.S1_NOTICE_DAY: _day,
    kinds.S1_CEILING: _ceiling,
    kinds.S1_NOTICE_ONE_SIDED: _one_sided,
    kinds.S1_NOTICE_LATE: _too_late,
    kinds.MISSING_FILING: _missing,
    kinds.LATE_FILING: _late,
}
