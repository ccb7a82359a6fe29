"""`python -m bench quality`: the page that says how good the analysis is, kind by kind.

One table for all planted kinds: what the anomalies flag, what an explanation closes, what transfer
matching shows and names, and beside it the plain rule and chance. The answer key is opened after
both analyses are done.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.quality import (
    Answer,
    Measured,
    Scorer,
    analyse_world,
    by_chance,
    plain_cards,
    precision,
    random_precision,
)
from bench.quality_world import kept_world
from bench.transfers import SeenFaults, World, load, seen_faults
from sextant_client.world import WorldPlan
from sextant_declarations.analysis.anomalies.terms import Terms
from sextant_declarations.analysis.transfers.index import TransferIndex

PLAN = WorldPlan(states=190, years=20, seed=7)
UNSEEN = WorldPlan(states=190, years=20, seed=11)
PAGE = Path(__file__).parent.parent / "docs" / "analysis-quality.md"
OF_TIME = {"LATE_FILING", "S1_NOTICE_LATE"}  # the day of receipt
AIMS = (
    ("unit slips", ("UNIT_10", "UNIT_1000", "PLAN_UNIT_1000")),
    ("year shifts", ("YEAR_SHIFT",)),
    ("transit mistakes", ("TRANSIT",)),
    ("missing follow-ups", ("ADDITIONAL_MISSED", "ADAA_WITHOUT_ADPA", "MISSING_FILING")),
)
_COLUMNS = (
    "planted fault", "planted", "flagged", "closed by an explanation", "pair shown", "pair named",
    "found", "by the plain rule", "by chance",
)  # fmt: skip
_AT = (20, 50, 100, 200, 400)


@dataclass(frozen=True)
class Result:
    """Both analyses of one world, held against its key."""

    measured: Measured
    planted: Sequence[Answer]
    pairs: SeenFaults

    @property
    def scorer(self) -> Scorer:
        """Return what holds cards against the faults."""
        return Scorer(self.planted)


def measure(plan: WorldPlan) -> Result:
    """Analyse a world, then open its key."""
    kept, world = kept_world(plan), load(plan)
    measured = analyse_world(kept, plan.last_year, Terms(world.comparing.membership))
    seen = _matched(world)
    return Result(measured, [answer for answer in kept.answers() if answer["planted"]], seen)


def _matched(world: World) -> SeenFaults:
    return seen_faults(world, TransferIndex.full(world.comparing, world.facts).pairs)


def page(result: Result, unseen: Result) -> str:
    """Return the page of results."""
    ranked = result.measured.run.ranked
    lines = [
        INTRODUCTION.format(states=PLAN.states, years=PLAN.years, seed=PLAN.seed),
        *_aims(result, unseen),
        "",
        SUMMARY.format(
            count=result.measured.declarations,
            seconds=result.measured.seconds,
            aside=len(ranked.set_aside),
            expected=ranked.expected_false,
        ),
        "",
        *_choices(result),
        "",
        KINDS,
        "",
        *_kinds(result),
        "",
        METHODS,
        "",
        *_methods(result),
    ]
    return "\n".join(lines) + "\n"


def _aims(result: Result, unseen: Result) -> list[str]:
    both = (result, unseen)
    lines = [
        f"| aim | seed {PLAN.seed} | seed {UNSEEN.seed} |",
        "| --- | ---: | ---: |",
    ]
    for name, kinds in AIMS:
        cells = []
        for one in both:
            found, planted = _found(one), Counter(answer["kind"] for answer in one.planted)
            of = sum(planted[kind] for kind in kinds)
            cells.append(f"{sum(found[kind] for kind in kinds)} of {of}")
        lines.append(f"| every one found: {name} | {' | '.join(cells)} |")
    hits = [one.scorer.hits(one.measured.run.ranked.cards) for one in both]
    firsts = " | ".join(precision(found, 50) for found in hits)
    wrong = " | ".join(
        f"{100 * (len(found) - sum(found)) / one.measured.declarations:.2f}"
        for found, one in zip(hits, both, strict=True)
    )
    took = " | ".join(f"{one.measured.seconds:.0f} s" for one in both)
    return [
        *lines,
        f"| precision at 50 above 0.9 | {firsts} |",
        f"| fewer than 2 false flags per 100 declarations | {wrong} |",
        f"| the whole world in less than 2 min | {took} |",
    ]


def _found(result: Result) -> Counter[str]:
    """Return how many of each kind are found at all: flagged, explained, or shown as a pair."""
    ranked, scorer = result.measured.run.ranked, result.scorer
    seen = scorer.seen(ranked.cards) | scorer.seen(ranked.explained) | result.pairs.shown
    return Counter(seen.values())


def _choices(result: Result) -> list[str]:
    scorer, measured = result.scorer, result.measured
    cards, plain = measured.run.ranked.cards, plain_cards(measured.facts)
    hits, plain_hits = scorer.hits(cards), scorer.hits(plain)
    chance = f"{random_precision(result.planted, measured.declarations):.2f}"
    wrong = [100 * (len(h) - sum(h)) / measured.declarations for h in (hits, plain_hits)]
    drawn = 100 * len(cards) * (1 - float(chance)) / measured.declarations
    lines = [
        "| | anomalies | differs by more than 10 % | random declarations |",
        "| --- | ---: | ---: | ---: |",
        f"| flags | {len(cards)} | {len(plain)} | {len(cards)} |",
        f"| false flags per 100 declarations | {wrong[0]:.2f} | {wrong[1]:.2f} | {drawn:.2f} |",
    ]
    for at in _AT:
        both = f"{precision(hits, at)} | {precision(plain_hits, at)}"
        lines.append(f"| precision at {at} | {both} | {chance} |")
    return lines


def _kinds(result: Result) -> list[str]:
    ranked, scorer, pairs = result.measured.run.ranked, result.scorer, result.pairs
    columns: list[Mapping[str, int]] = [
        scorer.found(ranked.cards),
        scorer.found(ranked.explained),
        Counter(pairs.shown.values()),
        Counter(pairs.named.values()),
        _found(result),
        scorer.found(plain_cards(result.measured.facts)),
    ]
    drawn = by_chance(result.planted, result.measured.declarations, len(ranked.cards))
    lines = [
        f"| {' | '.join(_COLUMNS)} |",
        "| --- " + "| ---: " * 8 + "|",
    ]
    for kind, count in Counter(answer["kind"] for answer in result.planted).items():
        mark = " †" if kind in OF_TIME else ""
        cells = " | ".join(str(column.get(kind, 0)) for column in columns)
        lines.append(f"| `{kind}`{mark} | {count} | {cells} | {drawn[kind]:.1f} |")
    return lines


def _methods(result: Result) -> list[str]:
    cards = result.measured.run.ranked.cards
    hits = result.scorer.hits(cards)
    methods = Counter(card.method for card in cards)
    right = Counter(card.method for card, hit in zip(cards, hits, strict=True) if hit)
    return [
        "| method | flags | right |",
        "| --- | ---: | ---: |",
        *(f"| `{name}` | {count} | {right[name]} |" for name, count in methods.most_common()),
    ]


INTRODUCTION = """# How good the analysis is

Measured with `python -m bench quality` on [the made-up world](world.md) of {states} States and
{years} years (seed {seed}), whose answer key says which differences were planted. The methods are
given the declarations, and who is a State Party since when; the key is read afterwards, by the
scorer. A flag is right when it names the declarant, one of the years, and the chemical, site or
kind of a planted fault; all others are false, also where they tell of an honest difference.

The settings of the methods were chosen while looking at seed 7. Seed 11 was measured only, with one
exception: the single unit slip that was missed there led to the method `SMALL_ONCE`. No two figures
differ in it: a slip put the exporter's row below the threshold, and the law of the importer lets it
leave the partner out. Only the exporter's other years tell it. On seed 13, at which nobody had
looked, the rule of that method fits one row in 697 below the threshold, and that one is a slip.
"""
SUMMARY = """{count:,} declarations; read, folded and analysed in {seconds:.0f} s in one process.
{aside} statistical flags were set aside by the control of false discoveries, year by year; of those
that it let through, {expected:.1f} are expected to be false. One control over all years instead
of one a year let through three cards fewer here, none of them right, and five more on seed 11,
three of them right: no difference to speak of. A control a year was chosen because a year that is
added then moves no other year."""
KINDS = """*Flagged* are cards of the list. *Closed by an explanation*: the difference is kept out
of the list, because an innocent explanation, such as goods at sea at the turn of the year, leaves
nothing of it above the threshold; officers see it with its explanation. *Pair shown* and *named*
are of [transfer matching](transfers.md): a pair of two States is a difference, and its explanation
is the planted one. *Found* is any of these. *By chance*: as many declarations drawn as there are
flags. A year shift that looks like a voyage over the turn of the year is found as such, and no
method tells it from one."""
METHODS = """† against the day on which it was due: [obligations](obligations.md), no method here.

How well sites that a State renamed are found is measured
[separately](dossiers.md#how-well-renamed-sites-are-found)."""


def write_quality() -> str:
    """Measure and write the page; return where it is."""
    PAGE.write_text(page(measure(PLAN), measure(UNSEEN)), encoding="utf-8")
    return str(PAGE)
