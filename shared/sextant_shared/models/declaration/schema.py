"""Publishes each kind of declaration as a JSON Schema (2020-12), from the models alone.

A schema refuses what the model refuses as far as a schema can say it; what the values mean
together is the business of the rules. Descriptions are those that stand under the fields in the
models' source. The schema of a kind is that of its newest version, and accepts the ids of the
older ones that are still read as it.
"""

import ast
import inspect
import json
import sys
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from sextant_shared.models.declaration.amount import Quantity
from sextant_shared.models.declaration.catalogue import Kind
from sextant_shared.models.declaration.reading import readable_schemas

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_STRING, _NULL = {"type": "string"}, {"type": "null"}
# A quantity is a value with a unit, or one of the ways in which there is none.
_ONE_OF_BOTH = [
    {
        "properties": {"value": _STRING, "unit": _STRING, "nothing": _NULL},
        "required": ["value", "unit"],
    },
    {
        "properties": {"value": _NULL, "unit": _NULL, "nothing": _STRING},
        "required": ["nothing"],
    },
]


def schema_id(kind: Kind) -> str:
    """Return the URN of a kind's schema in its newest version."""
    return f"urn:sextant:schema:{kind.schema}"


@cache
def json_schema(kind: Kind) -> Mapping[str, Any]:
    """Return the JSON Schema of a kind; built once, to be read and not to be changed."""
    built = kind.model.model_json_schema(by_alias=True, schema_generator=_Generator)
    readable = readable_schemas(kind)
    built["properties"]["schema"] |= {"enum": list(readable)}
    built["properties"]["schema"].pop("pattern")
    about = {"law": kind.about.law, "period": kind.about.period}
    if kind.about.form is not None:
        about["form"] = kind.about.form
    head = {"$schema": DIALECT, "$id": schema_id(kind), "title": kind.title}
    return {**head, **built, "x-sextant-about": about}


def schema_text(kind: Kind) -> str:
    """Return the JSON Schema of a kind as it is published: the same text every time."""
    return json.dumps(json_schema(kind), indent=1, ensure_ascii=False) + "\n"


@cache
def member_texts(model: type[BaseModel]) -> Mapping[str, str]:
    """Return what the source says of each member of a model, inherited ones included."""
    texts: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            texts |= _texts_of_module(sys.modules[base.__module__]).get(base.__name__, {})
    return texts


@cache
def _texts_of_module(module: ModuleType) -> Mapping[str, Mapping[str, str]]:
    """Return the texts under the fields of each class of a module."""
    classes = [n for n in ast.parse(inspect.getsource(module)).body if isinstance(n, ast.ClassDef)]
    return {node.name: _texts_of_class(node) for node in classes}


def _texts_of_class(node: ast.ClassDef) -> dict[str, str]:
    texts = {}
    for field, after in zip(node.body, node.body[1:], strict=False):
        match field, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                texts[name] = " ".join(text.split())
    return texts


class _Generator(GenerateJsonSchema):
    """Pydantic's generator with our descriptions, without its titles, and with what it leaves."""

    def field_title_should_be_set(self, _schema: Any) -> bool:
        """Return False: a name made of the member's name says nothing."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """Return the schema of one model, its members described."""
        model: type[BaseModel] = schema["cls"]
        built = super().model_schema(schema)
        built.pop("title", None)
        built["description"] = inspect.cleandoc(model.__doc__ or "")
        texts = member_texts(model)
        for attribute, info in model.model_fields.items():
            text = texts.get(attribute)
            if text is not None:
                built["properties"][info.alias or attribute]["description"] = text
        if issubclass(model, Quantity):
            built["oneOf"] = _ONE_OF_BOTH
        return built

    def date_schema(self, schema: core_schema.DateSchema) -> dict[str, Any]:
        """Return the schema of a day; formats are not everywhere asserted, patterns are."""
        return {**super().date_schema(schema), "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
