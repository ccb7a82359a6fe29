"""Where faults around Schedule 1 and in what Articles IV and V ask can strike."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sextant_client.world import faults as kinds
from sextant_client.world.chance import Chance
from sextant_client.world.derive import filings_of
from sextant_client.world.facilities import SAXITOXIN, Transfer
from sextant_client.world.faults import Fault
from sextant_client.world.heading import Filing
from sextant_client.world.planting_sites import fault_of
from sextant_client.world.schedule1 import notice_key
from sextant_client.world.truth import World


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
        fault = fault_of(kinds.S1_NOTICE_ONE_SIDED, state, year, filing)
        yield replace(fault, partner=_other(filing, state))


def _too_late(world: World, state: str, year: int, chance: Chance) -> Iterator[Fault]:
    for filing in _notices(world, state, year, chance):
        if filing.received is not None and filing.received <= filing.due:
            days = chance.between(2, 28)
            late = fault_of(kinds.S1_NOTICE_LATE, state, year, filing, days)
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


EVENT_PROPOSALS: Mapping[str, Callable[[World, str, int, Chance], Iterator[Fault]]] = {
    kinds.DESTRUCTION_BEHIND_UNSAID: _destruction,
    kinds.FACILITY_WORK_BEHIND_UNSAID: _facility_work,
    kinds.S1_NOTICE_QUANTITY: _quantity,
    kinds.S1_NOTICE_DAY: _day,
    kinds.S1_CEILING: _ceiling,
    kinds.S1_NOTICE_ONE_SIDED: _one_sided,
    kinds.S1_NOTICE_LATE: _too_late,
}
