"""The XML Schema (XSD 1.0) of each kind, generated from its model.

It says what elements there are, which must stand, and what their text looks like. What several
values mean together, such as that an amount has a value with its unit or is nothing, is the
business of the rule pack. Bounds come from the model's JSON Schema, sentences from its docstrings.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from sextant_client.prepare.describe import told_of
from sextant_client.prepare.forms import Form, form_of
from sextant_client.prepare.members import Member, members_of
from sextant_client.prepare.xml.leaves import ATTRIBUTES
from sextant_client.prepare.xml.spaces import ITEM, ROOT, SCHEMA, namespace
from sextant_shared.encoding import MAX_SAFE_INTEGER
from sextant_shared.models.declaration import Kind

_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
# The spellings that are read; XSD's own types allow more, such as `1` for true or `+5`.
_TYPES = {
    Form.TEXT: ("xs:string", ""),
    Form.WORD: ("xs:token", ""),
    Form.INTEGER: ("xs:integer", "0|-?[1-9][0-9]{0,15}"),
    Form.BOOLEAN: ("xs:boolean", "true|false"),
    Form.JSON: ("xs:string", ""),
}
_DAY = ("xs:date", "[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FACETS = {
    "minLength": "minLength",
    "maxLength": "maxLength",
    "minimum": "minInclusive",
    "maximum": "maxInclusive",
}
_EITHER = "Either a number with its unit, or nothing."
_NAMED = frozenset({Form.MEMBERS, Form.AMOUNT})
Bounds = Mapping[str, Any]


def as_xsd(kind: Kind) -> str:
    """Return the schema of a kind, in the newest version."""
    space = namespace(kind.schema)
    title = f"{kind.title} ({kind.id}). [{kind.about.law}]"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{space}"',
        f'    targetNamespace="{space}" elementFormDefault="qualified"',
        f'    version="{kind.about.version}">',
        f'  <xs:element name="{ROOT}" type="{kind.model.__name__}">',
        *_documentation(title, "    "),
        "  </xs:element>",
    ]
    for model in _models(kind.model):
        lines += _complex_type(model, kind)
    for quantity in _quantities(kind.model):
        lines += _quantity_type(quantity)
    return "\n".join([*lines, "</xs:schema>", ""])


def _models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Return a model and those of its members, each once."""
    found = [model]
    for one in found:  # it grows while it is walked
        inner = (member.model for member in members_of(one).values())
        found += [more for more in dict.fromkeys(inner) if more is not None and more not in found]
    return found


def _quantities(model: type[BaseModel]) -> list[type[BaseModel]]:
    members = (member for one in _models(model) for member in members_of(one).values())
    return list(dict.fromkeys(one.bare for one in members if form_of(one) is Form.AMOUNT))


def _complex_type(model: type[BaseModel], kind: Kind) -> Iterator[str]:
    yield f'  <xs:complexType name="{model.__name__}">'
    yield from _documentation(_sentence(model), "    ")
    # In any order: the order of members means nothing.
    yield "    <xs:all>"
    for member in members_of(model).values():
        bounds = _bounds(model)[member.name]
        if model is kind.model and member.name == SCHEMA:
            bounds = {"const": kind.schema}
        told = told_of(model)[member.name]
        said = f"{told.text} [{told.law}]" if told.law else told.text
        yield from _member(member, bounds, said)
    yield "    </xs:all>"
    yield "  </xs:complexType>"


def _member(member: Member, bounds: Bounds, said: str) -> Iterator[str]:
    often, pad = "" if member.required else ' minOccurs="0"', " " * 6
    if not member.many:
        yield from _element(member.name, member, bounds, often, said, pad)
        return
    yield f'{pad}<xs:element name="{member.name}"{often}>'
    yield from _documentation(said, f"{pad}  ")
    yield f"{pad}  <xs:complexType>"
    yield f"{pad}    <xs:sequence>"
    least, most = bounds.get("minItems", 0), bounds.get("maxItems", "unbounded")
    often = f' minOccurs="{least}" maxOccurs="{most}"'
    yield from _element(ITEM, member, bounds["items"], often, "", f"{pad}      ")
    yield f"{pad}    </xs:sequence>"
    yield f"{pad}  </xs:complexType>"
    yield f"{pad}</xs:element>"


def _element(
    name: str, member: Member, bounds: Bounds, often: str, said: str, pad: str
) -> Iterator[str]:
    """Yield an element with one value, of a named type or with the bounds of its text."""
    form = form_of(member)
    named = f' type="{member.bare.__name__}"' if form in _NAMED else ""
    if named and not said:
        yield f'{pad}<xs:element name="{name}"{named}{often}/>'
        return
    yield f'{pad}<xs:element name="{name}"{named}{often}>'
    yield from _documentation(said, f"{pad}  ")
    if not named:
        base, pattern = _DAY if member.is_day else _TYPES[form]
        yield from _simple_type(base, _facets(bounds, pattern), f"{pad}  ")
    yield f"{pad}</xs:element>"


def _simple_type(
    base: str, facets: list[tuple[str, Any]], pad: str, name: str = ""
) -> Iterator[str]:
    yield f"{pad}<xs:simpleType{name}>"
    yield f'{pad}  <xs:restriction base="{base}">'
    for facet, value in facets:
        yield f'{pad}    <xs:{facet} value="{str(value).translate(_MARKUP)}"/>'
    yield f"{pad}  </xs:restriction>"
    yield f"{pad}</xs:simpleType>"


def _facets(bounds: Bounds, pattern: str) -> list[tuple[str, Any]]:
    """Return the facets of a text; two patterns of one restriction would be alternatives."""
    words = bounds.get("enum") or ([bounds["const"]] if "const" in bounds else [])
    if words:
        return [("enumeration", word) for word in words]
    pattern = _whole(bounds.get("pattern", "")) or pattern
    facets: list[tuple[str, Any]] = [("pattern", pattern)] if pattern else []
    facets += [(_FACETS[name], bounds[name]) for name in _FACETS if name in bounds]
    if bounds.get("type") == "integer" and "maximum" not in bounds:
        facets.append(("maxInclusive", MAX_SAFE_INTEGER))
    return facets


def _quantity_type(model: type[BaseModel]) -> Iterator[str]:
    """Yield the type of one sort of amounts: the number as text, the rest as attributes."""
    name, bounds = model.__name__, _bounds(model)
    yield f'  <xs:complexType name="{name}">'
    yield from _documentation(f"{_sentence(model)} {_EITHER}", "    ")
    yield "    <xs:simpleContent>"
    yield f'      <xs:extension base="{name}.number">'
    for attribute in ATTRIBUTES:
        yield f'        <xs:attribute name="{attribute}">'
        yield from _simple_type("xs:string", _facets(bounds[attribute], ""), " " * 10)
        yield "        </xs:attribute>"
    yield "      </xs:extension>"
    yield "    </xs:simpleContent>"
    yield "  </xs:complexType>"
    number = f"({_whole(bounds['value']['pattern'])})?"  # empty where `nothing` is said
    yield from _simple_type("xs:token", [("pattern", number)], "  ", f' name="{name}.number"')


def _whole(pattern: str) -> str:
    """Return a pattern as XSD writes it: there it is always of the whole text."""
    return pattern.removeprefix("^").removesuffix("$")


@cache
def _bounds(model: type[BaseModel]) -> Mapping[str, Bounds]:
    """Return what the model's JSON Schema says of each member, null left aside."""
    schema = model.model_json_schema()
    if "$ref" in schema:  # a model inside itself
        schema = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    return {name: _not_null(said) for name, said in schema["properties"].items()}


def _not_null(said: Bounds) -> Bounds:
    branches = [one for one in said.get("anyOf", ()) if one != {"type": "null"}]
    return branches[0] if len(branches) == 1 else said


def _sentence(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())


def _documentation(text: str, pad: str) -> Iterator[str]:
    if text:
        said = text.translate(_MARKUP)
        yield f"{pad}<xs:annotation>"
        yield f'{pad}  <xs:documentation xml:lang="en">{said}</xs:documentation>'
        yield f"{pad}</xs:annotation>"
