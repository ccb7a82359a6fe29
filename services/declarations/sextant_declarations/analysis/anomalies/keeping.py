"""What is kept of a declaration for the anomalies: what the methods read of it, and no more.

Of kinds that no method reads inside, the heading alone is kept: that it was filed, and for when.
Contacts and attachments are not kept.
"""

import json
from dataclasses import dataclass
from typing import Any

from sextant_shared.encoding import parse_json
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.rules import MAX_BYTES, MAX_DEPTH
from sextant_shared.rules.filings import document_of

METHOD = "anomalies/1"
"""Version of what is kept; another one makes all declarations be read again."""
READ_INSIDE = frozenset(
    {
        "AMENDMENT", "NIL", "S1_TRANSFER_ANNUAL", "S1_TRANSFER_NOTIF", "S1_TRANSFER_NOTIF_STX",
        "S1_SSSF_ADPA", "S1_OTHER_ADPA", "S2_AND", "S2_ADDITIONAL", "S2_SITE_ADAA", "S2_SITE_ADPA",
        "S2_SITE_INITIAL", "S3_AND", "S3_ADDITIONAL", "S3_SITE_ADAA", "S3_SITE_ADPA",
        "S3_SITE_INITIAL", "A4_ANNUAL_PLAN", "A4_ANNUAL_REPORT", "A5_ANNUAL_PLAN",
        "A5_ANNUAL_REPORT",
    }
)  # fmt: skip
_NOBODY = [{"name": "not kept", "function": "not kept"}]


@dataclass(frozen=True, slots=True)
class Heading:
    """A declaration of which only the heading matters."""

    kind: str
    year: int
    declaration_id: str
    version: int


Kept = DeclarationBase | Heading


def said_of(declaration: DeclarationBase) -> str:
    """Return what is kept of a declaration, as JSON."""
    if declaration.kind in READ_INSIDE:
        document = document_of(declaration) | {"na_contact": _NOBODY, "attachments": []}
        return json.dumps({**document, "part_count": None}, ensure_ascii=False)
    return json.dumps(
        {
            "kind": declaration.kind,
            "heading": [declaration.year, declaration.declaration_id, declaration.version],
        }
    )


def read_said(said: str) -> Kept:
    """Return what was kept."""
    read: dict[str, Any] = parse_json(said.encode(), max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    if "heading" in read:
        year, declaration_id, version = read["heading"]
        return Heading(read["kind"], year, declaration_id, version)
    return read_declaration(read)
