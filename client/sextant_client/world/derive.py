"""From the truth to what States send: every declaration of a State and year, numbered and dated.

This is the loader for benchmarks too: `documents(world)` yields one declaration after another and
keeps none.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sextant_client.world.faults import SENDING_KINDS
from sextant_client.world.heading import Filing, Struck, document_of
from sextant_client.world.national import file_and
from sextant_client.world.nil import file_nil
from sextant_client.world.ocpf import file_ocpf, file_ocpf_initial
from sextant_client.world.profiles import FIRST_ENTRY
from sextant_client.world.schedule1 import file_schedule1
from sextant_client.world.sending import send
from sextant_client.world.sites2 import file_s2_initial, file_s2_sites
from sextant_client.world.sites3 import file_s3_initial, file_s3_sites
from sextant_client.world.truth import World

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
        counts: dict[str, int] = {}
        for number, (_, kind, _, filing) in enumerate(sent, start=1):
            counts[kind] = counts.get(kind, 0) + 1
            name = f"{state}/{year}/{kind}-{counts[kind]:03d}.json"
            yield _document(world, state, year, filing, name, f"{state}-{year}-{number:04d}")
        for filing in filings:
            if filing.received is None:
                yield Document(
                    state, year, filing.kind, None, "", None, filing.due, None, filing.struck
                )


def filings_of(world: World, state: str, year: int) -> list[Filing]:
    """Return what a State files for a year; what should have been sent and was not has no day."""
    profile = world.profiles[state]
    filings = [filing for derive in _YEARLY for filing in derive(world, state, year)]
    if profile.entry_into_force.year == year and profile.entry_into_force > FIRST_ENTRY:
        filings += [filing for derive in _INITIAL for filing in derive(world, state)]
    filings += file_nil(profile, world.plan.seed, year, [filing.kind for filing in filings])
    send(filings, world.faults.at(state, year, SENDING_KINDS))
    return filings


def _document(
    world: World, state: str, year: int, filing: Filing, path: str, declaration_id: str
) -> Document:
    members = document_of(filing, world.profiles[state], declaration_id)
    return Document(
        state=state,
        year=year,
        kind=filing.kind,
        path=path,
        declaration_id=declaration_id,
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
)
_INITIAL: Sequence[Callable[[World, str], Iterator[Filing]]] = (
    file_s2_initial,
    file_s3_initial,
    file_ocpf_initial,
)
