"""The headers of every answer that tell a browser to do nothing with it that nobody meant.

An answer that is a page brings a policy of its own; all others get the one that allows nothing.
No policy of ours says `unsafe-inline`: what stands inside a page is allowed by its hash.
"""

from collections.abc import Iterable

from sextant_shared.encoding import b64, sha256

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_POLICY = b"content-security-policy"
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (_POLICY, NOTHING.encode()),
)
Pairs = Iterable[tuple[bytes, bytes]]


def with_security(headers: Pairs) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers and what they lack of ours; what an answer says itself stays."""
    said = list(headers)
    names = {name.lower() for name, _ in said}
    return said + [pair for pair in _ALWAYS if pair[0] not in names]


def lines() -> list[str]:
    """Return them as lines of an answer that is written without the framework."""
    return [f"{name.decode()}: {value.decode()}" for name, value in _ALWAYS]


def hash_of(inline: str) -> str:
    """Return the source (CSP Level 3 §2.3.1) that allows exactly this script or style."""
    return f"'sha256-{b64(sha256(inline.encode()))}'"
