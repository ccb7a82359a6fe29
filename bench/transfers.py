"""Transfer matching on the made-up world: how fast, and what it finds of what was planted.

`python -m bench transfers` prints times, `python -m bench quality transfers` the quality. Matching
is done before the answer key is opened; only the count reads it.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sextant_client.world import WorldPlan, documents, make_world
from sextant_client.world.answers import KeyBuilder
from sextant_client.world.profiles import Profile
from sextant_declarations.analysis.transfers.comparing import Comparing
from sextant_declarations.analysis.transfers.facts import KINDS, DocumentFacts, facts_of
from sextant_declarations.analysis.transfers.index import TransferIndex
from sextant_declarations.analysis.transfers.model import HypothesisKind, Pair, PairKey
from sextant_declarations.analysis.transfers.notices import KINDS as NOTICES
from sextant_declarations.analysis.transfers.notices import NoticePair, notice_of, pair_notices
from sextant_declarations.analysis.transfers.policy import (
    DEFAULT_POLICY,
    CountryProfile,
    ListedMembership,
    Term,
)
from sextant_declarations.analysis.transfers.trial import difference
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.rules.filings import effective

PLAN = WorldPlan(states=190, years=20, seed=7)
BETWEEN = (
    "UNIT_10", "UNIT_1000", "TYPO", "YEAR_SHIFT", "TRANSIT", "WRONG_CHEMICAL", "CONCENTRATION",
    "LOW_CONCENTRATION", "THRESHOLD_BASIS", "DOUBLE_COUNT", "RE_EXPORT_FREE_ZONE",
    "SWAPPED_COLUMNS",
)  # fmt: skip
OF_NOTICES = ("S1_NOTICE_ONE_SIDED", "S1_NOTICE_QUANTITY", "S1_NOTICE_DAY", "S1_NOTICE_LATE")
_NAMED_BY = {"UNIT_10": "TYPO"}  # a decimal shift
_SLIPS = frozenset(
    {
        HypothesisKind.UNIT_1000,
        HypothesisKind.TYPO,
        HypothesisKind.DOUBLE_COUNT,
        HypothesisKind.TRANSIT,
        HypothesisKind.WRONG_CHEMICAL,
    }
)
_FILINGS = ("AMENDMENT", "WITHDRAWAL")
_SAMPLES = 200


@dataclass(frozen=True)
class World:
    """The declarations that say anything of transfers, and the answer key beside them."""

    comparing: Comparing
    facts: list[DocumentFacts]
    notices: tuple[NoticePair, ...]
    key: list[Mapping[str, Any]]
    declarations: int


@dataclass(frozen=True)
class Times:
    """CPU seconds of a full run, of one year, and of one new version each."""

    pairs: int
    full_s: float
    year_pairs: int
    year_s: float
    puts_s: list[float]


def load(plan: WorldPlan = PLAN) -> World:
    """Make a world and read what it declares of transfers."""
    world = make_world(plan)
    builder, read, received = KeyBuilder(), list[DeclarationBase](), {}
    count = 0
    for document in documents(world):
        builder.note(document)
        if document.data is None:
            continue
        count += 1
        if document.kind in {*KINDS, *NOTICES, *_FILINGS}:
            declaration = read_declaration(json.loads(document.data))
            received[declaration.state_code, declaration.declaration_id] = document.received
            read.append(declaration)
    holding = effective(read)
    notices = [
        notice
        for number, declaration in holding.items()
        if (notice := notice_of(declaration, received.get(number), DEFAULT_POLICY))
    ]
    return World(
        _comparing(world.profiles.values()),
        [one for d in holding.values() if (one := facts_of(d, DEFAULT_POLICY))],
        pair_notices(notices, DEFAULT_POLICY),
        list(builder.lines(world)),
        count,
    )


def _comparing(profiles: Iterable[Profile]) -> Comparing:
    terms, known = {}, {}
    for profile in profiles:
        public = profile.public()
        names = CountryProfile.model_fields.keys() & public.keys()
        known[profile.code] = CountryProfile.model_validate({n: public[n] for n in names})
        since = profile.entry_into_force if profile.is_party else None
        terms[profile.code] = Term(since, never=not profile.is_party)
    return Comparing(DEFAULT_POLICY, known, ListedMembership(terms))


def measure(world: World, plan: WorldPlan = PLAN) -> Times:
    """Match everything, the last year alone, and new versions in which one figure changed."""
    started = time.process_time()
    index = TransferIndex.full(world.comparing, world.facts)
    full = time.process_time() - started
    last = [facts for facts in world.facts if facts.year == plan.last_year]
    started = time.process_time()
    year = TransferIndex.full(world.comparing, last)
    year_s = time.process_time() - started
    trading = [facts for facts in world.facts if facts.rows]
    puts = []
    for facts in trading[:: max(1, len(trading) // _SAMPLES)]:
        amended = _amended(facts)
        started = time.process_time()
        index.put(amended)
        puts.append(time.process_time() - started)
    return Times(len(index.pairs), full, len(year.pairs), year_s, sorted(puts))


def _amended(facts: DocumentFacts) -> DocumentFacts:
    """Return the next version: every place is of it, and one figure is another."""
    document = replace(facts.document, version=facts.document.version + 1)
    rows = [replace(row, place=replace(row.place, document=document)) for row in facts.rows]
    if rows[0].kg is not None:
        rows[0] = replace(rows[0], kg=rows[0].kg * 2)
    return replace(facts, document=document, rows=tuple(rows))


def print_times() -> None:
    """Print the table of times."""
    times = measure(load())
    print(f"CPU time; whole world: {times.pairs:,} pairs in {times.full_s:.2f} s")
    print(f"last year: {times.year_pairs:,} pairs in {times.year_s:.3f} s")
    middle, worst = times.puts_s[len(times.puts_s) // 2], times.puts_s[-1]
    print(
        f"one amendment ({len(times.puts_s)} tried): median {middle * 1000:.1f} ms,"
        f" slowest {worst * 1000:.1f} ms"
    )


def print_quality() -> None:
    """Print the quality as a table of a page."""
    world = load()
    pairs = TransferIndex.full(world.comparing, world.facts).pairs
    print("\n".join(quality_table(world, pairs)))


def quality_table(world: World, pairs: Mapping[PairKey, Pair]) -> Iterator[str]:
    """Yield the lines: per planted kind, how many are shown as a difference, and named."""
    yield "| planted | of them | difference shown | explanation named |"
    yield "| --- | ---: | ---: | ---: |"
    seen = seen_faults(world, pairs)
    planted = seen.planted
    counts = Counter[str](line["kind"] for line in world.key if line["planted"])
    shown, named = (Counter[str](kinds.values()) for kinds in (seen.shown, seen.named))
    for kind in BETWEEN:
        if counts[kind]:
            yield (
                f"| {kind} | {counts[kind]} | {shown[kind] / counts[kind]:.0%}"
                f" | {named[kind] / counts[kind]:.0%} |"
            )
    yield from _of_notices(world)
    yield ""
    yield "| flagged are | pairs | with a planted fault | without, per 100 declarations |"
    yield "| --- | ---: | ---: | ---: |"
    for name, flagged in _choices(pairs.values()):
        right = sum(pair.key in planted for pair in flagged)
        false = 100 * (len(flagged) - right) / world.declarations
        yield f"| {name} | {len(flagged):,} | {right / (len(flagged) or 1):.0%} | {false:.2f} |"


@dataclass(frozen=True)
class SeenFaults:
    """Which planted faults show as a difference of a pair, and which are named; kinds by id."""

    planted: set[PairKey]
    shown: dict[str, str]
    named: dict[str, str]


def seen_faults(world: World, pairs: Mapping[PairKey, Pair]) -> SeenFaults:
    """Return what transfer matching shows of the planted faults between two States."""
    seen = SeenFaults(set(), {}, {})
    groups = _groups(world)
    for line in world.key:
        if not line["planted"]:
            continue
        kind, id_ = line["kind"], line["id"]
        if kind in OF_NOTICES and _is_noticed(line, groups):
            seen.shown[id_] = kind
        if line["chemical"] is None:
            continue
        about = [pair for pair in pairs.values() if _is_about(pair.key, line)]
        seen.planted.update(pair.key for pair in about)
        if kind not in BETWEEN:
            continue
        open_ = [pair for pair in about if pair.klass.is_difference]
        wanted = _NAMED_BY.get(kind, kind)
        if open_:
            seen.shown[id_] = kind
        if any(h.kind == wanted for pair in open_ for h in pair.hypotheses):
            seen.named[id_] = kind
    return seen


def _groups(world: World) -> set[tuple[str, str, int]]:
    return {
        (notice.sender, notice.receiver, notice.day.year)
        for pair in world.notices
        if pair.findings
        for notice in (pair.sent, pair.received)
        if notice is not None
    }


def _choices(pairs: Iterable[Pair]) -> Iterator[tuple[str, list[Pair]]]:
    """Yield ways of choosing what an officer looks at, the plain rule first."""
    compared = [pair for pair in pairs if pair.gap is not None]
    yield "all compared pairs (random choice)", compared
    yield "figures that differ by more than 10 %", [pair for pair in compared if _is_plain(pair)]
    open_ = [pair for pair in compared if pair.klass.is_difference]
    yield "differences", open_
    slips = [p for p in open_ if any(h.kind in _SLIPS and h.closes for h in p.hypotheses)]
    yield "differences that a slip closes", slips


def _is_plain(pair: Pair) -> bool:
    found = difference(pair)
    most = max(pair.export.kg or 0, pair.import_.kg or 0)
    return found is not None and abs(found) * 10 > most


def _of_notices(world: World) -> Iterator[str]:
    with_finding = {
        notice.document.declaration_id
        for pair in world.notices
        if pair.findings
        for notice in (pair.sent, pair.received)
        if notice is not None
    }
    groups = _groups(world)
    for kind in OF_NOTICES:
        lines = [one for one in world.key if one["planted"] and one["kind"] == kind]
        found = sum(_is_noticed(one, groups) for one in lines)
        if lines:
            yield f"| {kind} | {len(lines)} | {found / len(lines):.0%} | |"
    total = 2 * len(world.notices)
    yield f"| notices with any finding, of about {total:,} | {len(with_finding):,} | | |"


def _is_noticed(line: Mapping[str, Any], groups: set[tuple[str, str, int]]) -> bool:
    states = line["states"]
    return any(
        (one, other, year) in groups
        for one in states
        for other in states
        if one != other
        for year in line["years"]
    )


def _is_about(key: PairKey, line: Mapping[str, Any]) -> bool:
    """Return whether a planted fault can be seen in a pair: declarant, year, chemical, partner."""
    others = [state for state in line["states"] if state != line["declarant"]]
    mine = key.exporter if line["direction"] == "exports" else key.importer
    partner = key.importer if line["direction"] == "exports" else key.exporter
    if line["kind"] == "SWAPPED_COLUMNS":
        fits = line["declarant"] in {key.exporter, key.importer}
    else:
        fits = mine == line["declarant"] and (not others or partner in others)
    return fits and key.year in line["years"] and key.chemical == line["chemical"]["cas"]
