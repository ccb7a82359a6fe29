"""The forms that a single value of a declaration can have, whatever it is written in."""

import datetime as dt
from enum import Enum

from pydantic import JsonValue

from sextant_client.prepare.members import Member
from sextant_shared.models.declaration.amount import Quantity


class Form(Enum):
    """How the value of an element is written."""

    TEXT = "text"
    WORD = "word of a closed list, or a day"
    INTEGER = "whole number"
    BOOLEAN = "true or false"
    AMOUNT = "amount"
    JSON = "JSON"
    MEMBERS = "members"


def form_of(member: Member) -> Form:
    """Return how a member's value, or each item of its list, is written."""
    if member.model is not None:
        return Form.MEMBERS
    if member.choices:
        words = all(isinstance(choice, str) for choice in member.choices)
        return Form.WORD if words else Form.INTEGER
    if member.bare is JsonValue:
        return Form.JSON
    if isinstance(member.bare, type) and issubclass(member.bare, Quantity):
        return Form.AMOUNT
    forms = {str: Form.TEXT, int: Form.INTEGER, bool: Form.BOOLEAN, dt.date: Form.WORD}
    return forms[member.bare]
