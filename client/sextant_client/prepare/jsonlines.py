"""Finds the line of a JSON file at which a pointer's member or item stands.

The text was parsed before, so it is JSON; this only walks its tokens. It is walked when somebody
asks for the first time: most files have nothing to find.
"""

import json
import re
from bisect import bisect
from collections.abc import Iterator
from functools import cached_property

from sextant_client.prepare.sourced import nearest
from sextant_shared.models.strict import pointer_of

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}:,]|[^\s\[\]{}:,"]++', re.DOTALL)


class JsonLines:
    """Answers for one text, as `SourceOf`."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self, pointer: str) -> str:
        """Return the line of a pointer, else of the nearest place around it."""
        return nearest(self._lines, pointer)

    @cached_property
    def _lines(self) -> dict[str, str]:
        breaks = [match.start() for match in re.finditer("\n", self._text)]
        return {p: f"line {bisect(breaks, start) + 1}" for p, start in _starts(self._text)}


def _starts(text: str) -> Iterator[tuple[str, int]]:
    """Yield each pointer with the position of its name, or of the item in a list."""
    path: list[int | str] = []
    inside: list[str] = []  # the brackets that are open
    named = False  # whether the name of the next member was read
    for match in _TOKEN.finditer(text):
        part = match.group()
        if part in "}]":
            inside.pop()
            path.pop()
        elif part == ",":
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else last
            named = False
        elif part == ":":
            named = True
        elif inside and inside[-1] == "{" and not named:
            path[-1] = json.loads(part)
            yield pointer_of(tuple(path)), match.start()
        else:
            if not inside or inside[-1] == "[":
                yield pointer_of(tuple(path)), match.start()
            if part in "[{":
                inside.append(part)
                path.append(0 if part == "[" else "")
                named = False
