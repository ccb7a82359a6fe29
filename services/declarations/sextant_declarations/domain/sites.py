"""Which sites a content is about: the codes of plant sites and facilities that stand in it.

With them «who read of plant site X» has an answer. Taken from the declaration as its model reads
it; of a content that fits no model, from its text, because that is read by officers as well.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

MEMBERS = ("plant_site_code", "facility_code", "site_code")
MAX_SITES = 20_000  # of one content; the largest that this register reads has fewer
MAX_CODE = 128  # characters; codes of the models have fewer
_STRING = rb'"((?:[^"\\]|\\.)*)"'
_MEMBER = re.compile(b'"(?:' + "|".join(MEMBERS).encode() + rb')"\s*:\s*' + _STRING)


def sites_of(content: BaseModel) -> tuple[str, ...]:
    """Return the codes in a declaration, sorted, each once."""
    return _bounded(_inside(content))


def sites_in(data: bytes) -> tuple[str, ...]:
    """Return the codes in the text of a content, whatever else is wrong with it."""
    return _bounded(_read(found) for found in _MEMBER.findall(data))


def _bounded(codes: Iterator[str]) -> tuple[str, ...]:
    return tuple(sorted({code for code in codes if 0 < len(code) <= MAX_CODE})[:MAX_SITES])


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, BaseModel):
        value = vars(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in MEMBERS and isinstance(inner, str):
                yield inner
            else:
                yield from _inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _inside(inner)


def _read(literal: bytes) -> str:
    """Return the text of a literal, without what no database keeps: NUL and half characters."""
    try:
        text = str(json.loads(b'"' + literal + b'"'))
    except ValueError:
        return ""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
