"""The Annex on Chemicals as a list: what a broken one says, what the whole one holds."""

import csv
import datetime as dt
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from sextant_shared import codelists
from sextant_shared.codelists.chemicals import (
    FORMULA,
    is_cas,
    read_chemicals,
    read_exempt,
    read_facts,
)
from sextant_shared.codelists.loading import PACKAGE
from tests.support.reference import DOMAIN, needs_reference

from .broken import changed, refusal

SARIN = "1A,1,ex1,Sarin: O-Isopropyl methylphosphonofluoridate,107-44-8,false,0,0,"
# Elements that bind an odd number of partners; a molecule has an even number of them in all.
ODD = {"H", "F", "Cl", "N", "P", "As"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(SARIN, SARIN.replace("1A,", "4A,"), "schedule: '4A' is none of", id="part"),
        pytest.param(SARIN, SARIN.replace(",1,", ",0,"), "entry: '0' is no number", id="entry"),
        pytest.param(SARIN, SARIN.replace("ex1", "x1"), "subentry: 'x1' is no", id="sub-entry"),
        pytest.param(SARIN, SARIN.replace("44-8", "44-7"), "cas: '107-44-7'", id="check digit"),
        pytest.param(SARIN, SARIN.replace("107-44-8", "96-64-0"), "cas: 96-64-0", id="cas twice"),
        pytest.param(SARIN, SARIN.replace("ex1", "ex2"), "line 4, schedule: 1A 1 ex2", id="key"),
        pytest.param(SARIN, SARIN.replace("0,0,", "5,5,"), "differ from those", id="threshold"),
        pytest.param("100,1000,1,10", "100,10,1,10", "below the declaration", id="order"),
        pytest.param("1,10,M C-14", "10,1,M C-14", "lies not above", id="band upside down"),
        pytest.param("10000,30,,M", "10000,300,,M", "more than a hundred per cent", id="share"),
        pytest.param("M C-14/DEC.4", "C-14/DEC.4", "limit_evidence: 'C-14", id="no mark"),
        pytest.param("2020-06-07", "7 June 2020", "'7 June 2020' is no date", id="day"),
    ],
)
def test_a_broken_annex_names_line_and_column(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert said in refusal(read_chemicals, changed(tmp_path, "chemicals.csv", old, new))


def test_a_broken_exemption_or_fact_is_refused(tmp_path: Path) -> None:
    folder = changed(tmp_path, "exempt.csv", "2B(4)", "2B 4")
    assert "fits: '2B 4' is no entry" in refusal(read_exempt, folder)
    folder = changed(tmp_path, "chemical_facts.csv", "C4H10FO2P", "c4h10")
    assert "value: 'c4h10' is no formula" in refusal(read_facts, folder)


@needs_reference
def test_nothing_of_the_reference_is_lost() -> None:
    with (DOMAIN / "chemicals.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    mine = csv.DictReader((PACKAGE / "chemicals.csv").read_text(encoding="utf-8").splitlines())
    assert [{name: row[name] for name in rows[0]} for row in mine] == rows


def test_the_annex_has_its_entries() -> None:
    entries = {(c.schedule, int(c.entry)) for c in codelists.chemicals()}
    per_part = Counter(part for part, _ in entries)
    assert per_part == {"1A": 12, "1B": 4, "2A": 2, "2A*": 1, "2B": 11, "3A": 4, "3B": 13}
    for schedule, last in {"1": 16, "2": 14, "3": 17}.items():
        numbers = [number for part, number in entries if part[0] == schedule]
        assert sorted(numbers) == list(range(1, last + 1))


def test_the_entries_of_2020_were_not_there_before() -> None:
    eve, day = dt.date(2020, 6, 6), dt.date(2020, 6, 7)
    new = {int(c.entry) for c in codelists.chemicals() if not c.is_valid(eve)}
    assert new == {13, 14, 15, 16}
    assert all(c.is_valid(day) for c in codelists.chemicals())
    assert all("M" in c.evidence for c in codelists.chemicals() if not c.is_valid(eve))


@pytest.mark.parametrize(
    ("cas", "place", "declaration", "verification", "low", "conditional"),
    [
        ("505-60-2", "1A(4) m2", 0, 0, None, None),
        ("6581-06-2", "2A*(3)", 1, 10, 1, 10),
        ("382-21-8", "2A(2)", 100, 1_000, 1, 10),
        ("111-48-8", "2B(13)", 1_000, 10_000, 30, None),
        ("102-71-6", "3B(17)", 30_000, 200_000, 30, None),
    ],
)
def test_each_part_has_its_thresholds_and_limits(
    cas: str,
    place: str,
    declaration: int,
    verification: int,
    low: int | None,
    conditional: int | None,
) -> None:
    chemical = codelists.chemicals_by_cas()[cas]
    assert chemical.place == place
    limit = (Decimal(declaration), Decimal(verification))
    assert codelists.thresholds()[chemical.schedule] == limit
    limits = (chemical.limits.low_pct, chemical.limits.conditional_pct)
    assert limits == tuple(None if x is None else Decimal(x) for x in (low, conditional))
    assert chemical.limits.evidence[0] == ("T" if low is None else "M")


def test_families_stay_families_and_opcw_codes_stay_empty() -> None:
    families = [c for c in codelists.chemicals() if c.is_family]
    # Amiton is a family by its salts; its base is a member with a number of its own.
    assert len(families) == 16
    assert not any(c.cas for c in families)
    assert not any(c.opcw_code for c in codelists.chemicals())


def test_every_formula_can_exist() -> None:
    formulas = [fact for fact in codelists.lists().facts if fact.fact == FORMULA]
    assert len(formulas) > 50
    for fact in formulas:
        parts = re.findall(r"([A-Z][a-z]?)([0-9]*)", fact.value)
        assert sum(int(n or 1) for element, n in parts if element in ODD) % 2 == 0, fact


def test_formulas_written_two_ways_are_one() -> None:
    by_cas: dict[str, set[tuple[tuple[str, int], ...]]] = {}
    for fact in codelists.lists().facts:
        if fact.fact == FORMULA:
            atoms: Counter[str] = Counter()
            for element, n in re.findall(r"([A-Z][a-z]?)([0-9]*)", fact.value):
                atoms[element] += int(n or 1)
            by_cas.setdefault(fact.cas, set()).add(tuple(sorted(atoms.items())))
    assert all(len(formulas) == 1 for formulas in by_cas.values())


@pytest.mark.parametrize("text", ["", "107-44-7", "0107-44-8\n", "107448", "1-44-8", "107-44-8 "])
def test_what_is_no_cas_number_is_told_apart(text: str) -> None:
    assert not is_cas(text)
