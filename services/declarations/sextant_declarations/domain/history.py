"""What held of a declaration when, what changed between two versions, and which version said what.

Read from the vault with an access in hand, whenever it is asked: nothing that was folded is stored,
so it cannot drift away from what the State sent. A filing is known from the moment it was
registered, whatever it is true of.
"""

import asyncio
import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

from sextant_declarations.analysis.editions import (
    Edition,
    Filing,
    Source,
    editions,
    explained,
    known_by,
    origins,
    speaks_of,
)
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.deliveries import FiledVersion
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.library import Library
from sextant_declarations.domain.paging import page_of
from sextant_declarations.domain.ports import Files, Reading
from sextant_declarations.domain.reading import DeclarationPage, DeclarationSummary, Filters
from sextant_shared.clock import parse_timestamp, timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict
from sextant_shared.rules.filings import document_of

ALWAYS = "9999"  # after every time that a register writes
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_END_OF_DAY = "T23:59:59.999Z"


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A registered version, its number in the register, and when it was registered."""

    filed: FiledVersion
    registration: str
    known: str


class HistoryRows(Protocol):
    """What was registered of one declaration, over time."""

    async def versions_of(self, declaration: str) -> list[KnownVersion]:
        """Return its versions, amendments and withdrawals in the order of registration."""
        ...

    async def page_known(
        self, wanted: "KnownFilter", before: int | None, limit: int
    ) -> list[tuple[int, DeclarationSummary]]:
        """Return up to `limit` declarations as the register knew them, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFilter:
    """What a list of the past is narrowed to; None means all.

    `known_by` is the last time that counts. `true_on` keeps what reports on the year of that day,
    and what happened in it or before.
    """

    known_by: str = ALWAYS
    true_on: dt.date | None = None
    filters: Filters


class SourceView(Strict):
    """The filing that said something: the State's number and version, the register's, and when."""

    declaration_id: str
    version: int
    registration: str
    known: str


class DifferenceView(Strict):
    """One place where two versions differ; null where one says nothing.

    `pointer` is an RFC 6901 pointer into the newer version, or into the older one when the place is
    gone. `place` names rows by what they are about. `reason` is the code that the amendment gives.
    """

    pointer: str
    place: str
    old: Any
    new: Any
    reason: str | None
    by: SourceView


class DifferencesView(Strict):
    """How two versions of a declaration differ; `withdrawn` says that nothing held in the end."""

    declaration_id: str
    older: int
    newer: int
    withdrawn: bool
    differences: list[DifferenceView]


class OriginView(Strict):
    """Since which version a place says what it says; of two around a place, the longer counts."""

    pointer: str
    place: str
    version: int
    by: SourceView


class ProvenanceView(Strict):
    """Who said what holds: the first version (pointer empty), later ones in places."""

    declaration_id: str
    version: int
    origins: list[OriginView]


@dataclass(frozen=True)
class History:
    """The use cases of time; reads at most `max_bytes` of filings at once."""

    rows: HistoryRows
    reading: Reading
    files: Files
    gate: Gate
    max_bytes: int

    async def in_force(
        self, id_: str, reader: Reader, *, known_on: str | None, true_on: dt.date | None
    ) -> bytes:
        """Return what held of a declaration, as it was known at a time, about a day.

        Raises:
            PlatformError: `E_NOT_FOUND` when nothing was known then, it was withdrawn, or it does
                not speak of the day; `E_MALFORMED` for no time; `E_TOO_LARGE`.
        """
        until = known_until(known_on)
        _, made = await self._editions(id_, reader, Gives.IN_FORCE, until)
        held = made[-1].declaration
        if held is None:
            raise _nothing("it was withdrawn by then")
        if true_on is not None and not speaks_of(held, true_on):
            raise _nothing(f"it does not speak of {true_on}")
        return json.dumps(document_of(held), ensure_ascii=False).encode()

    async def differences(
        self, id_: str, reader: Reader, *, older: int | None, newer: int | None
    ) -> DifferencesView:
        """Return how two versions differ; by default the last two.

        Raises:
            PlatformError: `E_NOT_FOUND` for a declaration or version that was not registered,
                `E_MALFORMED` for versions in no order, `E_TOO_LARGE`.
        """
        summary, made = await self._editions(id_, reader, Gives.DIFFERENCES)
        last = len(made) - 1 if newer is None else _position(made, newer)
        first = max(last - 1, 0) if older is None else _position(made, older)
        if first > last:
            raise PlatformError(
                Code.MALFORMED,
                "the versions are in the wrong order",
                expected="from no later than to",
                received=f"from {older} to {newer}",
                fix="Exchange them.",
            )
        found = await asyncio.to_thread(explained, made, first, last)
        return DifferencesView(
            declaration_id=summary.declaration_id,
            older=made[first].version,
            newer=made[last].version,
            withdrawn=made[last].declaration is None,
            differences=[
                DifferenceView(
                    pointer=one.difference.pointer,
                    place=one.difference.place,
                    old=one.difference.old,
                    new=one.difference.new,
                    reason=one.reason,
                    by=_source(one.source),
                )
                for one in found
            ],
        )

    async def provenance(self, id_: str, reader: Reader, *, known_on: str | None) -> ProvenanceView:
        """Return which version said what of what held, as it was known at a time.

        Raises:
            PlatformError: `E_NOT_FOUND` as of `in_force`, `E_MALFORMED`, `E_TOO_LARGE`.
        """
        until = known_until(known_on)
        summary, made = await self._editions(id_, reader, Gives.PROVENANCE, until)
        if made[-1].declaration is None:
            raise _nothing("it was withdrawn by then")
        found = await asyncio.to_thread(origins, made)
        return ProvenanceView(
            declaration_id=summary.declaration_id,
            version=made[-1].version,
            origins=[
                OriginView(
                    pointer=one.pointer,
                    place=one.place,
                    version=one.version,
                    by=_source(one.source),
                )
                for one in found
            ],
        )

    async def page(
        self,
        filters: Filters,
        *,
        known_on: str | None,
        true_on: dt.date | None,
        cursor: str | None,
        limit: int,
    ) -> DeclarationPage:
        """Return one page of declarations as the register knew them then; no declared content.

        Raises:
            PlatformError: `E_MALFORMED` for no time, or a cursor that no page gave.
        """
        wanted = KnownFilter(known_by=known_until(known_on), true_on=true_on, filters=filters)
        shown, more = await page_of(
            partial(self.rows.page_known, wanted), itemgetter(0), cursor=cursor, limit=limit
        )
        return DeclarationPage(declarations=[summary for _, summary in shown], next=more)

    async def _editions(
        self, id_: str, reader: Reader, gives: Gives, until: str = ALWAYS
    ) -> tuple[DeclarationSummary, list[Edition]]:
        summary = await self.reading.declaration(id_)
        if summary is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no declaration {id_[:64]}",
                fix="Take the id from GET /v1/declarations.",
            )
        known = [one for one in await self.rows.versions_of(id_) if one.known <= until]
        if not known:
            raise _nothing("no version was registered by then")
        if sum(one.filed.size for one in known) > self.max_bytes:
            raise PlatformError(
                Code.TOO_LARGE,
                "the declaration has more versions than are read at once",
                expected=f"at most {self.max_bytes} bytes",
                fix="Ask for an earlier time, or read its versions one by one.",
            )
        digests = [one.filed.manifest_digest for one in known]
        access = await self.gate.envelopes(reader, gives, *digests)
        paths = [self.files.content(digest, access) for digest in digests]
        made = await asyncio.to_thread(self._read, summary.declaration_id, known, paths, until)
        if not made:
            raise _nothing("no version can be read by today's models")
        return summary, made

    def _read(
        self, declaration_id: str, known: Sequence[KnownVersion], paths: Sequence[Path], until: str
    ) -> list[Edition]:
        library = Library(self.max_bytes)
        filings = []
        for one, path in zip(known, paths, strict=True):
            read = library.read(one.filed, path)
            if read is not None:
                number = one.filed.declaration_id, one.filed.version
                filings.append(Filing(Source(*number, one.registration, one.known), read))
        return editions(declaration_id, known_by(filings, until))


def known_until(known_on: str | None) -> str:
    """Return the last time that counts: a day counts whole, in UTC; None is always.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    if known_on is None:
        return ALWAYS
    try:
        if _DAY.fullmatch(known_on):
            return f"{dt.date.fromisoformat(known_on)}{_END_OF_DAY}"
        return timestamp_ms(parse_timestamp(known_on))
    except (ValueError, PlatformError) as error:
        raise PlatformError(
            Code.MALFORMED,
            "this is no time",
            expected="a day (2026-03-31) or a time in UTC (2026-03-31T12:00:00Z)",
            received=known_on[:40],
        ) from error


def _position(made: Sequence[Edition], version: int) -> int:
    """Return where a version stands; the last edition of it, if a site was withdrawn in between."""
    found = [n for n, one in enumerate(made) if one.version == version]
    if not found:
        raise PlatformError(
            Code.NOT_FOUND,
            f"version {version} of this declaration was not registered",
            expected=", ".join(str(one.version) for one in made),
            received=str(version),
        )
    return found[-1]


def _source(source: Source) -> SourceView:
    return SourceView(
        declaration_id=source.declaration_id,
        version=source.version,
        registration=source.registration,
        known=source.known,
    )


def _nothing(why: str) -> PlatformError:
    return PlatformError(
        Code.NOT_FOUND,
        f"nothing of this declaration held: {why}",
        fix="Read its versions, or ask about another day.",
    )
