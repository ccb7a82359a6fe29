"""Published counts: what readers try in order to learn of one State, and cannot."""

import itertools
from collections.abc import Iterator, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_declarations.analysis.obligations.standing import Status
from sextant_declarations.analysis.obligations.statistics import (
    COLUMNS,
    TOTAL,
    Cell,
    counted,
    exposed,
    protected,
)

N = 3
COUNTS = st.lists(st.integers(0, 9), min_size=9, max_size=9)


def table_of(counts: list[int]) -> dict[Cell, int]:
    """Return three years by three statuses, with totals."""
    places = itertools.product((2020, 2021, 2022), (Status.ON_TIME, Status.LATE, Status.MISSING))
    return counted(place for place, n in zip(places, counts, strict=True) for _ in range(n))


def lines(cells: Mapping[Cell, int | None]) -> Iterator[tuple[list[Cell], Cell]]:
    """Yield the parts and the sum of each line of a table."""
    rows = sorted({row for row, _ in cells})
    for row in rows:
        yield [(row, column) for column in COLUMNS], (row, TOTAL)
    for column in (*COLUMNS, TOTAL):
        yield [(row, column) for row in rows if row != TOTAL], (TOTAL, column)


def bounds(cells: Mapping[Cell, int | None]) -> dict[Cell, tuple[int, int]]:
    """Return what a reader concludes of each count, line by line, until nothing new follows."""
    known = {c: (0, 10**6) if n is None else (n, n) for c, n in cells.items()}
    for _ in range(12):
        for parts, total in lines(cells):
            low, high = sum(known[p][0] for p in parts), sum(known[p][1] for p in parts)
            known[total] = max(low, known[total][0]), min(high, known[total][1])
            for part in parts:
                least = known[total][0] - (high - known[part][1])
                most = known[total][1] - (low - known[part][0])
                known[part] = max(least, known[part][0]), min(most, known[part][1])
    return known


@given(COUNTS)
@settings(max_examples=60, deadline=None)
def test_no_difference_of_what_is_published_shows_a_small_count(counts: list[int]) -> None:
    cells = table_of(counts)
    table = protected("S2_AND", cells, N)
    shown = [n for n in table.cells.values() if n is not None]
    assert not [n for n in shown if 0 < n < N]
    concluded = bounds(table.cells)
    for cell, count in cells.items():
        if 0 < count < N:
            assert concluded[cell][1] >= N, cell


@given(COUNTS)
@settings(max_examples=40, deadline=None)
def test_a_table_without_small_counts_is_published_whole(counts: list[int]) -> None:
    cells = table_of([count * N for count in counts])
    assert protected("S2_AND", cells, N).cells == cells


def test_withholding_the_small_count_alone_would_give_it_away() -> None:
    cells = table_of([9, 1, 9, 9, 9, 9, 9, 9, 9])
    small = ("2020", "late")
    assert exposed(cells, {small}, N) == [small]
    assert exposed(cells, {small, ("2020", "on-time")}, N) == [small]
    square = {small, ("2020", "on-time"), ("2021", "late"), ("2021", "on-time")}
    assert exposed(cells, square, N) == []


def test_a_square_whose_corners_leave_no_room_is_no_protection() -> None:
    cells = table_of([0, 1, 9, 9, 1, 9, 9, 9, 9])
    square = {("2020", "late"), ("2020", "on-time"), ("2021", "late"), ("2021", "on-time")}
    assert ("2020", "late") in exposed(cells, square, N)


def test_the_reckoned_room_is_what_counting_every_table_gives() -> None:
    names = [("2020", "on-time"), ("2020", "late"), ("2021", "on-time"), ("2021", "late")]
    places = [
        (2020, Status.ON_TIME),
        (2020, Status.LATE),
        (2021, Status.ON_TIME),
        (2021, Status.LATE),
    ]
    for counts in itertools.product((0, 1, 3, 4), repeat=4):
        cells = counted(p for p, n in zip(places, counts, strict=True) for _ in range(n))
        withheld = set(names) & set(cells)
        a, b, c, d = counts
        # Totals are published: every other table moves t from one diagonal to the other.
        tables = [(a + t, b - t, c - t, d + t) for t in range(-9, 10)]
        fits = [table for table in tables if min(table) >= 0]
        really = [
            name
            for k, name in enumerate(names)
            if 0 < counts[k] < N and max(table[k] for table in fits) < N and name in withheld
        ]
        assert exposed(cells, withheld, N) == sorted(really)
