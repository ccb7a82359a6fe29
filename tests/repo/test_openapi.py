"""The OpenAPI documents are good enough for a generator of clients, and for its users."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploy.local.apis import SERVICES
from deploy.local.tables import DOCS
from sextant_audit.routes.examples import EXAMPLES as OF_AUDIT
from sextant_declarations.routes.examples import EXAMPLES as OF_DECLARATIONS
from sextant_exchange.routes.examples import EXAMPLES as OF_EXCHANGE
from sextant_shared.chassis.examples import JSON, Examples
from sextant_shared.models.strict import read_model

Operation = tuple[str, str, dict[str, Any]]
EXAMPLES: dict[str, Examples] = {
    "audit": OF_AUDIT,
    "declarations": OF_DECLARATIONS,
    "exchange": OF_EXCHANGE,
}
SPOILT: list[dict[str, Any]] = [
    {},
    {"no object": {"value": []}},
    {"an unknown member": {"value": {"unknown": 1}}},
]
METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


def document(service: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DOCS / "openapi" / f"{service}.json").read_text())
    return read


def operations(service: str) -> Iterator[Operation]:
    for path, item in document(service)["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield path, method, operation


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the contents of requests and answers, with where they stand."""
    bodies = {"request": operation["requestBody"]} if "requestBody" in operation else {}
    for where, body in {**bodies, **operation["responses"]}.items():
        for content in body.get("content", {}).values():
            yield where, content


def inside(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from inside(inner)


@pytest.mark.parametrize("service", SERVICES)
def test_operation_ids_are_names_and_unique(service: str) -> None:
    names = [operation["operationId"] for _, _, operation in operations(service)]
    assert names
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", name)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_each_operation_says_what_it_does_in_a_sentence_of_its_own(service: str) -> None:
    for path, _, operation in operations(service):
        assert len(operation["summary"].split()) > 2, path
        assert operation["description"], path
        assert operation["tags"], path


@pytest.mark.parametrize("service", SERVICES)
def test_each_answer_is_typed_and_each_refusal_a_problem(service: str) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for path, _, operation in operations(service):
        answers = operation["responses"]
        assert answers["default"]["content"]["application/problem+json"]["schema"] == problem
        done = [code for code in answers if code.startswith("2")]
        assert done, path
        for code in done:
            assert answers[code].get("content") or code == "204", (path, code)
        for where, content in contents(operation):
            assert content.get("schema"), (path, where)


@pytest.mark.parametrize("service", SERVICES)
def test_every_reference_resolves_and_every_schema_is_one(service: str) -> None:
    whole = document(service)
    references = {node["$ref"] for node in inside(whole) if isinstance(node.get("$ref"), str)}
    assert references
    for reference in references:
        assert reference.startswith("#/components/")
        found: Any = whole
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
    for schema in whole["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("service", SERVICES)
def test_each_place_in_a_path_is_a_parameter(service: str) -> None:
    for path, _, operation in operations(service):
        named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path)), path


@pytest.mark.parametrize("service", SERVICES)
def test_each_operation_says_who_may_ask(service: str) -> None:
    people: list[dict[str, list[str]]] = [{"bearer": []}] if service == "declarations" else []
    for path, _, operation in operations(service):
        is_open = operation["x-sextant-action"] == "open"
        assert operation["security"] == ([] if is_open else [{"dpop": []}, *people]), path
        assert bool(operation.get("x-sextant-open")) is is_open
        assert ("401" in operation["responses"]) is not is_open


def json_bodies(whole: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the content of every JSON body, by the name of its operation."""
    found = [operation for item in whole["paths"].values() for operation in item.values()]
    contents = {o["operationId"]: o.get("requestBody", {}).get("content", {}) for o in found}
    return {name: content[JSON] for name, content in contents.items() if JSON in content}


def without_example(whole: dict[str, Any]) -> list[str]:
    """Return the operations that take a JSON body and do not show one that fits its schema."""
    return [name for name, body in json_bodies(whole).items() if not _shows(body, whole)]


def _shows(body: dict[str, Any], whole: dict[str, Any]) -> bool:
    schema = Draft202012Validator({**body["schema"], "components": whole["components"]})
    shown = [example["value"] for example in body.get("examples", {}).values()]
    return bool(shown) and all(schema.is_valid(value) for value in shown)


@pytest.mark.parametrize("service", SERVICES)
def test_a_body_without_an_example_or_with_one_that_does_not_fit_is_noticed(service: str) -> None:
    for name in json_bodies(document(service)):
        for spoilt in SPOILT:
            whole = copy.deepcopy(document(service))
            json_bodies(whole)[name]["examples"] = spoilt
            assert without_example(whole) == [name]


@pytest.mark.parametrize("service", SERVICES)
def test_each_json_body_is_shown_by_examples_that_fit(service: str) -> None:
    assert json_bodies(document(service))
    assert without_example(document(service)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_each_example_is_published_and_its_model_reads_it(service: str) -> None:
    published = json_bodies(document(service))
    assert set(EXAMPLES[service]) == set(published), "an operation of another name"
    for name, examples in EXAMPLES[service].items():
        shown = published[name]["examples"]
        assert set(shown) == set(examples)
        for words, body in examples.items():
            assert read_model(type(body), shown[words]["value"]) == body
