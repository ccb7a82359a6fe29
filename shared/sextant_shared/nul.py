"""No text that travels holds the character NUL.

Some programs end a text there, so two of them may read different ones, and a database on a server
keeps none. So it is refused wherever a text comes in, whatever the database.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sextant_shared.errors import Code, Finding, PlatformError, Severity

_NUL = "\0"
_FIX = "Send it without that character."
_MAX_PLACES = 100
_ECHO = 40


def refuse_nul(value: Any, *, under: str = "", rule: str = "S0") -> None:
    """Return if no text of a JSON value holds the character NUL; `under` is where the value stands.

    Raises:
        PlatformError: `E_MALFORMED` with a finding for each place.
    """
    found = tuple(
        Finding(
            rule=rule,
            severity=Severity.MUST_FIX,
            pointer=pointer,
            message=f"{what} holds the character NUL",
            expected="text without U+0000",
            received=text if len(text) <= _ECHO else f"{text[: _ECHO - 1]}…",
            fix=_FIX,
        )
        for pointer, what, text in islice(_places(value, under), _MAX_PLACES)
    )
    if found:
        raise holds_nul(found)


def holds_nul(findings: Sequence[Finding] = ()) -> PlatformError:
    """Return the refusal of a text with the character NUL."""
    first = findings[0] if findings else None
    return PlatformError(
        Code.MALFORMED,
        f"{first.message}: {first.pointer or '/'}" if first else "a text holds the character NUL",
        expected=first.expected if first else "",
        received=first.received if first else "",
        fix=_FIX,
        findings=findings,
    )


def _places(value: Any, pointer: str) -> Iterator[tuple[str, str, str]]:
    """Yield where NUL stands, in what, and the text, written so that it holds none itself.

    A member whose name holds it has no pointer that could be kept; that of what is around it tells.
    """
    if isinstance(value, str):
        if _NUL in value:
            yield pointer, "a text", repr(value)
    elif isinstance(value, dict):
        for name, item in value.items():
            if _NUL in name:
                yield pointer, "the name of a member", repr(name)
            else:
                token = name.replace("~", "~0").replace("/", "~1")
                yield from _places(item, f"{pointer}/{token}")
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _places(item, f"{pointer}/{place}")
