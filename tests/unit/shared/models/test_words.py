"""What is wrong with a wire document is said in our words, whatever the validator calls it."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from sextant_shared.errors import PlatformError
from sextant_shared.models.messages import read_message
from sextant_shared.models.strict import Strict, Version1, read_model

GOOD: dict[str, Any] = {"v": 1, "name": "XAL", "n": 3, "day": "2027-01-15", "of": [1], "is": True}


class Colour(StrEnum):
    RED = "red"


class Line(Strict):
    v: Version1
    name: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    n: Annotated[int, Field(ge=1, le=9)]
    day: Annotated[dt.date, Field(strict=False)]
    of: Annotated[list[int], Field(min_length=1, max_length=2)]
    is_: Annotated[bool, Field(alias="is")]
    kind: Literal["a", "b"] = "a"
    colour: Annotated[Colour, Field(strict=False)] = Colour.RED
    inner: "Line | None" = None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": None}, ("/n", "is no whole number", "", "null")),
        ({"n": "3"}, ("/n", "is no whole number", "", "'3'")),
        ({"n": 10}, ("/n", "is too large", "at most 9", "10")),
        ({"n": 0}, ("/n", "is too small", "at least 1", "0")),
        ({"v": True}, ("/v", "must be an integer", "", "True")),
        ({"v": 2}, ("/v", "is none of the possible values", "1", "2")),
        ({"name": 7}, ("/name", "is no text", "", "7")),
        ({"name": "x"}, ("/name", "is not written as it must be", "pattern ^[A-Z]{3}$", "'x'")),
        ({"day": "today"}, ("/day", "is no day such as 2027-01-15", "", "'today'")),
        ({"of": []}, ("/of", "has too few", "at least 1", "a list")),
        ({"of": [1, 2, 3]}, ("/of", "has too many", "at most 2", "a list")),
        ({"of": {}}, ("/of", "is no list", "", "an object")),
        ({"is": 1}, ("/is", "is neither true nor false", "", "1")),
        ({"kind": "c"}, ("/kind", "is none of the possible values", "'a' or 'b'", "'c'")),
        ({"colour": "blue"}, ("/colour", "is none of the possible values", "'red'", "'blue'")),
        ({"inner": 1}, ("/inner", "is no object", "", "1")),
        ({"more": 1}, ("/more", "is not known here", "", "1")),
    ],
)
def test_each_flaw_has_its_words(change: dict[str, Any], said: tuple[str, str, str, str]) -> None:
    with pytest.raises(PlatformError) as caught:
        read_model(Line, {**GOOD, **change})
    (found,) = caught.value.findings
    assert (found.pointer, found.message, found.expected, found.received) == said


def test_what_a_message_lacks_is_missing_and_no_field_is_required() -> None:
    with pytest.raises(PlatformError) as caught:
        read_message("clarification.request", b'{"v":1,"type":"clarification.request"}')
    assert {found.message for found in caught.value.findings} == {"is missing"}
    assert all(found.received == "nothing" for found in caught.value.findings)
    assert "is missing" in caught.value.detail
