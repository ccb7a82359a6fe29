"""Reading declarations: older versions of a schema are read, unknown ones and kinds are not."""

import json
from pathlib import Path
from typing import Any

import pytest

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import CATALOGUE, read_declaration, upgrade
from sextant_shared.models.declaration.schedule2 import S2SiteInitial

FOLDER = Path(__file__).resolve().parents[4] / "examples" / "kinds"


def document(kind: str, **members: Any) -> dict[str, Any]:
    return {**json.loads((FOLDER / f"{kind}.json").read_text()), **members}


@pytest.mark.parametrize("schema", ["sextant.s2-and/2", "sextant.s3-and/1", "s2-and", None, 1])
def test_another_schema_than_the_kinds_is_refused(schema: object) -> None:
    with pytest.raises(PlatformError, match="schema") as caught:
        read_declaration(document("S2_AND", schema=schema))
    assert caught.value.code is Code.MALFORMED
    assert caught.value.expected == "sextant.s2-and/1"


def test_an_unknown_kind_is_refused_with_the_list_of_kinds() -> None:
    with pytest.raises(PlatformError, match="no kind") as caught:
        read_declaration({**document("S2_AND"), "kind": "S9_AND"})
    assert "A3_CW" in caught.value.expected


@pytest.mark.parametrize("kind", ["OCPF_ANNUAL", "S2_SITE_INITIAL"])
def test_an_older_version_is_read_as_the_newest_and_stays_silent_of_what_is_new(kind: str) -> None:
    old = document(kind, schema=f"{CATALOGUE[kind].schema_stem}1")
    read = read_declaration(old)
    assert read.schema_ == CATALOGUE[kind].schema
    assert upgrade(old, CATALOGUE[kind]) == {**old, "schema": CATALOGUE[kind].schema}


def test_the_initial_declaration_asks_for_trade_in_all_three_years() -> None:
    read = read_declaration(document("S2_SITE_INITIAL"))
    assert isinstance(read, S2SiteInitial)
    years = read.plants[0].chemicals[0].earlier
    assert [year.exported.text for year in years if year.exported] == ["66 t", "64 t"]
