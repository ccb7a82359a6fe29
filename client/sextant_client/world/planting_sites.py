"""Where faults in site declarations and in sending can strike."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sextant_client.world import faults as kinds
from sextant_client.world.activity import in_window
from sextant_client.world.chance import Chance
from sextant_client.world.derive import filings_of
from sextant_client.world.faults import Fault
from sextant_client.world.heading import Filing
from sextant_client.world.industry import PRODUCE
from sextant_client.world.ledger import nameplate
from sextant_client.world.sending import ADDITIONAL, AHEAD, LISTS, PAST
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
    kinds.S1_NOTICE_ONE_SIDED: _one_sided,
    kinds.S1_NOTICE_LATE: _too_late,
    kinds.MISSING_FILING: _missing,
    kinds.LATE_FILING: _late,
}
