"""Five questions about two records: each answer is a level that a person can check.

Street, postal code and position make one question, because they say the same thing three times.
"""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import combinations
from math import asin, cos, radians, sin, sqrt

from sextant_declarations.analysis.identity.records import SiteRecord
from sextant_shared.rules.figures import folded

LEVELS: Mapping[str, tuple[str, ...]] = {
    "place": ("same", "near", "elsewhere"),
    "name": ("same", "alike", "other"),
    "operator": ("same", "alike", "other"),
    "products": ("same", "some", "none", "unsaid"),
    "years": ("follows", "later", "beside", "overlaps"),
}
Levels = dict[str, str]
SAME_KM, NEAR_KM = 0.3, 5.0
ALIKE = 0.75
_EARTH_KM = 6371.0
_SOON = 2  # years: a report left out in between is nothing unusual


def blocked(records: Mapping[str, SiteRecord]) -> Iterator[tuple[SiteRecord, SiteRecord]]:
    """Yield the pairs of one State worth comparing, the older record first.

    Those that share a city, a postal code or an operator, or lie near each other.
    """
    for one, other in combinations(sorted(records.values(), key=_age), 2):
        if _share(one, other):
            yield one, other


def compare(older: SiteRecord, newer: SiteRecord) -> Levels:
    """Return the level of each question."""
    return {
        "place": _place(older, newer),
        "name": _words(set(older.names), set(newer.names)),
        "operator": _words(older.operators, newer.operators),
        "products": _products(older.kinds, newer.kinds),
        "years": _years(older, newer),
    }


def distance_km(one: SiteRecord, other: SiteRecord) -> float | None:
    """Return how far apart two sites are, None where one does not say where it is."""
    places = []
    for record in (one, other):
        if record.address.latitude is None or record.address.longitude is None:
            return None
        places.append((radians(float(record.address.latitude)),
                       radians(float(record.address.longitude))))  # fmt: skip
    (a, b), (c, d) = places
    h = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(h)))


def _age(record: SiteRecord) -> tuple[int, str]:
    return record.first, record.code


def _share(one: SiteRecord, other: SiteRecord) -> bool:
    a, b = one.address, other.address
    if folded(a.city) == folded(b.city) or one.operators & other.operators:
        return True
    if a.postal_code and folded(a.postal_code) == folded(b.postal_code or ""):
        return True
    apart = distance_km(one, other)
    return apart is not None and apart <= NEAR_KM


def _place(one: SiteRecord, other: SiteRecord) -> str:
    a, b = one.address, other.address
    apart = distance_km(one, other)
    street = _alike(folded(a.street), folded(b.street))
    same_code = bool(a.postal_code) and folded(a.postal_code or "") == folded(b.postal_code or "")
    if street >= ALIKE and (apart is None or apart <= NEAR_KM):
        is_same = street == 1 or same_code or (apart is not None and apart <= SAME_KM)
        return "same" if is_same and folded(a.city) == folded(b.city) else "near"
    return "near" if same_code or (apart is not None and apart <= NEAR_KM) else "elsewhere"


def _words(one: set[str], other: set[str]) -> str:
    known, new = {folded(word) for word in one}, {folded(word) for word in other}
    if known & new:
        return "same"
    best = max((_alike(a, b) for a in known for b in new), default=0.0)
    first = {word.split()[0] for word in known if word} & {w.split()[0] for w in new if w}
    return "alike" if best >= ALIKE or first else "other"


def _products(one: set[str], other: set[str]) -> str:
    if not one or not other:
        return "unsaid"
    if one == other:
        return "same"
    return "some" if one & other else "none"


def _years(older: SiteRecord, newer: SiteRecord) -> str:
    if older.seen & newer.seen:
        return "overlaps"  # declared twice for one year under one Part: hardly one site
    if newer.first <= older.last:
        return "beside"  # under another Part, or years that alternate
    return "follows" if newer.first - older.last <= _SOON else "later"


def _alike(one: str, other: str) -> float:
    return 1.0 if one == other else SequenceMatcher(None, one, other, autojunk=False).ratio()
