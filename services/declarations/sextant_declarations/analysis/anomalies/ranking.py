"""From cards to a list: false-discovery control, one card for a subject, order, random share."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sextant_declarations.analysis.anomalies.model import Card
from sextant_declarations.analysis.anomalies.policy import Policy


@dataclass(frozen=True, slots=True)
class Ranked:
    """The cards of a run in their order, and how many of the statistical ones are false by chance.

    `set_aside` are statistical cards that the control of false discoveries did not let through;
    `explained` are differences that an innocent explanation closes. Neither is dropped silently.
    """

    cards: tuple[Card, ...]
    explained: tuple[Card, ...]
    set_aside: tuple[Card, ...]
    expected_false: float


def rank(cards: Iterable[Card], tests: Mapping[int, int], policy: Policy) -> Ranked:
    """Return the cards in their order; `tests` are how many statistical tests a year had.

    False discoveries are controlled year by year: a year is what States declare and officers work
    through, and what is found in one does not make it easier to pass in another.
    """
    found = list(cards)
    explained = [card for card in found if card.is_explained]
    open_ = [card for card in found if not card.is_explained]
    ruled = [card for card in open_ if card.probability is None]
    share = float(policy["false_discovery"])
    passed: list[Card] = []
    aside: list[Card] = []
    tried: dict[int, list[Card]] = defaultdict(list)
    for card in open_:
        if card.probability is not None:
            tried[card.year].append(card)
    for year in sorted(tried):
        found = tried[year]
        kept = benjamini_hochberg([card.probability or 0.0 for card in found], tests[year], share)
        for card, is_kept in zip(found, kept, strict=True):
            (passed if is_kept else aside).append(card)
    merged = _merged([*ruled, *passed])
    merged.sort(key=lambda card: (-card.score, card.state, card.year, card.id))
    return Ranked(tuple(merged), tuple(explained), tuple(aside), share * len(passed))


def benjamini_hochberg(probabilities: Sequence[float], tests: int, share: float) -> list[bool]:
    """Return which of `tests` results are kept, so that at most `share` of them is false.

    Only the smallest probabilities need be given; the others count in `tests`.
    """
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    tests = max(tests, len(probabilities))
    last = 0
    for place, index in enumerate(order, start=1):
        if probabilities[index] <= share * place / tests:
            last = place
    kept = [False] * len(probabilities)
    for index in order[:last]:
        kept[index] = True
    return kept


def _merged(cards: Sequence[Card]) -> list[Card]:
    """Return one card for one State, year, subject and partners; others are named on it."""
    groups: dict[tuple[str, int, str, tuple[str, ...]], list[Card]] = defaultdict(list)
    about: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    for card in cards:
        groups[card.state, card.year, card.subject, card.states].append(card)
        about[card.state, card.year, card.subject].add(card.method)
    merged = []
    for group in groups.values():
        group.sort(key=lambda card: (-card.score, card.id))
        first = group[0]
        names = tuple(sorted(about[first.state, first.year, first.subject] - {first.method}))
        places = tuple(sorted({place for card in group for place in card.places}))
        merged.append(replace(first, also=names, places=places))
    return merged


def shortlist(ranked: Sequence[Card], capacity: int, seed: str, policy: Policy) -> list[Card]:
    """Return what officers can take up: the best, and a compulsory share drawn by chance.

    The random ones are marked, so that precision is measured where nobody chose to look.
    """
    chosen = drawn([card.id for card in ranked], capacity, seed, float(policy["random_share"]))
    return [replace(card, pick=chosen[card.id]) for card in ranked if card.id in chosen]


def drawn(ranked: Sequence[str], capacity: int, seed: str, share: float) -> dict[str, str]:
    """Return which ids of a list in its order are taken up, each RANKED or RANDOM."""
    by_chance = round(capacity * share) if len(ranked) > capacity else 0
    best, rest = list(ranked[: capacity - by_chance]), list(ranked[capacity - by_chance :])
    rest.sort(key=lambda id_: hashlib.sha256(f"{seed}|{id_}".encode()).digest())
    return dict.fromkeys(best, "RANKED") | dict.fromkeys(rest[:by_chance], "RANDOM")
