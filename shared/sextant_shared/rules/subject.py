"""What a rule looks at: a declaration with its parts by type, and the State's other filings.

A declaration is walked once, whatever its kind; each rule then asks for the parts that it is about
(`every(Chemical)`) or for the codes of a list (`codes("states")`), with their JSON pointers, so
that no rule knows where in a kind they stand.

Of a document that does not fit its model, a subject holds what does: parts that are `whole`, and
`broken` ones of which only the codes count. Then members of `declaration` that are asked for can be
None, and only rules that are `local` may look at it.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel

from sextant_shared.errors import Finding
from sextant_shared.models.declaration import DeclarationBase
from sextant_shared.rules.filings import NO_FILINGS, Filings, document_of
from sextant_shared.rules.shape import listed, walk

Part = TypeVar("Part", bound=BaseModel)
Places = Iterable[tuple[str, BaseModel]]


class Subject:
    """One declaration under examination, beside what else its State has filed.

    `told` are the findings of the rules that spoke before.
    """

    def __init__(
        self,
        declaration: DeclarationBase,
        filings: Filings = NO_FILINGS,
        *,
        whole: Places | None = None,
        broken: Places = (),
        document: Mapping[str, Any] | None = None,
    ) -> None:
        self.declaration = declaration
        self.filings = filings
        self.told: list[Finding] = []
        self._document = document
        self._by_type: dict[type[BaseModel], list[tuple[str, Any]]] = {}
        self._broken: dict[type[BaseModel], list[tuple[str, Any]]] = {}
        self._at: dict[str, BaseModel] = {}
        self._found: dict[type[BaseModel], list[tuple[str, Any]]] = {}
        parts = walk("", declaration) if whole is None else whole
        for places, some in ((self._by_type, parts), (self._broken, broken)):
            for pointer, part in some:
                places.setdefault(type(part), []).append((pointer, part))
                self._at[pointer] = part

    @property
    def state(self) -> str | None:
        """The State that declares; None where a flawed document does not say."""
        return self.declaration.state_code

    @property
    def day(self) -> dt.date | None:
        """The day on which codes must have been in use: the event's, else the year's last."""
        if self.declaration.event_date is not None:
            return self.declaration.event_date
        year = self.declaration.reporting_year
        return None if year is None else dt.date(year, 12, 31)

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The declaration as its document: the one that it was read from, else a new one."""
        return document_of(self.declaration) if self._document is None else self._document

    def every(self, kind: type[Part]) -> list[tuple[str, Part]]:
        """Return all parts that are a `kind`, with their pointers, type by type in order."""
        if kind not in self._found:
            self._found[kind] = [
                place
                for of_type, places in self._by_type.items()
                if issubclass(of_type, kind)
                for place in places
            ]
        return self._found[kind]

    def around(self, pointer: str, *kinds: type[Part]) -> Part | None:
        """Return the nearest part of one of the `kinds` that a place belongs to, or None."""
        while pointer:
            pointer = pointer.rpartition("/")[0]
            part = self._at.get(pointer)
            if isinstance(part, kinds):
                return part
        return None

    def codes(self, codelist: str) -> Iterator[tuple[str, str, str]]:
        """Yield every code of a code list: pointer, code, and the regime it must belong to."""
        for of_type, places in [*self._by_type.items(), *self._broken.items()]:
            for attribute, name, fact in listed(of_type):
                if fact.codelist != codelist:
                    continue
                for pointer, part in places:
                    for place, code in _values(getattr(part, attribute)):
                        yield f"{pointer}/{name}{place}", code, fact.regime


def _values(value: str | list[str] | None) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        yield from ((f"/{i}", item) for i, item in enumerate(value))
    elif value is not None:
        yield "", value
