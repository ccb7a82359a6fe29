"""From the truth to what States send: every declaration of a State and year, numbered and dated.

This is the loader for benchmarks too: `documents(world)` yields one declaration after another and
keeps none.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sextant_client.world import dues
from sextant_client.world.corrections import announce, correct, withdraw
from sextant_client.world.destruction import file_destruction
from sextant_client.world.faults import RENAMING_KINDS, SENDING_KINDS
from sextant_client.world.heading import Filing, Struck, document_of
from sextant_client.world.national import file_and, file_initial_and
from sextant_client.world.nil import file_nil
from sextant_client.world.ocpf import file_ocpf, file_ocpf_initial
from sextant_client.world.production import file_production, file_production_initial
from sextant_client.world.profiles import Profile
from sextant_client.world.renaming import rename_sites
from sextant_client.world.schedule1 import file_schedule1, file_schedule1_initial
from sextant_client.world.sending import send
from sextant_client.world.sites2 import file_s2_initial, file_s2_sites
from sextant_client.world.sites3 import file_s3_initial, file_s3_sites
from sextant_client.world.standing import file_standing
from sextant_client.world.truth import World
from sextant_client.world.weapons import file_finds, file_weapons_initial

Derive = Callable[[World, str, int], Iterator[Filing]]


@dataclass(frozen=True, slots=True)
class Document:
    """One declaration as it is sent; `path` is relative to the world's folder.

    `data` is None for what should have been sent and was not.
    """

    state: str
    year: int
    kind: str
    path: str | None
    declaration_id: str
    data: bytes | None
    due: dt.date
    received: dt.date | None
    struck: Sequence[Struck]


def documents(world: World) -> Iterator[Document]:
    """Yield every declaration of every State, year by year."""
    for state in world.profiles:
        yield from documents_of(world, state)


def documents_of(world: World, state: str) -> Iterator[Document]:
    """Yield every declaration of one State, year by year, in the order in which they were sent."""
    profile = world.profiles[state]
    for year in world.plan.reporting_years:
        if not profile.is_bound(year):
            continue
        filings = filings_of(world, state, year)
        sent = [(f.received, f.kind, f.site, f) for f in filings if f.received is not None]
        sent.sort(key=lambda entry: entry[:3])
        numbers = {
            id(filing): f"{state}-{year}-{number:04d}"
            for number, (_, _, _, filing) in enumerate(sent, start=1)
        }
        counts: dict[str, int] = {}
        for _, kind, _, filing in sent:
            counts[kind] = counts.get(kind, 0) + 1
            name = f"{state}/{year}/{kind}-{counts[kind]:03d}.json"
            yield _document(world, state, year, filing, name, numbers)
        for filing in filings:
            if filing.received is None:
                yield Document(
                    state, year, filing.kind, None, "", None, filing.due, None, filing.struck
                )


def filings_of(world: World, state: str, year: int) -> list[Filing]:
    """Return what a State files for a year; what should have been sent and was not has no day."""
    profile = world.profiles[state]
    filings = [filing for derive in _YEARLY for filing in derive(world, state, year)]
    yearly = [filing.kind for filing in filings]
    if profile.entry_into_force.year == year:
        filings += [filing for derive in _INITIAL for filing in derive(world, state)]
    filings += file_nil(profile, world.plan.seed, year, yearly)
    _wait_for_entry(profile, filings)
    filings += list(correct(world, state, year, filings))
    rename_sites(filings, world.faults.at(state, year, RENAMING_KINDS))
    send(filings, world.faults.at(state, year, SENDING_KINDS))
    filings += [*announce(world, profile, year, filings), *withdraw(world, state, year, filings)]
    return filings


def _wait_for_entry(profile: Profile, filings: Sequence[Filing]) -> None:
    """Let nothing be sent before the State is bound, nor be due before its initial declarations."""
    entry = profile.entry_into_force
    for filing in filings:
        if filing.received is not None and filing.received < entry:
            filing.received = entry
        if filing.due < entry:
            filing.due = dues.after_entry("S2_SITE_INITIAL", entry)


def _document(
    world: World, state: str, year: int, filing: Filing, path: str, numbers: Mapping[int, str]
) -> Document:
    members = document_of(filing, world.profiles[state], lambda named: numbers[id(named)])
    return Document(
        state=state,
        year=year,
        kind=filing.kind,
        path=path,
        declaration_id=numbers[id(filing)],
        data=json.dumps(members, ensure_ascii=False).encode() + b"\n",
        due=filing.due,
        received=filing.received,
        struck=filing.struck,
    )


def _aggregates(world: World, state: str, year: int) -> Iterator[Filing]:
    for regime in ("S2", "S3"):
        filing = file_and(world, state, year, regime)
        if filing is not None:
            yield filing


_YEARLY: Sequence[Derive] = (
    _aggregates,
    file_s2_sites,
    file_s3_sites,
    file_ocpf,
    file_schedule1,
    file_standing,
    file_destruction,
    file_production,
    file_finds,
)
_INITIAL: Sequence[Callable[[World, str], Iterator[Filing]]] = (
    file_initial_and,
    file_s2_initial,
    file_s3_initial,
    file_ocpf_initial,
    file_schedule1_initial,
    file_weapons_initial,
    file_production_initial,
)
