"""Finding codes: by what people type, ranked, with what they need to know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_shared import codelists
from sextant_shared.codelists.search import NAMES, Line, Rank, lines_of, search, spell


def first(words: str, *names: str) -> tuple[str, str, Rank]:
    hit = search(words, names or NAMES)[0]
    return hit.line.list, hit.line.code, hit.rank


@pytest.mark.parametrize("words", ["", " ", "-", "()", "…"])
def test_nothing_is_found_for_nothing(words: str) -> None:
    assert search(words) == []


def test_two_letters_find_no_fragments() -> None:
    assert all(hit.rank is not Rank.FRAGMENT for hit in search("2a"))
    assert first("2a*") == ("chemicals", "2A*(3)", Rank.PREFIX)


@pytest.mark.parametrize(
    ("words", "list_", "code", "rank"),
    [
        ("sarin", "chemicals", "1A(1) ex1", Rank.EXACT),
        ("107-44-8", "chemicals", "1A(1) ex1", Rank.EXACT),
        ("107448", "chemicals", "1A(1) ex1", Rank.EXACT),
        ("c4h8cl2s", "chemicals", "1A(4) m2", Rank.EXACT),
        ("PCl3", "chemicals", "3B(6)", Rank.EXACT),
        ("tri-ethanol amine", "chemicals", "3B(17)", Rank.EXACT),
        ("phosphorus", "chemicals", "3B(5)", Rank.PREFIX),
        ("trichloride arsenic", "chemicals", "2B(7)", Rank.WORD),
        ("alpha picolinyl", "chemicals", "1A(16) a-ex1", Rank.WORD),
        ("phosphonyldi", "chemicals", "1B(9)", Rank.WORD),
        ("fonofos", "exempt", "944-22-9", Rank.EXACT),
        ("TÜRKIYE", "states", "TUR", Rank.EXACT),
        ("cote", "states", "CIV", Rank.PREFIX),
        ("DOC-R2", "ranges", "DOC-R2", Rank.EXACT),
        ("repackaging", "activities", "ACT_REPACK", Rank.EXACT),
        ("fertilizers", "product_groups", "562", Rank.EXACT),
        ("s2export", "purposes", "S2_EXPORT", Rank.EXACT),
        ("free zone", "transfer_causes", "FREE_ZONE", Rank.EXACT),
    ],
)
def test_a_thing_is_found_as_people_call_it(words: str, list_: str, code: str, rank: Rank) -> None:
    assert first(words) == (list_, code, rank)


def test_better_fits_come_first() -> None:
    ranks = [hit.rank for hit in search("phosphor")]
    assert ranks == sorted(ranks)
    assert {Rank.PREFIX, Rank.WORD} <= set(ranks)


def test_only_the_lists_asked_for_are_searched() -> None:
    assert {hit.line.list for hit in search("production", ["activities"])} == {"activities"}
    assert search("sarin", ["states"]) == []


def test_a_chemical_says_schedule_thresholds_limit_and_marks() -> None:
    line = search("pfib")[0].line
    facts = dict(line.facts)
    assert line.code == "2A(2)"
    assert line.evidence.startswith("T")
    assert facts["declarable"] == "more than 100 kg a year at one plant"
    assert facts["inspected"] == "more than 1 000 kg a year at one plant"
    assert facts["mixtures"].startswith("up to 1 % not declarable, up to 10 %")
    assert facts["mixtures"].endswith("[M C-14/DEC.4]")
    assert facts["formula"] == "C4F8 [M]"


def test_an_entry_of_2020_says_from_when() -> None:
    assert search("2387496-12-8")[0].line.valid == "from 2020-06-07"


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_found_exactly_by_its_code(name: str) -> None:
    for line in lines_of(name):
        hits = search(line.code, [name])
        assert line in [hit.line for hit in hits if hit.rank is Rank.EXACT]
        assert line.evidence


def test_nothing_of_the_lists_is_left_out() -> None:
    assert len(lines_of("chemicals")) == len(codelists.chemicals())
    assert len(lines_of("states")) == len(codelists.states())


@given(st.text(max_size=40))
def test_spelling_is_stable_and_search_takes_any_text(text: str) -> None:
    assert spell(" ".join(spell(text))) == spell(text)
    assert all(hit.line.code for hit in search(text))


@given(st.sampled_from([line for name in NAMES for line in lines_of(name)]))
def test_case_and_hyphens_make_no_difference(line: Line) -> None:
    meaning = line.meaning
    bent = meaning.upper().replace("-", " ") if meaning.isascii() else meaning
    assert line in [hit.line for hit in search(bent, [line.list])]
