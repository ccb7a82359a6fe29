"""What messages have in common: a version, numbered items, the number of a request."""

from collections import Counter
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from sextant_shared.models.strict import Strict, Version1

MAX_ITEMS = 1000

RequestNumber = Annotated[str, Field(min_length=1, max_length=120)]
Number = Annotated[int, Field(ge=1, le=100_000)]


class Numbered(Strict):
    """An item of a list that others refer to."""

    n: Number
    """Its number, by which others refer to it."""


Item = TypeVar("Item", bound=Numbered)


def _each_number_once(items: list[Item]) -> list[Item]:
    counted = Counter(item.n for item in items)
    twice = sorted(n for n, times in counted.items() if times > 1)
    if twice:
        raise ValueError(f"numbers stand twice: {', '.join(map(str, twice))}")
    return items


OnceEach = AfterValidator(_each_number_once)


class MessageBase(Strict):
    """Base of all contents of messages."""

    v: Version1
