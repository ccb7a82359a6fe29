"""Writes a declaration as XML; what would not come back as it is, is refused and never changed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sextant_client.home import write_file
from sextant_client.prepare.forms import Form, form_of
from sextant_client.prepare.members import Member, members_of
from sextant_client.prepare.xml.leaves import UnwritableError, echo, write_amount, write_leaf
from sextant_client.prepare.xml.spaces import ITEM, ROOT, SCHEMA, namespace, schema_of
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.models.declaration import kind_of
from sextant_shared.models.strict import pointer_of

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
# Line ends and tabs as references where a reader would normalise them (XML 1.0 §2.11, §3.3.3).
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE = _IN_TEXT | str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;"})


def write_xml(path: Path, document: dict[str, Any]) -> None:
    """Write a document as XML.

    Raises:
        PlatformError: as `as_xml`.
    """
    write_file(path, as_xml(document))


def as_xml(document: Mapping[str, Any]) -> bytes:
    """Return a document as XML in UTF-8; null members are left out.

    Raises:
        PlatformError: `E_MALFORMED`, when its kind is not known, or with a finding for each place
            that would not come back as it is.
    """
    kind = kind_of(document)
    schema = document.get(SCHEMA)
    space = namespace(kind.schema if schema is None else str(schema))
    writer = _Writer()
    if (schema_of(space) or (None,))[0] is not kind:
        writer.refuse((SCHEMA,), schema, f"it is no schema of {kind.id}")
    lines = list(writer.members(document, kind.model, (), 1))
    if writer.findings:
        count = len(writer.findings)
        raise PlatformError(
            Code.MALFORMED,
            f"XML cannot carry the declaration as it is, in {count} place(s)",
            findings=writer.findings,
            fix="Correct every place that the findings name, or send it as JSON.",
        )
    attribute = space.translate(_IN_ATTRIBUTE)
    return "".join([_HEAD, f'<{ROOT} xmlns="{attribute}">\n', *lines, f"</{ROOT}>\n"]).encode()


class _Writer:
    """Yields lines and collects findings."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def members(
        self, value: Any, model: type[BaseModel], place: tuple[int | str, ...], depth: int
    ) -> Iterator[str]:
        """Yield the elements of an object's members, in the order of the model."""
        if not isinstance(value, Mapping):
            self.refuse(place, value, "an object with members is expected here")
            return
        known = members_of(model)
        for name in value:
            if name not in known and value[name] not in (None, []):
                self.refuse((*place, name), value[name], "there is no such member")
        for name, member in known.items():
            inner = value.get(name)
            # An absent JSON value and the JSON value null are two things to an amendment.
            if inner is None and (name not in value or form_of(member) is not Form.JSON):
                continue
            if member.many:
                yield from self._list(member, inner, (*place, name), depth)
            else:
                yield from self._element(name, member, inner, (*place, name), depth)

    def _list(
        self, member: Member, value: Any, place: tuple[int | str, ...], depth: int
    ) -> Iterator[str]:
        if not isinstance(value, list):
            self.refuse(place, value, "a list is expected here")
            return
        pad = "  " * depth
        if not value:
            yield f"{pad}<{member.name}/>\n"
            return
        yield f"{pad}<{member.name}>\n"
        for position, item in enumerate(value):
            yield from self._element(ITEM, member, item, (*place, position), depth + 1)
        yield f"{pad}</{member.name}>\n"

    def _element(
        self, name: str, member: Member, value: Any, place: tuple[int | str, ...], depth: int
    ) -> Iterator[str]:
        pad = "  " * depth
        if member.model is not None:
            inner = list(self.members(value, member.model, place, depth + 1))
            if inner:
                yield from (f"{pad}<{name}>\n", *inner, f"{pad}</{name}>\n")
            else:
                yield f"{pad}<{name}/>\n"
            return
        attributes: dict[str, str] = {}
        form = form_of(member)
        try:
            if form is Form.AMOUNT:
                text, attributes = write_amount(value)
            else:
                text = write_leaf(form, value)
        except UnwritableError as error:
            self.refuse(place, value, str(error))
            return
        said = "".join(f' {key}="{v.translate(_IN_ATTRIBUTE)}"' for key, v in attributes.items())
        body = f">{text.translate(_IN_TEXT)}</{name}>" if text else "/>"
        yield f"{pad}<{name}{said}{body}\n"

    def refuse(self, place: tuple[int | str, ...], value: Any, why: str) -> None:
        """Add the finding of a place that XML cannot carry."""
        self.findings.append(
            Finding(
                rule="S0",
                severity=Severity.MUST_FIX,
                pointer=pointer_of(place),
                message=f"XML cannot carry this: {why}",
                expected="a value of the model that is plain text",
                received=echo(value),
                fix="Correct this place, or send the declaration as JSON.",
            )
        )
