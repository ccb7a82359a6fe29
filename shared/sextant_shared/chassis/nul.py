"""Requests hold no text with the character NUL: in no part of the address, nowhere in their JSON.

Each place is told as what does not fit is: one finding each.
"""

from typing import Any

from starlette.requests import Request

from sextant_shared.chassis.problems import REQUEST
from sextant_shared.nul import refuse_nul


class JsonRequest(Request):
    """A request whose JSON holds no text that a database on a server could not keep."""

    async def json(self) -> Any:
        """Return what the body holds.

        Raises:
            PlatformError: `E_MALFORMED` where a text holds the character NUL.
        """
        value = await super().json()
        body = await self.body()
        if b"\\u0000" in body or b"\0" in body:  # or in UTF-16, which the framework reads too
            refuse_nul(value, under="/body", rule=REQUEST)
        return value


def refuse_in_address(request: Request) -> None:
    """Return if path and parameters hold none: nothing else is done with them before.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    path, query = request.scope["path"], request.scope["query_string"]
    if "\0" in path:
        refuse_nul(request.path_params, under="/path", rule=REQUEST)
        refuse_nul(path, under="/path", rule=REQUEST)
    if b"%00" in query or b"\0" in query:
        for name, value in request.query_params.multi_items():
            refuse_nul({name: value}, under="/query", rule=REQUEST)
