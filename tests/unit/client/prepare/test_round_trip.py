"""Tables hold a declaration whole: out and back is the same, whatever the kind and the texts."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sextant_client.prepare.difference import differences
from sextant_client.prepare.documents import read_sourced, write_document
from sextant_shared.models.declaration import CATALOGUE, KINDS
from sextant_shared.models.declaration.folding import plain
from sextant_shared.models.strict import read_model
from tests.support.made_up import documents

FORMATS = (".xlsx", ".csv")
EXAMPLES = sorted((Path(__file__).resolve().parents[4] / "examples").rglob("*.json"))
RICH = ("S2_SITE_ADPA", "S1_SSSF_INITIAL", "AMENDMENT")  # of every form of cell
CALMLY = settings(
    deadline=None,
    # To shrink a whole declaration takes minutes; the differences say what is wrong with it.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=(
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ),
)


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_example_comes_back_as_it_was(example: Path, ending: str, tmp_path: Path) -> None:
    comes_back(json.loads(example.read_bytes()), tmp_path / f"x{ending}")


@pytest.mark.parametrize("kind", KINDS)
@settings(CALMLY, max_examples=2)
@given(data=st.data())
def test_a_document_of_any_kind_comes_back_as_it_was(
    kind: str, data: st.DataObject, tmp_path: Path
) -> None:
    document = data.draw(documents(kind))
    read_model(CATALOGUE[kind].model, document)  # else the test would prove nothing
    for ending in FORMATS:
        comes_back(document, tmp_path / f"x{ending}")


@pytest.mark.parametrize("ending", FORMATS)
@settings(CALMLY, max_examples=40)
@given(document=st.sampled_from(RICH).flatmap(documents))
def test_any_text_and_number_comes_back_to_the_letter(
    document: dict[str, Any], ending: str, tmp_path: Path
) -> None:
    comes_back(document, tmp_path / f"x{ending}")


def comes_back(document: dict[str, Any], path: Path) -> None:
    write_document(path, document)
    read = read_sourced(path)
    assert read.findings == ()
    assert differences(document, read.document, in_order=True) == []
    assert plain(read.document) == plain(document)
