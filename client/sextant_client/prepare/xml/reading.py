"""Reads a declaration from XML; what cannot be read without guessing is a finding with its line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sextant_client.prepare.forms import Form, form_of
from sextant_client.prepare.members import Member, members_of
from sextant_client.prepare.sourced import Sourced, misread, nearest, unreadable
from sextant_client.prepare.xml.leaves import ATTRIBUTES, SPACE, echo, read_amount, read_leaf
from sextant_client.prepare.xml.parsing import LIMITS, Limits, StopReadingError, parse
from sextant_client.prepare.xml.spaces import ITEM, ROOT, SCHEMA, namespace, schema_of
from sextant_shared.errors import Finding, PlatformError
from sextant_shared.models.declaration import CATALOGUE

# Says where a schema may be found; every editor writes it, and nothing is fetched from there.
_HINTS = frozenset(
    f"{{http://www.w3.org/2001/XMLSchema-instance}}{name}"
    for name in ("schemaLocation", "noNamespaceSchemaLocation")
)


def read_xml(path: Path, limits: Limits = LIMITS) -> Sourced:
    """Return the declaration of an XML file; what has no place in it is in the findings.

    Raises:
        PlatformError: `E_MALFORMED` with findings, when the file is no XML of a declaration, or
            could not be read to its end.
        OSError: when the file cannot be read.
    """
    reader = _Reader(limits)
    with path.open("rb") as stream:
        try:
            parse(stream, reader, limits)
        except StopReadingError as stop:
            raise unreadable([*reader.findings, stop.finding]) from stop
    return Sourced(reader.document, partial(nearest, reader.places), tuple(reader.findings))


@dataclass
class _Frame:
    """An open element: how to read it, and what was read of it so far.

    `put` hands the value to the element around it. `members` is set for an element of members,
    `items` for one of a list's items.
    """

    pointer: str
    line: int
    put: Callable[[Any], None]
    form: Form = Form.MEMBERS
    members: Mapping[str, Member] | None = None
    items: Member | None = None
    value: Any = None
    texts: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)  # the lines of the members


class _MisplacedError(Exception):
    """An element has no place where it stands; the message says why."""

    def __init__(self, why: str, expected: str) -> None:
        super().__init__(why)
        self.expected = expected


class _Reader:
    """Hears of elements and builds the document."""

    def __init__(self, limits: Limits) -> None:
        self.document: dict[str, Any] = {}
        self.places: dict[str, str] = {}
        self.findings: list[Finding] = []
        self._limits = limits
        self._open: list[_Frame] = []
        self._skipped = 0  # open elements inside one that is not read
        self._space = ""

    def start(self, space: str, name: str, attributes: Mapping[str, str], line: int) -> None:
        """Open an element, or skip what has no place where it stands."""
        if self._skipped:
            self._skipped += 1
        elif not self._open:
            self._open.append(self._root(space, name, attributes, line))
        else:
            try:
                frame = self._child(self._open[-1], space, name, line)
            except _MisplacedError as error:
                self._skipped = 1
                self._no_place(self._open[-1], line, name, error)
                return
            self.places[frame.pointer] = f"line {line}"
            self._open.append(frame)
            self._take(frame, name, attributes)

    def text(self, text: str) -> None:
        """Keep text of values; refuse it between elements."""
        if self._skipped:
            return
        frame = self._open[-1]
        if frame.form is not Form.MEMBERS and frame.items is None:
            frame.texts.append(text)
        elif text.strip(SPACE) and not frame.texts:
            frame.texts.append(text)  # one finding for each element is enough
            self._found(
                frame.line,
                frame.pointer,
                "text stands between elements",
                expected="elements alone",
                received=echo(text.strip(SPACE)),
                fix="Remove the text, or put it into its element.",
            )

    def comment(self, line: int) -> None:
        """Refuse a comment inside a value: it cuts the text, and readers differ in how."""
        if self._skipped or not self._open:
            return
        frame = self._open[-1]
        if frame.form is not Form.MEMBERS and frame.items is None:
            self._found(
                line,
                frame.pointer,
                "a comment stands inside a value",
                expected="the value alone",
                received="<!--",
                fix="Move the comment outside the element.",
            )

    def instruction(self, target: str, line: int) -> None:
        """Refuse processing instructions: they ask programs for something."""
        self._found(
            line,
            self._open[-1].pointer if self._open else "",
            "a processing instruction is no part of a declaration",
            expected="elements alone",
            received=echo(f"<?{target}"),
            fix="Remove it.",
        )

    def end(self) -> None:
        """Close an element: its value is known now."""
        if self._skipped:
            self._skipped -= 1
            return
        frame = self._open.pop()
        if frame.form is Form.MEMBERS or frame.items is not None:
            frame.put(frame.value)
        elif frame.form is Form.AMOUNT:
            frame.put(read_amount("".join(frame.texts), frame.attributes))
        else:
            self._put_leaf(frame, "".join(frame.texts))

    def _put_leaf(self, frame: _Frame, text: str) -> None:
        try:
            value = read_leaf(frame.form, text)
        except PlatformError as error:
            self._found(
                frame.line,
                frame.pointer,
                f"this value is JSON text, and cannot be read: {error.detail}",
                expected='one JSON value, such as "text" or {"value":"1","unit":"t"}',
                received=echo(text),
                fix="Write the value as it stands in the JSON of the declaration.",
            )
            return
        if frame.pointer == f"/{SCHEMA}" and namespace(str(value)) != self._space:
            self._found(
                frame.line,
                frame.pointer,
                "the schema is another one than the namespace names",
                expected=self._space,
                received=echo(value),
                fix="Correct the schema, or the namespace of the first element.",
            )
        frame.put(value)

    def _root(self, space: str, name: str, attributes: Mapping[str, str], line: int) -> _Frame:
        found = schema_of(space)
        if name != ROOT or found is None:
            spaces = ", ".join(namespace(kind.schema) for kind in CATALOGUE.values())
            finding = misread(
                f"line {line}",
                "this is no declaration: the first element or its namespace is another",
                expected=f"<{ROOT}> in one of the namespaces {spaces}",
                received=echo(f"<{name}> in {space or 'no namespace'}"),
                fix=f'Begin with <{ROOT} xmlns="NAMESPACE">, with the kind\'s namespace.',
            )
            raise StopReadingError(finding)
        kind, _ = found
        self._space = space
        frame = self._members("", kind.model, line, self.document.update)
        self.places[""] = f"line {line}"
        self._unknown_attributes(frame, name, {a for a in attributes if a not in _HINTS})
        return frame

    def _members(
        self, pointer: str, model: type[BaseModel], line: int, put: Callable[[Any], None]
    ) -> _Frame:
        return _Frame(pointer, line, put, members=members_of(model), value={})

    def _child(self, frame: _Frame, space: str, name: str, line: int) -> _Frame:
        """Return the frame of an element inside another.

        Raises:
            _MisplacedError: when it has no place there.
        """
        if space != self._space:
            raise _MisplacedError(f"it is in {space or 'no namespace'}", self._space)
        if frame.items is not None:
            if name != ITEM:
                raise _MisplacedError("a list holds only items", f"<{ITEM}>")
            pointer = f"{frame.pointer}/{len(frame.value)}"
            return self._single(frame.items, pointer, line, frame.value.append)
        if frame.members is None:
            raise _MisplacedError("a value holds no elements", "the value alone")
        member = frame.members.get(name)
        if member is None:
            raise _MisplacedError("there is no such member", ", ".join(frame.members))
        if name in frame.seen:
            raise _MisplacedError(f"it stands already in line {frame.seen[name]}", "one of it")
        frame.seen[name] = line
        put = partial(frame.value.__setitem__, name)
        pointer = f"{frame.pointer}/{name}"
        if member.many:
            return _Frame(pointer, line, put, items=member, value=[])
        return self._single(member, pointer, line, put)

    def _single(
        self, member: Member, pointer: str, line: int, put: Callable[[Any], None]
    ) -> _Frame:
        if member.model is not None:
            return self._members(pointer, member.model, line, put)
        return _Frame(pointer, line, put, form=form_of(member))

    def _take(self, frame: _Frame, name: str, attributes: Mapping[str, str]) -> None:
        known = ATTRIBUTES if frame.form is Form.AMOUNT and frame.items is None else ()
        frame.attributes = {key: attributes[key] for key in known if key in attributes}
        self._unknown_attributes(frame, name, attributes.keys() - set(known))

    def _unknown_attributes(self, frame: _Frame, name: str, unknown: set[str]) -> None:
        for attribute in sorted(unknown):
            self._found(
                frame.line,
                frame.pointer,
                f"<{name}> has no such attribute",
                expected=", ".join(ATTRIBUTES) if frame.form is Form.AMOUNT else "no attribute",
                received=echo(attribute),
                fix="Remove it; amounts alone have attributes.",
            )

    def _no_place(self, frame: _Frame, line: int, name: str, error: _MisplacedError) -> None:
        self._found(
            line,
            f"{frame.pointer}/{name}",
            f"this element has no place here: {error}",
            expected=error.expected,
            received=echo(f"<{name}>"),
            fix="Remove it, or write it as the schema of the kind says.",
        )

    def _found(
        self, line: int, pointer: str, message: str, *, expected: str, received: str, fix: str
    ) -> None:
        finding = misread(
            f"line {line}", message, pointer=pointer, expected=expected, received=received, fix=fix
        )
        if len(self.findings) >= self._limits.max_findings:
            raise StopReadingError(
                misread(
                    f"line {line}",
                    "there are more findings than are told at once; the rest was not read",
                    expected=f"at most {self._limits.max_findings}",
                    received="more",
                    fix="Mend these, and read the file again.",
                )
            )
        self.findings.append(finding)
