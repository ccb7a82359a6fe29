"""Pairs of transfers and notices, for officers: lists, and one pair with all that was tried.

That a chemical moved between two States is declared content, whatever the figures say: a list is an
access like one pair, and names all versions that it stands on. Not responsible for matching
(`matching`).
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from pydantic import Field

from sextant_declarations.analysis.transfers.keeping import read_said
from sextant_declarations.analysis.transfers.model import (
    Document,
    Hypothesis,
    Klass,
    Pair,
    Place,
    Row,
    Side,
)
from sextant_declarations.analysis.transfers.notices import (
    Notice,
    NoticeFinding,
    NoticePair,
    pair_notices,
)
from sextant_declarations.analysis.transfers.policy import MatchingPolicy
from sextant_declarations.analysis.transfers.trial import difference
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.analysing import Fact
from sextant_declarations.domain.gate import Gate
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.strict import Strict

_CURSOR_PARTS = 2


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


class PairPage(Strict):
    """One page of pairs, newest year first; `method` is that of the facts.

    `owed` counts declarations that are not analysed yet, `unread` those that could not be read.
    """

    method: str
    owed: int
    unread: int
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
    """One pair in full, with what it said before, newest first."""

    pair: PairLine
    body: PairBody
    steps: list[PairStep]


class NoticeView(Strict):
    """One State's notice of a transfer; `last_day` is the last one that is in time."""

    state: str
    declaration_id: str
    version: int
    kg: str | None
    day: str
    received: str | None
    last_day: str


class NoticePairView(Strict):
    """Both notices of one transfer of a Schedule 1 chemical, or the only one."""

    sender: str
    receiver: str
    chemical: str
    sent: NoticeView | None
    received: NoticeView | None
    findings: list[str]


class NoticePage(Strict):
    """One page of notices by twos, by the day of transfer."""

    notices: list[NoticePairView]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFilter:
    """What a list of pairs is narrowed to, all of it together; `state` is on either side."""

    year: int | None = None
    chemical: str | None = None
    state: str | None = None
    klass: Klass | None = None
    in_force: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFilter:
    """What a list of notices is narrowed to."""

    year: int | None = None
    state: str | None = None
    finding: NoticeFinding | None = None


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
    unread: int


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
        return f"{now.changes}.{now.owed}.{now.unread}"

    async def page(
        self, wanted: PairFilter, reader: Reader, *, cursor: str | None, limit: int
    ) -> PairPage:
        """Return one page of pairs, once the access to what they stand on is stored.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        after = None if cursor is None else _read_cursor(cursor)
        position = (int(after[0]), after[1]) if after else None
        now = await self.rows.standing()
        found = await self.rows.page(wanted, position, limit + 1)
        shown = found[:limit]
        await self._admit(reader, {name for _, names in shown for name in names})
        last = shown[-1][0] if len(found) > limit else None
        return PairPage(
            method=now.method,
            owed=now.owed,
            unread=now.unread,
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
        await self._admit(reader, stored.declarations)
        return PairView(pair=stored.line, body=stored.body, steps=steps)

    async def notices(
        self, wanted: NoticeFilter, reader: Reader, *, cursor: str | None, limit: int
    ) -> NoticePage:
        """Return one page of notices, once the access to them is stored.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        after = None if cursor is None else _read_cursor(cursor)
        facts = await self.rows.notices()
        found = await asyncio.to_thread(self._noticed, facts, wanted)
        found = [pair for pair in found if after is None or _place(pair) > after]
        shown = found[:limit]
        of = {(fact.state, fact.declaration_id): fact.declaration for fact in facts}
        names = {
            of[one.document.state, one.document.declaration_id]
            for pair in shown
            for one in (pair.sent, pair.received)
            if one is not None
        }
        await self._admit(reader, names)
        return NoticePage(
            notices=[_notice_pair(pair) for pair in shown],
            next=_cursor(*_place(shown[-1])) if len(found) > limit else None,
        )

    def _noticed(self, facts: Sequence[Fact], wanted: NoticeFilter) -> list[NoticePair]:
        said = (read_said(fact.said) for fact in facts if fact.said is not None)
        notices = [one.notice for one in said if one.notice is not None]
        return [
            pair
            for pair in pair_notices(notices, self.policy)
            if wanted.state in (None, _only(pair).sender, _only(pair).receiver)
            and wanted.year in (None, _only(pair).day.year)
            and (wanted.finding is None or wanted.finding in pair.findings)
        ]

    async def _admit(self, reader: Reader, declarations: Collection[str]) -> None:
        digests = await self.rows.sources(declarations)
        await self.gate.envelopes(reader, Gives.TRANSFERS, *digests)


def line_of(pair: Pair, since: str) -> PairLine:
    """Return a pair as lists show it."""
    found = difference(pair)
    more = pair.key.exporter if found and found > 0 else pair.key.importer
    return PairLine.model_validate(
        {
            "id": pair.id,
            "year": pair.key.year,
            "chemical": pair.key.chemical,
            "schedule": pair.schedule,
            "exporter": pair.key.exporter,
            "importer": pair.key.importer,
            "class": str(pair.klass),
            "gap": _text(pair.gap),
            "span": _text(pair.span),
            "more": more if found else None,
            "in_force": True,
            "since": since,
        }
    )


def body_of(pair: Pair) -> PairBody:
    """Return what both sides say, and the explanations."""
    return PairBody.model_validate(
        {
            "threshold": _kg(pair.threshold),
            "notes": [str(note) for note in pair.notes],
            "export": _side(pair.export),
            "import": _side(pair.import_),
            "explanations": [_explanation(one) for one in pair.hypotheses],
            "versions": _versions(pair.versions),
        }
    )


def _side(side: Side) -> SideView:
    return SideView(
        state=side.state,
        direction=str(side.direction),
        filed=str(side.filed),
        kg=_text(side.kg),
        low=None if side.interval is None else _kg(side.interval.low),
        high=None if side.interval is None else _kg(side.interval.high),
        has_total=side.has_total,
        basis_note=side.basis_note,
        rows=[_row(row) for row in side.rows],
        versions=_versions(side.documents),
    )


def _row(row: Row) -> RowView:
    return RowView(
        kg=_text(row.kg),
        qualifier=str(row.qualifier),
        half_step=_kg(row.half_step),
        mixture_note=row.mixture_note,
        certificate=row.certificate,
        place=_place_view(row.place),
    )


def _explanation(one: Hypothesis) -> ExplanationView:
    return ExplanationView(
        kind=str(one.kind),
        closes=one.closes,
        residual=_text(one.residual),
        figures=[
            FigureView(
                name=figure.name,
                value=_kg(figure.value),
                owner=figure.owner,
                place=_place_view(figure.place) if figure.place else None,
            )
            for figure in one.figures
        ],
        related=[key.id for key in one.related],
        third=one.third,
    )


def _versions(documents: Iterable[Document]) -> list[VersionRef]:
    return [
        VersionRef(state=one.state, declaration_id=one.declaration_id, version=one.version)
        for one in documents
    ]


def _place_view(place: Place) -> PlaceView:
    document = place.document
    return PlaceView(
        state=document.state,
        declaration_id=document.declaration_id,
        version=document.version,
        pointer=place.pointer,
    )


def _notice_pair(pair: NoticePair) -> NoticePairView:
    one = _only(pair)
    return NoticePairView(
        sender=one.sender,
        receiver=one.receiver,
        chemical=one.chemical,
        sent=_notice(pair.sent),
        received=_notice(pair.received),
        findings=[str(finding) for finding in pair.findings],
    )


def _notice(one: Notice | None) -> NoticeView | None:
    if one is None:
        return None
    return NoticeView(
        state=one.document.state,
        declaration_id=one.document.declaration_id,
        version=one.document.version,
        kg=_text(one.kg),
        day=one.day.isoformat(),
        received=None if one.received is None else one.received.isoformat(),
        last_day=one.last_day.isoformat(),
    )


def _only(pair: NoticePair) -> Notice:
    found = pair.sent or pair.received
    if found is None:
        raise ValueError("a pair of no notices")
    return found


def _place(pair: NoticePair) -> tuple[str, str]:
    one = _only(pair)
    return one.day.isoformat(), f"{one.document.state} {one.document.declaration_id}"


def _kg(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"


def _text(value: Decimal | None) -> str | None:
    return None if value is None else _kg(value)


def _cursor(*parts: str) -> str:
    return b64u("\n".join(parts).encode())


def _read_cursor(cursor: str) -> tuple[str, str]:
    parts = b64u_decode(cursor).decode(errors="replace").split("\n")
    if len(parts) != _CURSOR_PARTS or not parts[0][:4].isdecimal():
        raise PlatformError(
            Code.MALFORMED, "no page gave this cursor", fix="Take `next` of the page before."
        )
    return parts[0], parts[1]
