"""Pairs of transfers and notices, for officers: lists, and one pair with all that was tried.

That a chemical moved between two States is declared content, whatever the figures say: a list is an
access like one pair, and names all versions that it stands on. Not responsible for matching
(`matching`).
"""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import Field

from sextant_declarations.analysis.classification import aggregated
from sextant_declarations.analysis.transfers.keeping import read_said
from sextant_declarations.analysis.transfers.model import Klass
from sextant_declarations.analysis.transfers.notices import NoticePair, pair_notices
from sextant_declarations.analysis.transfers.policy import MatchingPolicy
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.analysing import Fact
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.notices import (
    NoticeFilter,
    NoticePage,
    notice_pair,
    only,
    place,
)
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict

_YEAR = re.compile(r"[0-9]{4}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class VersionRef(Strict):
    """A version of a declaration, by the State's number."""

    state: str
    declaration_id: str
    version: int


class PlaceView(VersionRef):
    """A value within it: a JSON pointer."""

    pointer: str


class RowView(Strict):
    """One row of a side: kilograms, half a unit of the last digit, and where it stands."""

    kg: str | None
    qualifier: str
    half_step: str
    mixture_note: str | None
    certificate: str | None
    place: PlaceView


class SideView(Strict):
    """What one of the two States says: rows, the figure they give, and between what it lies.

    `low` and `high` are null where nothing bounds it: it has not filed, or gives no figure.
    """

    state: str
    direction: str
    filed: str
    kg: str | None
    low: str | None
    high: str | None
    has_total: bool
    basis_note: str | None
    rows: list[RowView]
    versions: list[VersionRef]


class FigureView(Strict):
    """One number that an explanation stands on; `owner` is whose it is, `*` several States'."""

    name: str
    value: str
    owner: str | None
    place: PlaceView | None


class ExplanationView(Strict):
    """One explanation that fits; `closes`: no more than the threshold would be left.

    `residual` is what would be left, in kilograms. `related` are other pairs it speaks of, `third`
    a third State.
    """

    kind: str
    closes: bool
    residual: str | None
    figures: list[FigureView]
    related: list[str]
    third: str | None


class PairLine(Strict):
    """One pair as lists show it: its class, and kilograms that are left to explain.

    `gap` is the smallest and `span` the largest possible difference, `more` the State with the
    larger figure. `in_force` is false once nobody declares it any more.
    """

    id: str
    year: int
    chemical: str
    schedule: str
    exporter: str
    importer: str
    class_: str = Field(alias="class")
    gap: str | None
    span: str | None
    more: str | None
    in_force: bool
    since: str


class UnreadView(Strict):
    """A declaration that no pair stands on although it holds, and why."""

    declaration: str
    state: str
    declaration_id: str
    why: str


class PairPage(Strict):
    """One page of pairs, newest year first; `method` is that of the facts.

    `owed` counts declarations that are not analysed yet; `unread` are those that could not be read.
    `marking` is how the page is to be handled: a compilation may be above each of its sources.
    """

    method: str
    owed: int
    unread: list[UnreadView]
    marking: str
    pairs: list[PairLine]
    next: str | None


class PairBody(Strict):
    """What both sides of a pair say, and every explanation that fits a difference."""

    threshold: str
    notes: list[str]
    export: SideView
    import_: SideView = Field(alias="import")
    explanations: list[ExplanationView]
    versions: list[VersionRef]


class PairStep(Strict):
    """What a pair came to say at a time; `class` is null when nobody declared it any more."""

    t: str
    class_: str | None = Field(alias="class")
    gap: str | None
    span: str | None
    versions: list[VersionRef]


class PairView(Strict):
    """One pair in full, with what it said before, newest first, and how it is to be handled."""

    pair: PairLine
    body: PairBody
    steps: list[PairStep]
    marking: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFilter:
    """What a list of pairs is narrowed to, all of it together; `state` is on either side."""

    year: int | None = None
    chemical: str | None = None
    state: str | None = None
    klass: Klass | None = None
    in_force: bool = True


@dataclass(frozen=True, slots=True)
class StoredPair:
    """A pair as it is stored; `declarations` are the register's ids of what it stands on."""

    line: PairLine
    body: PairBody
    declarations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far pairs follow from what is registered; `changes` grows with every change of them."""

    method: str
    changes: int
    owed: int
    unread: tuple[UnreadView, ...]


class TransferRows(Protocol):
    """The reading side of pairs and notices."""

    async def standing(self) -> Standing:
        """Return how far pairs follow from what is registered."""
        ...

    async def page(
        self, wanted: PairFilter, after: tuple[int, str] | None, limit: int
    ) -> list[tuple[PairLine, tuple[str, ...]]]:
        """Return up to `limit` pairs after one, newest year first, with their declarations."""
        ...

    async def pair(self, id_: str) -> tuple[StoredPair, list[PairStep]] | None:
        """Return one pair, and what it said before, newest first."""
        ...

    async def notices(self) -> list[Fact]:
        """Return the facts of all notices that hold."""
        ...

    async def markings(self, declarations: Collection[str]) -> list[str]:
        """Return the markings that these have now."""
        ...

    async def sources(self, declarations: Collection[str]) -> list[bytes]:
        """Return the manifest digests of the envelopes that facts of these were taken from."""
        ...


@dataclass(frozen=True)
class Transfers:
    """The use cases of officers."""

    rows: TransferRows
    gate: Gate
    policy: MatchingPolicy

    async def tag(self) -> str:
        """Return what changes with any list."""
        now = await self.rows.standing()
        return f"{now.changes}.{now.owed}.{len(now.unread)}"

    async def page(
        self, wanted: PairFilter, reader: Reader, *, cursor: str | None, limit: int
    ) -> PairPage:
        """Return one page of pairs, once the access to what they stand on is stored.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        after = None if cursor is None else _read_cursor(cursor, _YEAR)
        position = (int(after[0]), after[1]) if after else None
        now = await self.rows.standing()
        found = await self.rows.page(wanted, position, limit + 1)
        shown = found[:limit]
        marking = await self._admit(reader, {name for _, names in shown for name in names})
        last = shown[-1][0] if len(found) > limit else None
        return PairPage(
            method=now.method,
            owed=now.owed,
            unread=list(now.unread),
            marking=marking,
            pairs=[line for line, _ in shown],
            next=None if last is None else _cursor(str(last.year), last.id),
        )

    async def detail(self, id_: str, reader: Reader) -> PairView:
        """Return one pair in full, once the access to what it stands on is stored.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        found = await self.rows.pair(id_)
        if found is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no pair {id_[:64]}",
                fix="Take the id from GET /v1/transfers/pairs.",
            )
        stored, steps = found
        marking = await self._admit(reader, stored.declarations)
        return PairView(pair=stored.line, body=stored.body, steps=steps, marking=marking)

    async def notices(
        self, wanted: NoticeFilter, reader: Reader, *, cursor: str | None, limit: int
    ) -> NoticePage:
        """Return one page of notices, once the access to them is stored.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        after = None if cursor is None else _read_cursor(cursor, _DAY)
        facts = await self.rows.notices()
        found = await asyncio.to_thread(self._noticed, facts, wanted)
        found = [pair for pair in found if after is None or place(pair) > after]
        shown = found[:limit]
        of = {(fact.state, fact.declaration_id): fact.declaration for fact in facts}
        names = {
            of[one.document.state, one.document.declaration_id]
            for pair in shown
            for one in (pair.sent, pair.received)
            if one is not None
        }
        marking = await self._admit(reader, names)
        return NoticePage(
            notices=[notice_pair(pair) for pair in shown],
            marking=marking,
            next=_cursor(*place(shown[-1])) if len(found) > limit else None,
        )

    def _noticed(self, facts: Sequence[Fact], wanted: NoticeFilter) -> list[NoticePair]:
        said = (read_said(fact.said) for fact in facts if fact.said is not None)
        notices = [one.notice for one in said if one.notice is not None]
        return [
            pair
            for pair in pair_notices(notices, self.policy)
            if wanted.state in (None, only(pair).sender, only(pair).receiver)
            and wanted.year in (None, only(pair).day.year)
            and (wanted.finding is None or wanted.finding in pair.findings)
        ]

    async def _admit(self, reader: Reader, declarations: Collection[str]) -> str:
        """Store the access to all envelopes of these; return how what they give is handled."""
        digests = await self.rows.sources(declarations)
        await self.gate.envelopes(reader, Gives.TRANSFERS, *digests)
        return aggregated(await self.rows.markings(declarations))


def _cursor(*parts: str) -> str:
    return b64u("\n".join(parts).encode())


def _read_cursor(cursor: str, begins: re.Pattern[str]) -> tuple[str, str]:
    first, _, second = b64u_decode(cursor).decode(errors="replace").partition("\n")
    if not begins.fullmatch(first):
        raise PlatformError(
            Code.MALFORMED, "no page gave this cursor", fix="Take `next` of the page before."
        )
    return first, second
