"""How names and values are spoken in print."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sextant_client.prepare.forms import Form, form_of
from sextant_client.prepare.members import Member

# Parts of members' names that are no words, or stand for more than one.
_WORDS = {
    "acw": "abandoned chemical weapons",
    "cas": "CAS number",
    "cw": "chemical weapons",
    "doc": "DOC",
    "id": "number",
    "n": "number of",
    "na": "National Authority",
    "ocpf": "OCPF",
    "ocw": "old chemical weapons",
    "poe": "points of entry",
    "psf": "PSF",
    "rca": "riot control agents",
    "s1": "Schedule 1",
    "s2": "Schedule 2",
    "s3": "Schedule 3",
    "sha256": "SHA-256",
}
BLANK, NONE = "blank", "none"
_NOTHING = {"nil": "nil", "not-applicable": "not applicable", "unknown": "unknown"}
LEGEND = (
    ("0 with a unit", "measured, or counted: zero"),
    ("nil", "there was no such activity"),
    ("not applicable", "the question does not arise"),
    ("unknown", "it should be known, and is not"),
    ("blank", "nothing was entered"),
    ("none", "a list with no entries"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as it is printed; `is_nothing` for the ways in which there is none."""

    text: str
    is_nothing: bool = False
    is_number: bool = False


def label(name: str) -> str:
    """Return what a member is called in print."""
    words = [_WORDS.get(part, part) for part in name.split("_") if part]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def law(text: str) -> str:
    """Return a paragraph as it stands beside a label."""
    return f"[{text}]" if text else ""


def spoken(member: Member, value: Any) -> Shown:
    """Return a member's value; what does not fit the model is shown as JSON, never left out."""
    if value is None:
        return Shown(NONE if member.many else BLANK, is_nothing=True)
    form = form_of(member)
    if not member.many:
        return _single(form, value)
    if not isinstance(value, list):
        return Shown(as_json(value))
    if not value:
        return Shown(NONE, is_nothing=True)
    parts = [_single(form, item).text for item in value]
    # Codes stand in one line; a text may hold a semicolon of its own.
    return Shown(("; " if form is not Form.TEXT or member_is_code(value) else "\n").join(parts))


def member_is_code(items: list[Any]) -> bool:
    """Whether all items are single words, so that they can stand in one line."""
    return all(isinstance(item, str) and not set(item) & set(" ;\n\t") for item in items)


def as_json(value: Any) -> str:
    """Return a value as its JSON text."""
    return json.dumps(value, ensure_ascii=False)


def _single(form: Form, value: Any) -> Shown:
    if isinstance(value, bool):
        return Shown("yes" if value else "no") if form is Form.BOOLEAN else Shown(as_json(value))
    if form is Form.AMOUNT or (form is Form.JSON and _is_amount(value)):
        return _amount(value)
    if form is Form.JSON:
        return Shown(as_json(value))
    if isinstance(value, int) and form is Form.INTEGER:
        return Shown(str(value), is_number=True)
    if isinstance(value, str) and form in {Form.TEXT, Form.WORD}:
        # An empty or white text would print as if nothing stood there.
        return Shown(value if value.strip() else as_json(value))
    return Shown(as_json(value))


def _is_amount(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() in ({"value", "unit"}, {"nothing"})


def _amount(value: Any) -> Shown:
    if isinstance(value, Mapping):
        said = {name: part for name, part in value.items() if part is not None}
        if said.keys() == {"value", "unit"} and all(isinstance(p, str) for p in said.values()):
            return Shown(f"{said['value']} {said['unit']}", is_number=True)
        if said.keys() == {"nothing"} and said["nothing"] in _NOTHING:
            return Shown(_NOTHING[said["nothing"]], is_nothing=True)
    return Shown(as_json(value))
