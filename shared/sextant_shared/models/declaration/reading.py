"""Reads a declaration of any kind, in the newest version of its schema or an older one.

A newer version of a schema reads the documents of the older ones: each step of `_STEPS` turns a
document of one version into one of the next. Nothing is invented on the way; what the older
version did not ask stays blank.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.catalogue import CATALOGUE, Kind
from sextant_shared.models.declaration.heading import DeclarationBase

Step = Callable[[Mapping[str, Any]], dict[str, Any]]


def _ocpf_annual_2(old: Mapping[str, Any]) -> dict[str, Any]:
    """Version 2 asks whether a PSF site is above the threshold; a list of version 1 is silent."""
    return {**old, "schema": "sextant.ocpf-annual/2"}


def _s2_site_initial_2(old: Mapping[str, Any]) -> dict[str, Any]:
    """Version 2 asks for trade in the two earlier years; version 1 is silent of it."""
    return {**old, "schema": "sextant.s2-site-initial/2"}


_STEPS: Mapping[str, Step] = {
    "sextant.ocpf-annual/1": _ocpf_annual_2,
    "sextant.s2-site-initial/1": _s2_site_initial_2,
}


def kind_of(members: Mapping[str, Any]) -> Kind:
    """Return the kind of a document by its member `kind`.

    Raises:
        PlatformError: `E_MALFORMED`, when it is none of the catalogue.
    """
    kind = CATALOGUE.get(str(members.get("kind")))
    if kind is None:
        raise PlatformError(
            Code.MALFORMED,
            "this is no kind of declaration that is carried here",
            expected=", ".join(CATALOGUE),
            received=str(members.get("kind"))[:40],
            fix="Name the kind of declaration.",
        )
    return kind


def readable_schemas(kind: Kind) -> tuple[str, ...]:
    """Return the ids of the schemas in which a kind is read, newest first."""
    older = (f"{kind.schema_stem}{n}" for n in range(kind.about.version - 1, 0, -1))
    return (kind.schema, *(schema for schema in older if schema in _STEPS))


def upgrade(members: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    """Return the document in the newest version of its kind's schema.

    Raises:
        PlatformError: `E_MALFORMED`, when its schema is none of this kind, or a version that is
            not known here.
    """
    schema = members.get("schema")
    while schema != kind.schema:
        step = _STEPS.get(str(schema))
        if step is None or not str(schema).startswith(kind.schema_stem):
            raise PlatformError(
                Code.MALFORMED,
                "the schema is none of this kind of declaration",
                expected=kind.schema,
                received=str(schema)[:80],
                fix="Name the schema of the kind, in a version that is known here.",
            )
        members = step(members)
        schema = members["schema"]
    return dict(members)


def read_declaration(members: Mapping[str, Any]) -> DeclarationBase:
    """Return the declaration of a parsed document.

    Raises:
        PlatformError: `E_MALFORMED`, when its kind or schema is not known.
        pydantic.ValidationError: when it does not fit its model; the rules turn this into findings.
    """
    kind = kind_of(members)
    return kind.model.model_validate(upgrade(members, kind))
