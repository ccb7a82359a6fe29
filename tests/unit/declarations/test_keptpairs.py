"""Pairs out of what is kept of them say the same as before they were kept."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.analysis.transfers.model import Pair
from sextant_declarations.domain.keptpairs import pair_of
from sextant_declarations.domain.pairs import body_of, line_of
from tests.unit.declarations.analysis.transfers import stating
from tests.unit.declarations.analysis.transfers.stating import matched, said

EXAMPLES: list[dict[str, Any]] = json.loads(
    Path(stating.__file__).with_name("examples.json").read_text()
)["examples"]


def without_figures(pair: Pair) -> Pair:
    """Return a pair without the figures of explanations, which a case does not need."""
    bare = tuple(replace(one, figures=()) for one in pair.hypotheses)
    return replace(pair, hypotheses=bare)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example["n"]))
def test_a_pair_that_was_kept_says_the_same(example: dict[str, Any]) -> None:
    pairs = matched(said(example["cas"], example["rows"])).values()
    for pair in pairs:
        kept = pair_of(line_of(pair, "2026-01-01T00:00:00.000Z"), body_of(pair))
        assert kept == without_figures(pair)
