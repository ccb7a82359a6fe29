"""What should have followed and did not: additional declarations, past activities, yearly lists.

Whether something came late is the business of timeliness; here it never came at all.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from sextant_declarations.analysis.anomalies.facts import ACTIVITIES, AtPlant, Facts
from sextant_declarations.analysis.anomalies.model import Card, Place, Shown, Tried
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.showing import NONE, declared, threshold

_LISTS = {"S2_AND": "AND_S2", "S3_AND": "AND_S3", "OCPF_ANNUAL": "OCPF", "X4_PROTECTIVE": "X4"}
_NEAR = Decimal("1.3")  # plans so near the threshold may end below it
Traded = Mapping[tuple[str, str, int], Place]


def follow_up_cards(facts: Facts, policy: Policy, last_year: int, traded: Traded) -> Iterator[Card]:
    """Yield what is missing of a State; `last_year` is the last whose reports have fallen due.

    `traded` are (State, regime, year) of which a partner declares trade above the threshold.
    """
    yield from _unplanned(facts, policy)
    yield from _unreported(facts, policy, last_year)
    yield from _lists(facts, policy, last_year, traded)


def _unplanned(facts: Facts, policy: Policy) -> Iterator[Card]:
    planned: dict[tuple[int, str, str, str], AtPlant] = {}
    years: dict[str, set[int]] = defaultdict(set)
    for row in facts.ahead:
        planned[row.year, row.site, row.plant, row.chemical] = row
        years[row.regime].add(row.year)
    for row in facts.past:
        year = row.year
        passed = _passed(row)
        # No plan was due before the State was bound, nor before the chemical was scheduled.
        joined = {year - 1, year} & facts.initial_years or not facts.is_whole(year, row.chemical)
        is_known = year in years[row.regime] or year - 1 in years[row.regime]
        at = (year, row.site, row.plant, row.chemical)
        if not passed or joined or not is_known or at in planned:
            continue
        moved = any(p[0] == year and p[2:] == at[2:] for p in planned)
        yield policy.card(
            "ADDITIONAL", state=facts.state, year=year, subject=row.site,
            figures=(
                declared(f"{row.plant} {passed}", facts.state, row.amounts[passed]),
                Shown("planned", facts.state, "not declared"),
                Shown("chemical", facts.state, row.chemical),
            ),
            tolerance="the declaration threshold",
            tried=(
                Tried("below the threshold", closes=False, left=row.amounts[passed].text),
                Tried("planned under another site code", closes=moved, left=""),
            ),
            clears="the additional declaration of this activity, or the plan that had it",
        )  # fmt: skip


def _passed(row: AtPlant) -> str:
    """Return the activity that passed the threshold within the year, if any did."""
    least = NONE if row.regime == "S3" else threshold(row.schedule)
    for name in ACTIVITIES:
        if name in row.amounts and row.amounts[name].low > least:
            return name
    return ""


def _unreported(facts: Facts, policy: Policy, last_year: int) -> Iterator[Card]:
    told = {(one.year, one.kind[:2], one.code) for one in facts.sites if one.is_past}
    addresses = {(one.year, one.kind[:2], one.address) for one in facts.sites if one.is_past}
    seen: set[tuple[int, str, str]] = set()
    plans: dict[Place, list[AtPlant]] = defaultdict(list)
    for row in facts.ahead:
        plans[replace(row.place, pointer="")].append(row)
    yield from _looked_back(facts, policy, last_year, told, addresses)
    for one in facts.sites:
        at = (one.year, one.kind[:2], one.code)
        is_open = one.year > last_year or at in told or at in seen or not facts.owes_for(one.year)
        if one.is_past or is_open or (one.year, one.kind[:2], one.address) in addresses:
            continue
        seen.add(at)
        others = sum(year == one.year and regime == at[1] for year, regime, _ in told)
        yield policy.card(
            "NO_REPORT", state=facts.state, year=one.year, subject=one.code,
            figures=(
                Shown("planned", facts.state, one.kind, one.place),
                Shown("past activities", facts.state, "not declared"),
                Shown("other sites of the State reported", facts.state, f"{others}"),
            ),
            tolerance="none: it is due also where the activity did not happen",
            tried=(
                Tried("the plan was withdrawn", closes=False, left="the plan is in force"),
                Tried(
                    "it stayed below the threshold",
                    closes=_stayed_below(facts, plans[one.place]),
                    left="compared with the national total",
                ),
                Tried("reported under another code at the same place", closes=False, left="none"),
            ),
            clears=f"the declaration of past activities of {one.code} for {one.year}",
            scale=0.6 if _is_near(plans[one.place]) else 1.0,
        )  # fmt: skip


def _looked_back(
    facts: Facts,
    policy: Policy,
    last_year: int,
    told: set[tuple[int, str, str]],
    addresses: set[tuple[int, str, tuple[str, ...]]],
) -> Iterator[Card]:
    """Yield Schedule 2 sites above the threshold a year or two before, without a declaration.

    The two years before count as the year itself (VII.3). Where the site was planned as well, the
    plan says so already.
    """
    planned = {(one.year, one.code) for one in facts.sites if not one.is_past}
    where = {one.code: one.address for one in facts.sites}
    passed = {
        (row.year, row.site): row for row in facts.past if row.regime == "S2" and _passed(row)
    }
    for (year, site), row in passed.items():
        due = year + 1
        after = any((y, "S2", site) in told for y in (due + 1, due + 2))
        is_told = (due, "S2", site) in told or (due, "S2", where[site]) in addresses
        is_told = is_told or not facts.owes_for(due)
        if due > last_year or is_told or ((due, site) in planned and not after):
            continue
        if (due, "S2", where[site]) in {
            (s.year, s.kind[:2], s.address) for s in facts.sites if not s.is_past
        }:
            continue
        yield policy.card(
            "NO_REPORT", state=facts.state, year=due, subject=site,
            figures=(
                declared(f"{year}: {row.plant}", facts.state, row.amounts[_passed(row)]),
                Shown(f"{due}", facts.state, "not declared"),
            ),
            tolerance="the declaration threshold, in any of three years",
            tried=(Tried("withdrawn, or under another code", closes=False, left="neither"),),
            clears=f"the declaration of past activities of {site} for {due}, also with zeros",
            scale=0.9 if after else 0.6,
        )  # fmt: skip


def _is_near(plans: list[AtPlant]) -> bool:
    """Return whether all that was planned is so near the threshold that it may end below it."""
    return all(
        figure.low <= _NEAR * threshold(plan.schedule)
        for plan in plans
        for figure in plan.amounts.values()
    )


def _stayed_below(facts: Facts, plans: list[AtPlant]) -> bool:
    """Return whether what was planned was small, and the national total leaves no room for it."""
    for plan in plans:
        least = threshold(plan.schedule)
        large = any(f.low > _NEAR * least for f in plan.amounts.values())
        before = any(
            row.site == plan.site and row.year in {plan.year - 1, plan.year - 2} and _passed(row)
            for row in facts.past
        )
        if large or (plan.regime == "S2" and before):  # three years count for Schedule 2 (VII.3)
            return False
        record = facts.national.get((plan.year, plan.chemical))
        for name in ACTIVITIES if record else ():
            others = [
                r.amounts[name].low
                for r in facts.past
                if (r.year, r.chemical) == (plan.year, plan.chemical) and name in r.amounts
            ]
            total = record.totals.get(name) if record else None
            if name in plan.amounts and total and total.low - sum(others, NONE) > least:
                return False
    return True


def _lists(facts: Facts, policy: Policy, last_year: int, traded: Traded) -> Iterator[Card]:
    made = {
        (row.regime, row.year): row.place
        for row in facts.past
        if any(f.low > threshold(row.schedule) for f in row.amounts.values())
    }
    for kind, scope in _LISTS.items():
        years = sorted(year for known, year in facts.filed if known == kind)
        nil = {year for known, year in facts.filed if known == f"NIL:{scope}"}
        accounted = {*years, *nil}
        if not years:
            continue
        first = min(facts.reported_years | accounted)
        first += first in facts.initial_years  # its first list may report on less than a year
        for year in range(first, last_year + 1):
            is_asked = facts.owes_for(year) and year not in accounted
            if not is_asked or not ({year - 1, year + 1} & accounted):
                continue
            regime = kind[:2]
            abroad = traded.get((facts.state, regime, year))
            shown = made.get((regime, year)) or abroad
            # National data are asked above a threshold: nothing may have passed it.
            is_below = kind.endswith("_AND") and shown is None
            yield policy.card(
                "LIST_MISSING", state=facts.state, year=year, subject=kind, kind=kind,
                figures=(
                    Shown("declared for", facts.state, ", ".join(map(str, years[-6:]))),
                    Shown(f"for {year}", facts.state, "neither declared nor nil"),
                    *((Shown("a partner", abroad.state, "declares trade", abroad),)
                      if abroad else ()),
                ),
                tolerance="none",
                tried=(
                    Tried("a nil for this year", closes=False, left="none is registered"),
                    Tried("nothing above the threshold", closes=is_below,
                          left="no site and no partner says otherwise" if is_below
                          else "sites or partners say otherwise"),
                ),
                clears=f"{kind} for {year}, or a nil",
                # Before its first list a State may have had nothing to list.
                scale=1.0 if accounted & set(range(first, year)) else 0.4,
                places=tuple(
                    facts.filed[kind, near] for near in (year - 1, year + 1)
                    if (kind, near) in facts.filed
                ),
            )  # fmt: skip
