"""Plant sites over the years: a new operator without a note, another code at the same place.

That two codes are one site is proposed here and decided by a person.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from sextant_declarations.analysis.anomalies.facts import Facts, SiteSeen
from sextant_declarations.analysis.anomalies.model import Card, Tried
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.showing import placed


def identity_cards(facts: Facts, policy: Policy) -> Iterator[Card]:
    """Yield sites whose operator, or code, changed without a word."""
    by_code: dict[tuple[str, str], dict[int, SiteSeen]] = defaultdict(dict)
    notes: set[tuple[str, int]] = set()
    for one in facts.sites:
        if one.is_past:
            by_code[one.kind, one.code].setdefault(one.year, one)
        if one.note:
            notes.add((one.code, one.year))
    told: set[tuple[str, int]] = set()
    for (_, code), years in by_code.items():
        for year, one in years.items():
            last = years.get(year - 1)
            changed = last is not None and last.operator != one.operator
            if last and changed and (code, year) not in notes and (code, year) not in told:
                told.add((code, year))
                yield policy.card(
                    "OPERATOR", state=facts.state, year=year, subject=code,
                    figures=(
                        placed(f"{year - 1}", facts.state, last.operator, last.place),
                        placed(f"{year}", facts.state, one.operator, one.place),
                    ),
                    tolerance="case and spacing",
                    tried=(Tried("a note with the change", closes=False, left="no note"),),
                    clears="a note that names the change",
                )  # fmt: skip
    yield from _renamed(facts, policy)


def _renamed(facts: Facts, policy: Policy) -> Iterator[Card]:
    first: dict[tuple[tuple[str, ...], str], SiteSeen] = {}
    last: dict[tuple[tuple[str, ...], str], SiteSeen] = {}
    for one in facts.sites:
        at = (one.address, one.code)
        if at not in first or one.year < first[at].year:
            first[at] = one
        if at not in last or one.year > last[at].year:
            last[at] = one
    codes: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for address, code in first:
        codes[address].add(code)
    for address, found in codes.items():
        order = sorted(found, key=lambda code: first[address, code].year)
        for old, new in pairwise(order):
            gone, came = last[address, old], first[address, new]
            if gone.year > came.year:
                continue  # two sites at one address, side by side
            yield policy.card(
                "RENAMED", state=facts.state, year=came.year, subject=new,
                figures=(
                    placed(f"{gone.year}", facts.state, f"{old}, {gone.name}", gone.place),
                    placed(f"{came.year}", facts.state, f"{new}, {came.name}", came.place),
                ),
                tolerance="same street, city, postal code and position",
                tried=(Tried("a new site at an old place", closes=False, left="not said"),),
                clears=f"a word that {new} is, or is not, {old}",
                states=(),
            )  # fmt: skip
