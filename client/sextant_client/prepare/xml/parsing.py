"""Parses XML bytes into the events of elements, with lines; refuses what is no plain data.

No document type, no entities, nothing fetched; UTF-8 or UTF-16; no processing instructions, no
comments inside values. The parser is fed piece by piece and stops where a limit is passed, so that
a hostile file costs no more memory than the limits allow.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, Protocol
from xml.sax import SAXParseException, handler  # the interface; defusedxml parses

from defusedxml import DefusedXmlException, DTDForbidden
from defusedxml.expatreader import create_parser

from sextant_client.prepare.sourced import misread
from sextant_shared.errors import Finding
from sextant_shared.rules import MAX_DEPTH

_PIECE = 1 << 16
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DECLARED = re.compile(
    r"""\ufeff?<\?xml\s+version\s*=\s*["']([^"']{0,20})["']"""
    r"""(?:\s+encoding\s*=\s*["']([^"']{0,40})["'])?"""
)
# What a parser says of bytes that are not of the encoding they claim.
_NOT_IN_ENCODING = frozenset({"encoding specified in XML declaration is incorrect"})
_ENCODINGS = "UTF-8, or UTF-16 with its mark"


@dataclass(frozen=True)
class Limits:
    """How much of a file is read; beyond, it is refused and not read further.

    `max_bytes`: four times what the rules read as JSON, since elements are closed by name.
    `max_depth`: what the rules read as JSON, and one level for the value itself.
    `max_elements`: twice what sixty thousand rows need; an element may be seven bytes long, and its
    value ten times that in memory.
    `max_findings`: nobody mends more at once; a file of another kind has one for each element.
    """

    max_bytes: int = 128 << 20
    max_depth: int = MAX_DEPTH + 1
    max_elements: int = 2_000_000
    max_findings: int = 500


LIMITS = Limits()
_EMPTY = misread(
    "line 1",
    "the file is empty",
    expected="one declaration",
    received="0 bytes",
    fix="Export the declaration again.",
)


class StopReadingError(Exception):
    """Nothing more can be read; the finding says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class Elements(Protocol):
    """What hears of the elements of a document; `line` is where the tag stands."""

    def start(self, space: str, name: str, attributes: Mapping[str, str], line: int) -> None:
        """Hear that an element begins; attributes of a namespace have it in braces."""

    def text(self, text: str) -> None:
        """Hear a piece of text."""

    def comment(self, line: int) -> None:
        """Hear that there is a comment."""

    def instruction(self, target: str, line: int) -> None:
        """Hear that there is a processing instruction."""

    def end(self) -> None:
        """Hear that the innermost element ends."""


def parse(stream: BufferedReader, elements: Elements, limits: Limits = LIMITS) -> None:
    """Tell `elements` of everything in an XML document.

    Raises:
        StopReadingError: at the first thing that makes the rest unreadable.
        OSError: when the bytes cannot be read.
    """
    parser = create_parser(forbid_dtd=True)
    ear = _Ear(elements, parser, limits)
    parser.setFeature(handler.feature_namespaces, True)  # noqa: FBT003 - the interface of SAX
    parser.setContentHandler(ear)
    parser.setProperty(handler.property_lexical_handler, ear)
    size = 0
    try:
        while piece := stream.read(_PIECE):
            if size == 0:
                _check_declaration(piece)
            size += len(piece)
            if size > limits.max_bytes:
                raise StopReadingError(_too_much(parser, f"at most {limits.max_bytes} bytes"))
            parser.feed(piece)
        if size == 0:
            raise StopReadingError(_EMPTY)
        parser.close()
    except SAXParseException as error:
        raise StopReadingError(_not_well_formed(error)) from error
    except DefusedXmlException as error:
        raise StopReadingError(_forbidden(parser, error)) from error


class _Ear(handler.ContentHandler, handler.LexicalHandler):
    """Hears SAX events, counts, and passes them on."""

    def __init__(self, elements: Elements, parser: Any, limits: Limits) -> None:
        super().__init__()
        self._elements, self._parser, self._limits = elements, parser, limits
        self._depth = self._count = 0

    def startElementNS(  # noqa: N802 - the name is the interface of SAX
        self, name: tuple[str | None, str], _qname: str | None, attrs: Any
    ) -> None:
        """Count an element and pass it on."""
        self._depth += 1
        self._count += 1
        if self._depth > self._limits.max_depth:
            raise StopReadingError(
                _too_much(self._parser, f"at most {self._limits.max_depth} levels of elements")
            )
        if self._count > self._limits.max_elements:
            raise StopReadingError(
                _too_much(self._parser, f"at most {self._limits.max_elements} elements")
            )
        attributes = {
            f"{{{space}}}{local}" if space else local: value
            for (space, local), value in attrs.items()
        }
        self._elements.start(name[0] or "", name[1], attributes, self._line)

    def endElementNS(  # noqa: N802 - the name is the interface of SAX
        self, _name: tuple[str | None, str], _qname: str | None
    ) -> None:
        """Pass the end of an element on."""
        self._depth -= 1
        self._elements.end()

    def characters(self, content: str) -> None:
        """Pass text on."""
        self._elements.text(content)

    def processingInstruction(self, target: str, _data: str) -> None:  # noqa: N802 - as above
        """Pass on that there is an instruction."""
        self._elements.instruction(target, self._line)

    def comment(self, _content: str) -> None:
        """Pass on that there is a comment."""
        self._elements.comment(self._line)

    @property
    def _line(self) -> int:
        line: int = self._parser.getLineNumber()
        return line


def _check_declaration(piece: bytes) -> None:
    """Refuse other encodings and versions than those that every reader reads alike."""
    wide = piece.startswith(_UTF_16)
    head = piece[:400].decode("utf-16" if wide else "utf-8", errors="replace")
    if not wide and b"\0" in piece[:4]:
        raise StopReadingError(_wrong_declaration("encoding", _ENCODINGS, "UTF-16 without it"))
    found = _DECLARED.match(head)
    if found is None:
        return
    if found[1] != "1.0":
        raise StopReadingError(_wrong_declaration("version", "1.0", found[1]))
    named = (found[2] or "").upper()
    if named and named not in ({"UTF-16"} if wide else {"UTF-8", "US-ASCII"}):
        raise StopReadingError(_wrong_declaration("encoding", _ENCODINGS, found[2]))


def _wrong_declaration(what: str, expected: str, received: str) -> Finding:
    return misread(
        "line 1",
        f"the XML declaration names another {what} than is read here",
        expected=expected,
        received=received,
        fix="Save the file as XML 1.0 in UTF-8.",
    )


def _not_well_formed(error: SAXParseException) -> Finding:
    said = error.getMessage()
    place = f"line {error.getLineNumber()}, column {(error.getColumnNumber() or 0) + 1}"
    wrong = said in _NOT_IN_ENCODING
    return misread(
        place,
        f"this is no well-formed XML: {said}",
        expected=_ENCODINGS if wrong else "well-formed XML 1.0, whole",
        received=said,
        fix="Export the declaration again, or mend this place in a text editor.",
    )


def _forbidden(parser: Any, error: DefusedXmlException) -> Finding:
    return misread(
        f"line {parser.getLineNumber()}",
        "the file carries a document type, which may define entities and name other files",
        expected="elements alone",
        received=f"<!DOCTYPE {error.name[:60]}" if isinstance(error, DTDForbidden) else "entities",
        fix="Remove everything from <!DOCTYPE up to its closing bracket.",
    )


def _too_much(parser: Any, expected: str) -> Finding:
    return misread(
        f"line {parser.getLineNumber()}",
        "the file is larger than any declaration",
        expected=expected,
        received="more",
        fix="Split the declaration by plant site, or send the file that was meant.",
    )
