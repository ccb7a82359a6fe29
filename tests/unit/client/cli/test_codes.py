"""`sextant codes`: what it refuses, what it finds, what a person and a program read."""

import pytest

from sextant_shared.codelists.search import NAMES
from tests.support.command import sextant


def test_a_list_that_is_none_is_refused_with_the_names_of_all() -> None:
    for arguments in (("list", "colours"), ("search", "x", "--in", "colours")):
        done = sextant("codes", *arguments)
        assert done.status == 3
        assert all(name in done.stderr for name in NAMES)


def test_words_that_fit_nothing_are_refused_with_what_to_try() -> None:
    done = sextant("codes", "search", "xyzzy", "--json")
    assert done.status == 3
    assert done.json()["error"]["code"] == "E_NOT_FOUND"
    assert sextant("codes", "search").status == 2


def test_search_shows_thresholds_limit_and_marks() -> None:
    lines = sextant("codes", "search", "BZ").stdout.splitlines()
    assert lines[0].startswith("2A*(3)")
    assert lines[0].endswith("(chemicals)  [T Annex on Chemicals]")
    text = " ".join(lines)
    for said in ("CAS: 6581-06-2", "more than 1 kg", "more than 10 kg", "up to 1 % not declarable"):
        assert said in text


def test_the_limit_says_how_many_are_left() -> None:
    done = sextant("codes", "search", "phosphor", "--limit", "2")
    found = sextant("codes", "search", "phosphor", "--limit", "2", "--json").json()
    assert len(found["hits"]) == 2
    assert done.stdout.splitlines()[-1].startswith(f"{found['found'] - 2} more")
    assert found["hits"][0]["rank"] == "prefix"


@pytest.mark.parametrize("name", NAMES)
def test_each_list_is_shown_whole(name: str) -> None:
    document = sextant("codes", "list", name, "--json").json()
    assert document["lines"]
    shown = sextant("codes", "list", name.replace("_", "-")).stdout.splitlines()
    heads = [line for line in shown if not line.startswith(" ")]
    assert len(heads) == len(document["lines"])
