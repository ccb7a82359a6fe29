"""How single values stand in XML as text, and come back as the very same values."""

import json
import re
from typing import Any

from sextant_client.prepare.forms import Form
from sextant_shared.encoding import MAX_SAFE_INTEGER, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.rules import MAX_BYTES, MAX_DEPTH

SPACE = " \t\r\n"  # XML 1.0 §2.3: what does not count around a token
MAX_ECHO = 80  # characters of a received value repeated in a finding
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_BOOLEANS = {"true": True, "false": False}
# XML 1.0 §2.2: what no document can carry, not even as a character reference.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_UNIT, _NOTHING, _VALUE = "unit", "nothing", "value"
ATTRIBUTES = (_UNIT, _NOTHING)


class UnwritableError(Exception):
    """This value would not come back from XML as it is; the message says why."""


def read_leaf(form: Form, text: str) -> Any:
    """Return the value of an element's text; what does not fit stays the text that it is.

    Raises:
        PlatformError: `E_MALFORMED`, when a JSON value is none.
    """
    if form is Form.JSON:
        return _read_json(text)
    token = text.strip(SPACE)
    if form is Form.INTEGER and _INTEGER.fullmatch(token):
        number = int(token)
        return number if abs(number) <= MAX_SAFE_INTEGER else token
    if form is Form.BOOLEAN:
        return _BOOLEANS.get(token, token)
    return text if form is Form.TEXT else token


def read_amount(text: str, attributes: dict[str, str]) -> dict[str, str]:
    """Return the amount of an element's text and attributes."""
    token = text.strip(SPACE)
    return {_VALUE: token, **attributes} if token else attributes


def write_leaf(form: Form, value: Any) -> str:
    """Return the text of a value.

    Raises:
        UnwritableError: when it would come back as another value, or cannot stand in XML.
    """
    if form is Form.JSON:
        text = _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", _json_text(value))
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str | int):
        text = str(value)
    else:
        raise UnwritableError(f"a single value is expected here: {form.value}")
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        raise UnwritableError(f"XML cannot carry the character U+{ord(forbidden[0]):04X}")
    if not _same(_read_back(form, text), value):
        raise UnwritableError(f"this is no {form.value}, and would come back as something else")
    return text


def write_amount(value: Any) -> tuple[str, dict[str, str]]:
    """Return text and attributes of an amount.

    Raises:
        UnwritableError: when it would come back as another value.
    """
    parts = value if isinstance(value, dict) else {"": value}
    said = {name: part for name, part in parts.items() if part is not None}
    if not all(isinstance(part, str) for part in said.values()):
        raise UnwritableError("an amount is expected here")
    text = said.get(_VALUE, "")
    attributes = {name: said[name] for name in ATTRIBUTES if name in said}
    for part in (text, *attributes.values()):
        write_leaf(Form.TEXT, part)
    if read_amount(text, attributes) != said:
        raise UnwritableError("an amount has a value with its unit, or says that there is nothing")
    return text, attributes


def echo(value: Any) -> str:
    """Return what was received, as a finding repeats it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= MAX_ECHO else f"{text[: MAX_ECHO - 1]}…"


def _read_json(text: str) -> Any:
    members = parse_json(b'{"":%s}' % text.encode(), max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    if members.keys() != {""}:  # the text went on with a comma
        raise PlatformError(Code.MALFORMED, "not strict JSON: more than one value")
    return members[""]


def _json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read_back(form: Form, text: str) -> Any:
    try:
        return read_leaf(form, text)
    except PlatformError as error:
        raise UnwritableError(error.detail) from error


def _same(left: Any, right: Any) -> bool:
    """Whether two values are one and the same; `1`, `True` and `"1"` are not."""
    return type(left) is type(right) and bool(left == right)
