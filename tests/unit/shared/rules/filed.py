"""Declarations of one State as the tests of filings, amendments and answers use them."""

import copy
import json
from pathlib import Path
from typing import Any

from sextant_shared.models.declaration import DeclarationBase, read_declaration

EXAMPLES = Path(__file__).resolve().parents[4] / "examples" / "NA-XAL"
Change = tuple[str, Any, Any]


def national(**changes: Any) -> dict[str, Any]:
    """Return the aggregate national data; the total of exports does not fit its rows (X4)."""
    document: dict[str, Any] = json.loads((EXAMPLES / "s2-and-2025.json").read_text())
    return {**document, **changes}


def site(**changes: Any) -> dict[str, Any]:
    """Return a plant site declaration without findings."""
    document: dict[str, Any] = json.loads((EXAMPLES / "s2-site-2025.json").read_text())
    return {**copy.deepcopy(document), **changes}


def ocpf() -> dict[str, Any]:
    """Return a list of other chemical production facilities."""
    document: dict[str, Any] = json.loads((EXAMPLES / "ocpf-2025.json").read_text())
    return document


def about(kind: str, named: dict[str, Any], number: str, **members: Any) -> dict[str, Any]:
    """Return a filing about another one."""
    of = {name: named[name] for name in ("declaration_id", "version")}
    return {
        "schema": f"sextant.{kind.lower()}/1",
        "kind": kind,
        "declaration_id": number,
        "version": 1,
        "state_code": named["state_code"],
        "event_date": "2026-06-15",
        "submission_type": "AMENDMENT",
        "language": "en",
        "confidentiality": named["confidentiality"],
        "na_contact": named["na_contact"],
        {"AMENDMENT": "amends", "WITHDRAWAL": "withdraws"}[kind]: of,
        **members,
    }


def amendment(named: dict[str, Any], *changes: Change, number: str = "XAL-A1") -> dict[str, Any]:
    """Return the amendment of a declaration by its changes: pointer, old, new."""
    listed = [{"pointer": p, "old": o, "new": n, "reason": "CLERICAL"} for p, o, n in changes]
    return about("AMENDMENT", named, number, changes=listed)


def withdrawal(named: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Return the withdrawal of a declaration."""
    return about("WITHDRAWAL", named, "XAL-W1", reason="OTHER", **members)


def data(document: dict[str, Any]) -> bytes:
    """Return the document as it is sent."""
    return json.dumps(document).encode()


def read(*documents: dict[str, Any]) -> list[DeclarationBase]:
    """Return the declarations of documents."""
    return [read_declaration(document) for document in documents]
