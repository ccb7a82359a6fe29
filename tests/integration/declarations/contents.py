"""Declarations as these tests send them."""

from sextant_shared.encoding import canonical_json


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
