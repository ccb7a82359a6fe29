"""The namespace of each kind's XML, and back."""

import re
from collections.abc import Mapping

from sextant_shared.models.declaration import CATALOGUE, Kind

ROOT = "declaration"
ITEM = "item"
SCHEMA = "schema"
_PREFIX = "urn:sextant:declaration:"
_OWN = "sextant."
_VERSION = re.compile(r"[1-9][0-9]?")


def namespace(schema: str) -> str:
    """Return the namespace of a schema's id: `sextant.s2-and/1` gives `urn:...:s2-and/1`."""
    return _PREFIX + schema.removeprefix(_OWN)


def schema_of(space: str) -> tuple[Kind, str] | None:
    """Return kind and schema id of a namespace; None when it is none of ours."""
    if not space.startswith(_PREFIX):
        return None
    schema = _OWN + space.removeprefix(_PREFIX)
    stem, slash, version = schema.partition("/")
    kind = _KINDS.get(stem + slash)
    return (kind, schema) if kind and _VERSION.fullmatch(version) else None


_KINDS: Mapping[str, Kind] = {kind.schema_stem: kind for kind in CATALOGUE.values()}
