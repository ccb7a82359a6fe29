"""What a caller reads who asked with parameters that do not fit."""

import asyncio
import datetime as dt
import json
from typing import Annotated, Any, Literal

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from sextant_shared.chassis.problems import on_invalid_request


class Asked(BaseModel):
    """A question as routes take them."""

    model_config = ConfigDict(extra="forbid")

    kept: Literal["OPEN", "ASIDE"] = "OPEN"
    id: Annotated[str, Field(pattern="^AN-[0-9]$")] = "AN-1"
    day: dt.date = dt.date(2027, 1, 1)
    limit: Annotated[int, Field(le=200)] = 50


def refused(**given: object) -> dict[str, Any]:
    """Return the problem document for a question that does not fit."""
    with pytest.raises(ValidationError) as raised:
        Asked.model_validate(given)
    error = RequestValidationError(raised.value.errors())
    answer = asyncio.run(on_invalid_request(Request({"type": "http"}), error))
    document: dict[str, Any] = json.loads(bytes(answer.body))
    return document


@pytest.mark.parametrize(
    ("given", "message", "expected"),
    [
        ({"kept": "FOO"}, "is none of the possible values", "'OPEN' or 'ASIDE'"),
        ({"id": "nothing"}, "is not written as it must be", "pattern ^AN-[0-9]$"),
        ({"day": "soon"}, "is no day such as 2027-01-15", ""),
        ({"limit": "many"}, "is no whole number", ""),
        ({"limit": 500}, "is too large", "at most 200"),
        ({"other": 1}, "is not known here", ""),
    ],
)
def test_a_parameter_that_does_not_fit_is_told_in_words_and_what_fits_once(
    given: dict[str, object], message: str, expected: str
) -> None:
    (finding,) = refused(**given)["findings"]
    assert (finding["message"], finding.get("expected", "")) == (message, expected)


def test_places_are_counted_as_people_count() -> None:
    assert refused(kept="FOO")["detail"] == "the request does not fit in one place"
    assert refused(kept="FOO", id="x")["detail"] == "the request does not fit in 2 places"
