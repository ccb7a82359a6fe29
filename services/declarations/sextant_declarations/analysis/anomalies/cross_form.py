"""Rules between the forms of one State: sites against national data, capacity, neighbours.

A plant that passes a threshold is declared, so what the sites say bounds the national figure from
both sides: from below by their sum, from above by their sum and what small producers may add.
"""

from collections import defaultdict
from collections.abc import Iterator

from sextant_declarations.analysis.anomalies.facts import (
    ACTIVITIES,
    AtPlant,
    Facts,
    Figure,
    National,
    mass,
)
from sextant_declarations.analysis.anomalies.model import Card, Shown, Tried
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.showing import NONE, computed, declared, threshold

Rows = list[tuple[AtPlant, Figure]]
_ORDER = 5  # the years of one chemical are of the same order
Sums = dict[tuple[int, str, str], Rows]


def cross_form_cards(facts: Facts, policy: Policy) -> Iterator[Card]:
    """Yield what the forms of one State do not agree on."""
    sums = _sums(facts)
    neighbours = [*_neighbours(facts, sums, policy)]
    told = {(card.year, card.subject) for card in neighbours}
    neighbours += [c for c in _strays(facts, policy) if (c.year, c.subject) not in told]
    moved = {(card.year, one.text) for card in neighbours for one in card.figures[:1]}
    taken = {(card.year, card.subject) for card in neighbours} | moved
    yield from neighbours
    for (year, chemical, name), rows in sums.items():
        if (year, chemical) not in taken:
            yield from _sites_above(facts, policy, (year, chemical, name), rows)
    for record in facts.national.values():
        if (record.year, record.chemical) not in taken and _has_sites(facts, record):
            # Small users of a chemical are many; what is processed or consumed has no upper end.
            rows = sums.get((record.year, record.chemical, "produced"), [])
            yield from _national_above(facts, policy, record, "produced", rows)
    yield from _capacities(facts, policy)


def _sums(facts: Facts) -> Sums:
    seen: set[tuple[int, str, str, str]] = set()
    sums: Sums = defaultdict(list)
    for row in facts.past:
        at = (row.year, row.site, row.plant, row.chemical)
        if at in seen:  # declared twice: the first counts
            continue
        seen.add(at)
        for name in ACTIVITIES:
            if name in row.amounts and row.amounts[name].low > NONE:
                sums[row.year, row.chemical, name].append((row, row.amounts[name]))
    return sums


def _sites_above(
    facts: Facts, policy: Policy, at: tuple[int, str, str], rows: Rows
) -> Iterator[Card]:
    year, chemical, name = at
    row = rows[0][0]
    if (f"{row.regime}_AND", year) not in facts.filed:
        return  # that is a list that is missing, and said there
    record = facts.national.get((year, chemical))
    said = record.totals.get(name) or record.denied.get(name) if record else None
    if record and said is None:
        return  # not asked, blank or unknown: a finding of the reception
    least = sum((figure.low for _, figure in rows), NONE)
    total = said.low if said else NONE
    slack = policy["rounding"] * (least + total)
    gap = least - total - slack
    # A national total up to the threshold need not be declared.
    if gap <= NONE or least <= threshold(row.schedule):
        return
    largest = max(rows, key=lambda one: one[1].low)
    alone = [one for one in rows if abs(one[1].low - (least - total)) <= slack]
    tried = (
        Tried("rounding", closes=False, left=mass(gap)),
        Tried(
            "one site left out of the national total",
            closes=False,
            left=mass(NONE) if alone else mass(max(gap - largest[1].low, NONE)),
        ),
    )
    shown = [declared(f"national {name}", facts.state, said)]
    shown += [declared(f"{one.site} {name}", facts.state, figure) for one, figure in rows[:20]]
    yield policy.card(
        "SITE_SUM", state=facts.state, year=year, subject=chemical, field=name,
        figures=(*shown, computed("sites together, at least", facts.state, least)),
        tolerance=f"rounding of {policy['rounding']} of both figures ({mass(slack)})",
        tried=tried,
        clears=f"a national total of at least {mass(least - slack)}, or {mass(gap)} less at a site",
    )  # fmt: skip


def _has_sites(facts: Facts, record: National) -> bool:
    """Return whether the State declares sites of this regime at all, for this year."""
    return any(
        row.year == record.year and row.regime == record.regime for row in facts.past
    ) or any((f"{record.regime}_SITE_ADPA", year) in facts.filed for year in (record.year,))


def _national_above(
    facts: Facts, policy: Policy, record: National, name: str, rows: Rows
) -> Iterator[Card]:
    total = record.totals.get(name)
    if total is None or any(figure.high is None for _, figure in rows):
        return
    most = sum((figure.high or NONE for _, figure in rows), NONE)
    small = policy["small_producers"] * threshold(record.schedule)
    slack = policy["rounding"] * (most + total.low)
    gap = total.low - most - small - slack
    if gap <= NONE:
        return
    figures: tuple[Shown, ...] = (
        declared(f"national {name}", facts.state, total),
        computed("sites together, at most", facts.state, most),
        computed("small producers, at most", "", small),
    )
    yield policy.card(
        "SITE_EXCESS", state=facts.state, year=record.year, subject=record.chemical, field=name,
        figures=figures,
        tolerance=f"{policy['small_producers']} plants below the threshold, and rounding",
        tried=(
            Tried("producers below the threshold", closes=False, left=mass(gap)),
        ),
        clears=f"a national total of at most {mass(most + small)}, or a site of {mass(gap)}",
        scale=1.0 if rows or record.regime == "S2" else 0.9,
    )  # fmt: skip


def _neighbours(facts: Facts, sums: Sums, policy: Policy) -> Iterator[Card]:
    """Yield chemicals that sites make and national data lack, while a neighbour is in excess."""
    for (year, chemical, name), rows in sums.items():
        row = rows[0][0]
        if name != "produced" or (f"{row.regime}_AND", year) not in facts.filed:
            continue
        if (year, chemical) in facts.national:
            continue
        low = sum((figure.low for _, figure in rows), NONE)
        highs = [figure.high for _, figure in rows]
        small = policy["small_producers"] * threshold(row.schedule)
        most = None if None in highs else sum((h or NONE for h in highs), NONE) + small
        for record in facts.national.values():
            total = record.totals.get("produced")
            if record.year != year or record.schedule != row.schedule or total is None:
                continue
            is_alone = (year, record.chemical, "produced") not in sums
            slack = policy["rounding"] * (low + total.low)
            if (
                is_alone
                and total.low >= low - slack
                and (most is None or total.low <= most + slack)
            ):
                yield policy.card(
                    "NEIGHBOUR_CHEMICAL", state=facts.state, year=year, subject=record.chemical,
                    site=row.name, national=record.name,
                    figures=(
                        Shown("chemical of the sites", facts.state, chemical, row.place),
                        declared("national produced", facts.state, total),
                        computed("sites together, at least", facts.state, low),
                    ),
                    tolerance=f"rounding of {policy['rounding']}, same part of the schedules",
                    tried=(Tried("neighbouring chemical", closes=False, left=mass(NONE)),),
                    clears=f"the national record under {chemical}",
                    places=(record.place,),
                )  # fmt: skip
                break


def _strays(facts: Facts, policy: Policy) -> Iterator[Card]:
    """Yield chemicals declared in one year alone, where a neighbour is missing in that year."""
    years: dict[str, set[int]] = defaultdict(set)
    filed: dict[str, set[int]] = defaultdict(set)
    for year, chemical in facts.national:
        years[chemical].add(year)
    for kind, year in facts.filed:
        filed[kind].add(year)
    for (year, chemical), record in facts.national.items():
        around = {y for y in (year - 1, year + 1) if y in filed[f"{record.regime}_AND"]}
        if not around or around & years[chemical] or not facts.is_whole(year, chemical):
            continue
        for (near, other), regular in facts.national.items():
            is_missing = year not in years[other] and around <= years[other]
            if near not in around or regular.schedule != record.schedule or not is_missing:
                continue
            if not _is_alike(record, regular):
                continue
            yield policy.card(
                "NEIGHBOUR_CHEMICAL", state=facts.state, year=year, subject=chemical,
                site=regular.name, national=record.name,
                figures=(
                    Shown("chemical of the years around", facts.state, other, regular.place),
                    Shown(f"chemical of {year}", facts.state, chemical, record.place),
                ),
                tolerance="the same totals are declared, of the same order",
                tried=(Tried("neighbouring chemical", closes=False, left="nothing"),),
                clears=f"the national record under {other}",
                scale=0.7,
            )  # fmt: skip
            break


def _is_alike(one: National, other: National) -> bool:
    """Return whether two records have the same totals and partners, of the same order."""
    mine = {name: figure.low for name, figure in one.totals.items() if figure.low}
    theirs = {name: figure.low for name, figure in other.totals.items() if figure.low}
    if not mine or mine.keys() != theirs.keys():
        return False
    return all(_ORDER * mine[n] >= theirs[n] and mine[n] <= _ORDER * theirs[n] for n in mine)


def _capacities(facts: Facts, policy: Policy) -> Iterator[Card]:
    for row in facts.past:
        made = row.amounts.get("produced")
        if row.capacity is None or made is None:
            continue
        most = row.capacity.low * policy["capacity_factor"]
        if made.low > most:
            yield policy.card(
                "CAPACITY", state=facts.state, year=row.year, subject=row.chemical,
                figures=(
                    declared(f"{row.plant} produced", facts.state, made),
                    declared(f"{row.plant} capacity", facts.state, row.capacity),
                ),
                tolerance=f"{policy['capacity_factor']} times the capacity",
                tried=(Tried("rounding and overload", closes=False, left=mass(made.low - most)),),
                clears=f"a capacity of at least {mass(made.low / policy['capacity_factor'])}",
            )  # fmt: skip
