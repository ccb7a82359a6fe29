"""`/.well-known/security.txt` (RFC 9116): whom to tell of a weakness, in the operator's own words.

Responsible for serving the operator's file and for refusing one that no reader could use. Not
responsible for what it says. Without the setting there is no such address.
"""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from sextant_shared.chassis.routing import guarded_router, open_to_all
from sextant_shared.errors import Code, Finding, PlatformError, Severity

MAX_BYTES = 32_768  # RFC 9116 §5.6 advises readers to take no more
_FIELD = re.compile(r"^([A-Za-z-]+): *(\S.*?) *$", re.MULTILINE)
_SCHEMES = ("https://", "mailto:", "tel:")
_EXPECTED = {
    "Contact": "one or more lines Contact: with https://…, mailto:… or tel:…",
    "Expires": "one line Expires: 2027-12-31T23:00:00Z",
    "size": f"at most {MAX_BYTES} bytes",
}


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    """A file that readers can use, and until when it says so of itself."""

    data: bytes
    expires: dt.datetime

    def note(self, now: float) -> dict[str, str]:
        """Return what an operator must mend, nothing while the file is in force."""
        if now < self.expires.timestamp():
            return {}
        return {"security.txt": f"it expired on {self.expires:%Y-%m-%d}; publish a new one"}


def read_security_txt(path: Path) -> SecurityTxt:
    """Return the operator's file.

    Raises:
        PlatformError: `E_MALFORMED`, with everything that does not fit.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlatformError(
            Code.MALFORMED, f"{path.name} does not open as UTF-8 text: {type(error).__name__}"
        ) from error
    fields = [(name.lower(), value) for name, value in _FIELD.findall(text.replace("\r\n", "\n"))]
    contacts = [value for name, value in fields if name == "contact"]
    ends = [value for name, value in fields if name == "expires"]
    expires = _instant(ends[0]) if len(ends) == 1 else None
    lacking = {
        "Contact": not contacts or not all(c.startswith(_SCHEMES) for c in contacts),
        "Expires": expires is None,
        "size": len(data) > MAX_BYTES,
    }
    if expires is None or any(lacking.values()):
        raise PlatformError(
            Code.MALFORMED,
            f"{path.name} is no security.txt",
            fix="Mend what the findings name: RFC 9116 §2.5.",
            findings=[_finding(name) for name, is_lacking in lacking.items() if is_lacking],
        )
    return SecurityTxt(data, expires)


def security_txt_router(held: SecurityTxt) -> APIRouter:
    """Return the router that shows it."""
    router = guarded_router(tags=["service"])

    @router.get(
        "/.well-known/security.txt",
        include_in_schema=False,
        **open_to_all("whom to tell of a weakness, RFC 9116"),
    )
    async def security_txt() -> Response:
        """Return the operator's file as it is."""
        return Response(held.data, media_type="text/plain; charset=utf-8")

    return router


def _finding(name: str) -> Finding:
    return Finding(
        rule="SECURITY_TXT",
        severity=Severity.MUST_FIX,
        pointer=f"/{name}",
        message="missing, or not as readers take it",
        expected=_EXPECTED[name],
    )


def _instant(text: str) -> dt.datetime | None:
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None
