"""Makes outcome receipts: registered by default, a test names what it bends."""

from typing import Any


def outcome(**changes: Any) -> dict[str, Any]:
    """Return the members of an outcome receipt."""
    digest = "A" * 43
    members: dict[str, Any] = {
        "v": 1,
        "kind": "outcome",
        "env": "01a20d9e-5a79-74d1-96a9-f8c901f813f5",
        "man": digest,
        "custody": 4711,
        "t": "2026-03-30T10:15:00.000Z",
        "verdict": "REGISTERED",
        "reason": None,
        "registration": "SEC-2026-000123",
        "rules": {"version": "2026.1", "digest": digest},
        "findings": [],
        "content": digest,
    }
    return {**members, **changes}
