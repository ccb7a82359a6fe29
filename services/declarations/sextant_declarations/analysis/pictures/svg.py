"""A small strict writer of SVG: elements and attributes of a closed list, all text escaped.

Nothing that it writes can fetch, run or link: there are no scripts, styles, links, images or event
handlers in its lists. A reference is to a paint of the same picture. Equal input gives equal bytes.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sextant_shared.errors import Code, PlatformError

NAMESPACE = "http://www.w3.org/2000/svg"
FONT = "Noto Sans, DejaVu Sans, Verdana, Arial, sans-serif"
_TAGS = frozenset({"circle", "defs", "desc", "g", "line", "path", "pattern", "polygon", "rect"})
_TEXT_TAGS = frozenset({"desc", "text", "title"})
_ATTRIBUTES = """
    cx cy d fill font-size font-weight height id opacity points r rx stroke stroke-dasharray
    stroke-linejoin stroke-width text-anchor transform width x x1 x2 y y1 y2
"""
_NAMES: Mapping[str, str] = {
    **{name.replace("-", "_"): name for name in _ATTRIBUTES.split()},
    "pattern_units": "patternUnits",
}
_REFERENCE = re.compile(r"url\(\s*(?!#[a-z][a-z-]*\))", re.IGNORECASE)
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_ESCAPED = re.compile("[&<>\"']")
Value = str | int | float


@dataclass(frozen=True, slots=True)
class Element:
    """An element; `text` stands before its children."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple["Element", ...] = ()
    text: str = ""


def element(tag: str, *children: Element, text: str = "", **attributes: Value) -> Element:
    """Return an element; `stroke_width` is written `stroke-width`.

    Raises:
        PlatformError: `E_INTERNAL` for what is not in the lists, or is no finite number.
    """
    if tag not in _TAGS and tag not in _TEXT_TAGS:
        raise PlatformError(Code.INTERNAL, f"a picture has no element {tag}")
    written = []
    for name, value in attributes.items():
        if name not in _NAMES:
            raise PlatformError(Code.INTERNAL, f"a picture has no attribute {name}")
        said = value if isinstance(value, str) else number(value)
        if _REFERENCE.search(said):
            raise PlatformError(Code.INTERNAL, "a picture refers to its own paints alone")
        written.append((_NAMES[name], said))
    return Element(tag, tuple(written), children, text)


def document(
    width: float, height: float, *, title: str, description: str, body: tuple[Element, ...]
) -> str:
    """Return the whole file: white ground, title and description for who does not see it."""
    head = (
        f'<svg xmlns="{NAMESPACE}" width="{number(width)}" height="{number(height)}"'
        f' viewBox="0 0 {number(width)} {number(height)}" role="img"'
        f' aria-labelledby="title desc" font-family="{FONT}">'
    )
    parts = (
        element("title", text=title, id="title"),
        element("desc", text=description, id="desc"),
        element("rect", width=width, height=height, fill="#ffffff"),
        *body,
    )
    lines = [head, *(line for part in parts for line in _lines(part)), "</svg>"]
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Return a coordinate with at most two decimals.

    Raises:
        PlatformError: `E_INTERNAL` for what is no finite number.
    """
    if not math.isfinite(value):
        raise PlatformError(Code.INTERNAL, "a coordinate is no finite number")
    said = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if said == "-0" else said


def escaped(text: str) -> str:
    """Return text for XML and HTML; what no XML may hold becomes U+FFFD."""
    return _ESCAPED.sub(lambda found: _ESCAPES[found[0]], _UNWRITABLE.sub("\ufffd", text))


def _lines(part: Element) -> Iterator[str]:
    attributes = "".join(f' {name}="{escaped(value)}"' for name, value in part.attributes)
    if part.children:
        yield f"<{part.tag}{attributes}>{escaped(part.text)}"
        for child in part.children:
            yield from _lines(child)
        yield f"</{part.tag}>"
    elif part.text:
        yield f"<{part.tag}{attributes}>{escaped(part.text)}</{part.tag}>"
    else:
        yield f"<{part.tag}{attributes}/>"
