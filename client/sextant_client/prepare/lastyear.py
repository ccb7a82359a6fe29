"""Finds in the home what was declared for a year: as it stands, with its amendments.

Only what was sent from here is known here; what the Secretariat did not register does not count.
"""

from typing import Any

from sextant_client.home import Home
from sextant_client.prepare.filings import filings_of, filings_sent
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import Kind
from sextant_shared.rules.filings import document_of


def sent_for(
    home: Home, kind: Kind, year: int, declaration_id: str | None = None
) -> dict[str, Any]:
    """Return the declaration of a kind for a year, in its newest version.

    Raises:
        PlatformError: `E_NOT_FOUND`, when none was sent from here, or several were and it is not
            said which.
    """
    filings = filings_of(filings_sent(home))
    found = {
        one.declaration_id: one
        for state in filings.states
        for one in filings.filed(kind.model, state, year)
        if declaration_id in {None, one.declaration_id}
    }
    if len(found) != 1:
        raise _not_one(kind, year, list(found))
    (only,) = found.values()
    return document_of(only)


def _not_one(kind: Kind, year: int, found: list[str]) -> PlatformError:
    if found:
        return PlatformError(
            Code.NOT_FOUND,
            f"several declarations {kind.id} of {year} were sent from here",
            expected=f"one of {', '.join(found)}",
            fix="Say which with --id.",
        )
    return PlatformError(
        Code.NOT_FOUND,
        f"no declaration {kind.id} of {year} was sent from here",
        fix="Name its file instead: sextant copy FILE.",
    )
