"""Who asks, and why: what the routes that give declared content take from every request."""

from typing import Annotated

from fastapi import Depends, Header, Request

from sextant_declarations.domain.accesses import Reader
from sextant_shared.chassis.routing import subject_of
from sextant_shared.models.purposes import (
    CLARIFICATION,
    PURPOSE_HEADER,
    PURPOSES,
    Purpose,
)

MEANINGS = "; ".join(f"`{code}`: {meaning}" for code, meaning in PURPOSES.items())
LISTED: dict[str, object] = {"enum": list(PURPOSES)}
Why = Annotated[
    Purpose,
    Header(
        alias=PURPOSE_HEADER,
        description=f"why the content is read: {MEANINGS}",
        json_schema_extra=LISTED,
    ),
]
WhySent = Annotated[
    Purpose,
    Header(
        alias=PURPOSE_HEADER,
        description=f"why it is sent, by default `{CLARIFICATION}`",
        json_schema_extra=LISTED,
    ),
]


def officer_of(request: Request) -> Reader:
    """Return whom the guard let in; for what gives no declared content."""
    subject = subject_of(request)
    return Reader(client=subject.client_id, role=str(subject.role))


def _reader(request: Request, purpose: Why) -> Reader:
    subject = subject_of(request)
    return Reader(client=subject.client_id, role=str(subject.role), purpose=purpose)


def _sender(request: Request, purpose: WhySent = CLARIFICATION) -> Reader:
    return _reader(request, purpose)


Asking = Annotated[Reader, Depends(_reader)]
Sending = Annotated[Reader, Depends(_sender)]
