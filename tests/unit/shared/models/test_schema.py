"""The published schemas: valid themselves, and of one mind with the models about every document."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from sextant_shared.errors import PlatformError
from sextant_shared.models.declaration import CATALOGUE, KINDS, read_declaration
from sextant_shared.models.declaration.schema import json_schema, member_texts, schema_id

FOLDER = Path(__file__).resolve().parents[4] / "examples" / "kinds"
Path_ = tuple[str | int, ...]
UNIT = {"value": "1", "unit": "furlong"}
# What a wrong hand may put in the place of a value; each is refused nearly everywhere.
WRONG: tuple[object, ...] = (
    7,
    "not ~ one ~ of them",
    None,
    [],
    {},
    True,
    {"nothing": "some"},
    UNIT,
)


def example(kind: str) -> Any:
    return json.loads((FOLDER / f"{kind}.json").read_text())


@cache
def validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(dict(json_schema(CATALOGUE[kind])))


def model_takes(document: Any) -> bool:
    try:
        read_declaration(document)
    except (ValidationError, PlatformError):
        return False
    return True


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Yield every place of a document but its root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, child in inner:
        yield (*path, name)
        if isinstance(child, dict | list):
            yield from places(child, (*path, name))


def bent(document: Any, path: Path_, turn: int) -> Any:
    """Return a document with one place removed, renamed, doubled or made wrong, by turn."""
    changed = copy.deepcopy(document)
    around = changed
    for name in path[:-1]:
        around = around[name]
    way = turn % (len(WRONG) + 3)
    if way < len(WRONG):
        around[path[-1]] = copy.deepcopy(WRONG[way])
    elif isinstance(around, list):
        around.append(copy.deepcopy(around[int(path[-1])]))
    elif way == len(WRONG):
        del around[path[-1]]
    else:
        around[f"{path[-1]}_"] = around.pop(path[-1])
    return changed


@pytest.mark.parametrize("kind", KINDS)
def test_schema_and_model_agree_on_every_bent_document(kind: str) -> None:
    document = example(kind)
    refused = 0
    for turn, path in enumerate(places(document)):
        # Another kind is another schema's business.
        if path[0] == "kind":
            continue
        candidate = bent(document, path, turn)
        takes = model_takes(candidate)
        assert validator(kind).is_valid(candidate) == takes, (path, candidate)
        refused += not takes
    assert refused > 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_valid_and_takes_the_good_example(kind: str) -> None:
    schema = dict(json_schema(CATALOGUE[kind]))
    Draft202012Validator.check_schema(schema)
    assert list(validator(kind).iter_errors(example(kind))) == []
    assert schema["$id"] == schema_id(CATALOGUE[kind])
    assert schema["$id"].endswith(example(kind)["schema"])


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("S2_AND", ("records",), []),
        ("S2_AND", ("records", 0, "produced"), {"value": "1.5", "unit": "t", "nothing": "nil"}),
        ("S2_AND", ("records", 0, "produced"), {"value": "1,5", "unit": "t"}),
        ("S2_AND", ("records", 0, "produced"), {"value": 1.5, "unit": "t"}),
        ("S2_AND", ("records", 0, "produced"), {"value": "1.5"}),
        ("S2_AND", ("records", 0, "produced"), {}),
        ("S2_AND", ("records", 0, "chemical", "schedule"), "3A"),
        ("S2_AND", ("schema",), "sextant.s2-and/2"),
        ("S2_AND", ("state_code",), "xal"),
        ("S3_SITE_ADPA", ("above_verification_threshold",), "yes"),
        ("S1_TRANSFER_NOTIF", ("event_date",), "16.06.2025"),
        ("A3_CW", ("possesses",), None),
        ("A4_ANNUAL_REPORT", ("facilities", 0, "position", "latitude"), "12° 3' N"),
        ("AMENDMENT", ("changes", 0, "pointer"), "records/0"),
    ],
)
def test_a_structurally_bad_document_is_refused_by_both(
    kind: str, path: Path_, value: object
) -> None:
    document = example(kind)
    around = document
    for name in path[:-1]:
        around = around[name]
    around[path[-1]] = value
    assert not model_takes(document)
    assert not validator(kind).is_valid(document)


@pytest.mark.parametrize("kind", ["OCPF_ANNUAL", "S2_SITE_INITIAL"])
def test_the_schema_takes_the_ids_of_older_versions_that_are_read(kind: str) -> None:
    stem = CATALOGUE[kind].schema_stem
    assert validator(kind).is_valid({**example(kind), "schema": f"{stem}1"})
    assert not validator(kind).is_valid({**example(kind), "schema": f"{stem}3"})


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_is_described(kind: str) -> None:
    schema = json_schema(CATALOGUE[kind])
    silent = [
        f"{where}.{name}"
        for where, shape in [("", schema), *schema.get("$defs", {}).items()]
        for name, member in shape.get("properties", {}).items()
        if not member.get("description")
    ]
    assert silent == []


def test_a_member_keeps_the_text_of_the_class_that_declared_it_last() -> None:
    texts = member_texts(CATALOGUE["S2_AND"].model)
    assert texts["records"] == "One record for each chemical. [VII.1]"
    assert texts["reporting_year"] == "The calendar year that is reported on."


def test_codes_name_their_list() -> None:
    site = json_schema(CATALOGUE["OCPF_ANNUAL"])["$defs"]["OcpfSite"]["properties"]
    assert site["product_groups"]["items"]["x-sextant-codelist"] == "product_groups"
    assert site["doc_range"]["anyOf"][0]["x-sextant-codelist"] == "ranges/DOC"
