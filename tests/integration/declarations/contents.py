"""Declarations as these tests send them."""

import io
from pathlib import Path

from sextant_shared.encoding import canonical_json
from sextant_shared.protocol.package import Item, write_package


def declaration(state: str = "XAL", **changes: object) -> bytes:
    """Return a nil declaration of `state` that the rules accept, with `changes` applied."""
    members = {
        "schema": "sextant.nil/1",
        "kind": "NIL",
        "declaration_id": f"{state}-2025-NIL",
        "version": 1,
        "state_code": state,
        "reporting_year": 2025,
        "submission_type": "NIL",
        "language": "en",
        "confidentiality": "UNCLASSIFIED",
        "na_contact": [{"name": "National Authority", "function": "Contact point"}],
        "scope": ["S2"],
    }
    return canonical_json({**members, **changes})


def packed(folder: Path, *documents: tuple[str, str, bytes]) -> bytes:
    """Return a package of documents: name, content type, bytes; the message comes first."""
    items = []
    for n, (name, cty, data) in enumerate(documents):
        path = folder / str(n)
        path.write_bytes(data)
        items.append(Item(path, name, cty))
    out = io.BytesIO()
    write_package(items[0], items[1:], out)
    return out.getvalue()
