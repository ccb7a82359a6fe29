"""Lines of a JSON file: the finding of a place names the line where it stands."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_client.prepare.checking import check_content
from sextant_client.prepare.jsonlines import JsonLines
from sextant_shared.models.strict import pointer_of

EXAMPLE = Path(__file__).resolve().parents[4] / "examples/NA-XAL/s2-site-2025.json"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/kind", '"kind": "S2_SITE_ADPA"'),
        ("/plants/0/chemicals/0/earlier/1/year", '"year": 2023'),
        ("/plants/0/chemicals/0/purposes/1/states/0", '"XBO"'),
        ("/attachments/3/name", '"attachments": []'),
        ("", "{"),
    ],
)
def test_a_pointer_is_on_the_line_of_its_name_or_item(pointer: str, text: str) -> None:
    written = EXAMPLE.read_text()
    line = int(JsonLines(written)(pointer).removeprefix("line "))
    assert text in written.splitlines()[line - 1]


@given(st.dictionaries(st.text(), JSON))
def test_every_place_of_any_json_is_found(document: dict[str, Any]) -> None:
    lines = JsonLines(json.dumps(document, indent=1, ensure_ascii=False))
    found = {p: int(lines(p).removeprefix("line ")) for p in pointers(document, ())}
    assert found == {p: n for n, p in enumerate(spread_out(document, ()), 1) if p is not None}
    one_line = JsonLines(json.dumps(document, separators=(",", ":")))
    assert {one_line(p) for p in found} == {"line 1"}


def test_a_finding_of_the_rules_names_its_line() -> None:
    text = EXAMPLE.read_text().replace('"value": "265"', '"value": "2,65"')
    (finding,) = check_content(text.encode()).report.findings
    line = int(finding.source.removeprefix("line "))
    assert text.splitlines()[line - 1].strip() == '"value": "2,65",'


def pointers(value: Any, path: tuple[int | str, ...]) -> list[str]:
    return [pointer_of(path), *(p for k, v in items(value) for p in pointers(v, (*path, k)))]


def items(value: Any) -> list[tuple[int | str, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def spread_out(value: Any, path: tuple[int | str, ...]) -> list[str | None]:
    """Return what each line of an indented text holds; None is a closing bracket."""
    if not isinstance(value, dict | list) or not value:
        return [pointer_of(path)]
    inner = [p for k, v in items(value) for p in spread_out(v, (*path, k))]
    return [pointer_of(path), *inner, None]
