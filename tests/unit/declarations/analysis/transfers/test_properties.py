"""What holds of all data: symmetry, soundness of intervals, order, and re-matching in part."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from sextant_declarations.analysis.transfers.comparing import gap_and_span
from sextant_declarations.analysis.transfers.facts import DocumentFacts
from sextant_declarations.analysis.transfers.index import TransferIndex
from sextant_declarations.analysis.transfers.model import (
    Direction,
    Document,
    FiledStatus,
    Interval,
    Klass,
    Place,
    Qualifier,
    Row,
)
from sextant_declarations.analysis.transfers.policy import CountryProfile
from tests.unit.declarations.analysis.transfers.stating import comparing, only

STATES = ("XAL", "XBO", "XCY", "XFE")
CHEMICALS = {"102-71-6": "3B", "7719-09-7": "3B", "111-48-8": "2B"}
HOW = comparing(
    [
        CountryProfile(code="XBO", free_zone=True, transit_port=True),
        CountryProfile(code="XCY", trade_thresholds="company"),
    ]
)
# Few figures, so that slips, shifts and mirrors happen often.
FIGURES = tuple(Decimal(kg) for kg in (0, 400, 90_000, 180_000, 90_000_000, 310_000, 100_000))


@st.composite
def documents(draw: st.DrawFn) -> DocumentFacts:
    """Return what one declaration says: few States, years and figures."""
    state, year = draw(st.sampled_from(STATES)), draw(st.integers(2023, 2025))
    regime = draw(st.sampled_from(("S2", "S3")))
    number = draw(st.sampled_from(("A", "B")))
    document = Document(state, f"{state}-{year}-{regime}-{number}", draw(st.integers(1, 3)))
    names = [cas for cas, schedule in CHEMICALS.items() if schedule[0] == regime[1]]
    rows = []
    for i in range(draw(st.integers(0, 5))):
        kg = draw(st.one_of(st.none(), st.sampled_from(FIGURES)))
        cas = draw(st.sampled_from(names))
        rows.append(
            Row(
                year=year,
                chemical=cas,
                declarant=state,
                direction=draw(st.sampled_from(Direction)),
                partner=draw(st.sampled_from((*STATES, "XNP"))),
                kg=kg,
                qualifier=Qualifier.EXACT if kg is not None else Qualifier.LESS_THAN,
                half_step=Decimal(0) if kg is None else kg / 1000,
                schedule=CHEMICALS[cas],
                place=Place(document, f"/records/0/rows/{i}"),
            )
        )
    filed = ((regime, FiledStatus.FILED if rows else FiledStatus.NIL),)
    return DocumentFacts(document, year, filed, tuple(rows), ())


def _same_again(facts: DocumentFacts) -> DocumentFacts:
    """Return a further version that says the same."""
    document = replace(facts.document, version=facts.document.version + 1)
    rows = tuple(replace(row, place=replace(row.place, document=document)) for row in facts.rows)
    return replace(facts, document=document, rows=rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(documents(), max_size=14), st.data())
def test_matching_step_by_step_gives_what_a_full_run_gives(
    given_: list[DocumentFacts], data: st.DataObject
) -> None:
    index = TransferIndex(HOW)
    held: dict[tuple[str, str], DocumentFacts] = {}
    for facts in given_:
        number = facts.document.state, facts.document.declaration_id
        if number in held and data.draw(st.booleans()):
            changed = index.remove(*number)
            del held[number]
        elif number in held and data.draw(st.booleans()):
            held[number] = _same_again(held[number])
            changed = index.put(held[number])
        else:
            changed = index.put(facts)
            held[number] = facts
        assert all(index.pairs[pair.key] == pair for pair in changed.pairs)
        assert not any(key in index.pairs for key in changed.gone)
    assert index.pairs == TransferIndex.full(HOW, held.values()).pairs


@settings(max_examples=25, deadline=None)
@given(st.lists(documents(), max_size=8, unique_by=lambda f: f.document.declaration_id), st.data())
def test_the_order_of_declarations_changes_nothing(
    given_: list[DocumentFacts], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(given_))
    assert TransferIndex.full(HOW, shuffled).pairs == TransferIndex.full(HOW, given_).pairs


INTERVALS = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(
    lambda ends: Interval(Decimal(min(ends)), Decimal(max(ends)))
)


@settings(deadline=None)
@given(INTERVALS, INTERVALS, st.fractions(0, 1), st.fractions(0, 1))
def test_no_true_difference_lies_outside_gap_and_span(
    one: Interval, other: Interval, here: object, there: object
) -> None:
    def within(interval: Interval, share: object) -> Decimal:
        return interval.low + (interval.high - interval.low) * Decimal(str(float(share)))  # type: ignore[arg-type]

    gap, span = gap_and_span(one, other)
    assert gap is not None
    assert span is not None
    true = abs(within(one, here) - within(other, there))
    assert gap - Decimal("1e-9") <= true <= span + Decimal("1e-9")


TONNES = st.integers(1, 900)


@settings(max_examples=40, deadline=None)
@given(TONNES, TONNES)
def test_exchanging_the_figures_exchanges_nothing_but_the_sides(sent: int, received: int) -> None:
    def pair(export: int, import_: int) -> tuple[Klass, Decimal | None, Decimal | None]:
        found = only(
            "111-48-8",
            f"2025 XAL exports to XBO {export} t",
            f"2025 XBO imports from XAL {import_} t",
        )
        return found.klass, found.gap, found.span

    assert pair(sent, received) == pair(received, sent)


@settings(max_examples=40, deadline=None)
@given(TONNES, TONNES)
def test_two_figures_of_whole_tonnes_are_told_as_the_threshold_tells_them(
    sent: int, received: int
) -> None:
    found = only(
        "102-71-6",
        f"2025 XAL exports to XBO {sent} t",
        f"2025 XBO imports from XAL {received} t",
    )
    difference = abs(sent - received) * 1000
    if abs(difference - 30_000) > 2_000:  # what rounding may hide
        assert found.klass.is_difference is (difference > 30_000)
