"""Declarations as these tests send them."""

from sextant_shared.encoding import canonical_json


def declaration(state: str = "XAL", **changes: object) -> bytes:
    """Return a declaration of `state` that the rules accept, with `changes` applied."""
    return canonical_json(
        {
            "declaration_id": f"{state}-2026-1",
            "version": 1,
            "state_code": state,
            "kind": "S2_AND",
            "year": 2026,
            "is_nil": False,
            **changes,
        }
    )
