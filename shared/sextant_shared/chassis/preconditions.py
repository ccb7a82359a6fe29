"""Optimistic locking over HTTP: an ETag with what is shown, If-Match with what changes it.

A tag is whatever changes with the thing; the domain compares (`E_PRECONDITION`), here it is only
written and read as RFC 9110 spells it.
"""

from typing import Annotated

from fastapi import Depends, Header

_SPELLED = Annotated[
    str,
    Header(
        alias="If-Match",
        pattern=r'^"[A-Za-z0-9._-]{1,64}"$',
        description="the ETag that was read last: nothing is done when it moved on since",
    ),
]
TAGGED: dict[str, object] = {
    "ETag": {"description": "what changes with it, for If-Match", "schema": {"type": "string"}}
}


def etag(tag: str) -> dict[str, str]:
    """Return the header of an answer that shows what the tag stands for."""
    return {"ETag": f'"{tag}"'}


def _tag(if_match: _SPELLED) -> str:
    return if_match[1:-1]


Tag = Annotated[str, Depends(_tag)]
"""The tag of the request: required, one, strong."""
