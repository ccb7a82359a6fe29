"""Cards and accepted explanations in this room's database, for officers."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, RowMapping, func, insert, select

from sextant_declarations.analysis.anomalies.model import Card, Place, Shown, Tried
from sextant_declarations.analysis.work import ItemKind
from sextant_declarations.domain.anomaly_cards import Basis, Explanation, NewAct, StoredCard
from sextant_declarations.domain.anomaly_runs import DONE
from sextant_declarations.domain.anomaly_views import SpanView
from sextant_declarations.domain.dossiers import SiteCard
from sextant_declarations.storage.anomaly_basis import basis_of, newest_of
from sextant_declarations.storage.anomaly_tables import (
    ANOMALY_CARDS,
    ANOMALY_EXPLANATIONS,
    ANOMALY_RUNS,
)
from sextant_declarations.storage.anomaly_work import put_card
from sextant_declarations.storage.work import close_item
from sextant_shared.chassis.database import Database
from sextant_shared.chassis.sidecar.notes import Notes
from sextant_shared.errors import Code, PlatformError

_CARD = ANOMALY_CARDS.c
_SAID = ANOMALY_EXPLANATIONS.c
_LINE = (
    _CARD.position, _CARD.card, _CARD.from_run, _CARD.until_run, _CARD.kept, _CARD.method,
    _CARD.version, _CARD.state, _CARD.year, _CARD.subject, _CARD.states, _CARD.score,
    _CARD.probability, _CARD.substance,
)  # fmt: skip
PlaceKey = tuple[str, str, str]


@dataclass(frozen=True)
class SqlAnomalies:
    """What officers read of cards, and the explanations that they accept."""

    database: Database
    notes: Notes

    async def newest_run(self) -> int:
        """Return the position of the newest run that is done, 0 before the first."""
        wanted = select(func.max(ANOMALY_RUNS.c.position)).where(ANOMALY_RUNS.c.state == DONE)
        return await self.database.read(lambda c: c.execute(wanted).scalar()) or 0

    async def listed(self, run: int) -> list[StoredCard]:
        """Return the cards that a run found."""
        return await self.database.read(lambda c: found_by(c, run))

    async def card(self, id_: str) -> tuple[StoredCard, Card, list[SpanView]] | None:
        """Return the newest form of a card, what it says, and its history, newest first."""

        def read(connection: Connection) -> tuple[StoredCard, Card, list[SpanView]] | None:
            wanted = select(*_LINE, _CARD.body).where(_CARD.card == id_)
            rows = connection.execute(wanted.order_by(_CARD.position.desc())).mappings().all()
            if not rows:
                return None
            stored = _stored(rows[0], _explanations(connection, _place_of(rows[0])))
            return stored, card_of(rows[0]["body"]), [_span(row) for row in rows]

        return await self.database.read(read)

    async def basis(self, places: Sequence[Place]) -> Basis:
        """Return what facts at these places came from, and how it is marked now."""
        return await self.database.read(lambda c: basis_of(c, places))

    async def envelope(self, places: Sequence[Place]) -> tuple[str, int | None]:
        """Return id and custody index of the newest envelope that places stand on."""

        def read(connection: Connection) -> tuple[str, int | None]:
            found = newest_of(connection, basis_of(connection, places))
            if found is None:
                raise PlatformError(Code.INTERNAL, "a card stands on no envelope")
            return found

        return await self.database.read(read)

    async def of_sites(
        self, state: str, codes: Collection[str], numbers: Collection[str], until: str
    ) -> list[SiteCard]:
        """Return the cards that were in the list then, of these sites of a State.

        They are about one of its codes, or stand on these declarations of the State alone.
        """
        began, ended = ANOMALY_RUNS.alias("began"), ANOMALY_RUNS.alias("ended")
        there = _CARD.until_run.is_(None) | (ended.c.ended > until)
        then = (
            select(_CARD.card, _CARD.method, _CARD.year, _CARD.subject, _CARD.body)
            .join(began, began.c.position == _CARD.from_run)
            .outerjoin(ended, ended.c.position == _CARD.until_run)
            .where(_CARD.state == state, _CARD.kept == "OPEN", began.c.ended <= until, there)
        )

        def read(connection: Connection) -> list[SiteCard]:
            rows = [
                row
                for row in connection.execute(then)
                if row.subject in codes or _stands_on(row.body, state, numbers)
            ]
            known = _first_found(connection, [row.card for row in rows])
            return [SiteCard(row.card, row.method, row.year, known[row.card]) for row in rows]

        return await self.database.read(read)

    async def store(self, act: NewAct) -> None:
        """Store an act with its log entry.

        Raises:
            PlatformError: `E_PRECONDITION` when there was another meanwhile.
        """

        def store(connection: Connection) -> None:
            card = act.card
            wanted = select(*_LINE, _CARD.body).where(_CARD.card == card.card)
            newest = wanted.order_by(_CARD.position.desc()).limit(1)
            row = connection.execute(newest).mappings().first()
            now = _stored(row, _explanations(connection, _place_of(row))) if row else None
            if now is None or now.tag != card.tag:
                raise PlatformError(Code.PRECONDITION, "it moved on since it was read")
            values = {
                "card": card.card, "state": card.state, "method": card.method,
                "subject": card.subject, "year": card.year, "substance": card.substance,
                "reason": act.reason, "text": act.text, "client": act.client, "t": act.t,
                "withdraws": act.withdraws, "entry": self.notes.add(connection, act.note),
            }  # fmt: skip
            connection.execute(insert(ANOMALY_EXPLANATIONS).values(values))
            if act.withdraws is None:
                close_item(connection, ItemKind.ANOMALY, card.card, act.t)
            elif row is not None and now.is_accepted and now.until_run is None:
                put_card(connection, now, card_of(row["body"]).places, act.t)

        await self.database.write(store)


def found_by(connection: Connection, run: int) -> list[StoredCard]:
    """Return the cards that a run found."""
    there = _CARD.until_run.is_(None) | (_CARD.until_run > run)
    wanted = select(*_LINE).where(_CARD.from_run <= run, there)
    accepted = _explanations(connection)
    return [_stored(row, accepted) for row in connection.execute(wanted).mappings()]


def _stands_on(body: str, state: str, numbers: Collection[str]) -> bool:
    """Return whether all places of a card are in these declarations of a State."""
    places = card_of(body).places
    return bool(places) and all(
        place.state == state and place.declaration_id in numbers for place in places
    )


def _first_found(connection: Connection, cards: Sequence[str]) -> dict[str, str]:
    """Return when a run first found each card."""
    wanted = (
        select(_CARD.card, func.min(ANOMALY_RUNS.c.ended))
        .join(ANOMALY_RUNS, ANOMALY_RUNS.c.position == _CARD.from_run)
        .where(_CARD.card.in_(cards))
        .group_by(_CARD.card)
    )
    return dict(connection.execute(wanted).all())


def card_json(card: Card) -> str:
    """Return a card as it is stored."""
    return json.dumps(asdict(card), ensure_ascii=False, sort_keys=True)


def card_of(body: str) -> Card:
    """Return a card as it was stored."""
    read = json.loads(body)
    shown = [
        Shown(**{**one, "place": Place(**one["place"]) if one["place"] else None})
        for one in read["figures"]
    ]
    return Card(
        **{
            **read,
            "figures": tuple(shown),
            "tried": tuple(Tried(**one) for one in read["tried"]),
            "places": tuple(Place(**one) for one in read["places"]),
            "states": tuple(read["states"]),
            "also": tuple(read["also"]),
        }
    )


def _explanations(
    connection: Connection, place: PlaceKey | None = None
) -> dict[PlaceKey, list[Explanation]]:
    """Return accepted explanations by place, oldest first, with when they were withdrawn."""
    back = ANOMALY_EXPLANATIONS.alias("back")
    wanted = (
        select(ANOMALY_EXPLANATIONS, back.c.t.label("withdrawn"))
        .outerjoin(back, back.c.withdraws == _SAID.position)
        .where(_SAID.withdraws.is_(None))
        .order_by(_SAID.position)
    )
    if place is not None:
        state, method, subject = place
        wanted = wanted.where(
            _SAID.state == state, _SAID.method == method, _SAID.subject == subject
        )
    found: dict[PlaceKey, list[Explanation]] = defaultdict(list)
    for row in connection.execute(wanted).mappings():
        names = ("position", "card", "year", "substance", "reason", "text", "client", "t")
        members = {name: row[name] for name in names}
        found[_place_of(row)].append(Explanation(**members, withdrawn=row["withdrawn"]))
    return found


def _place_of(row: RowMapping) -> PlaceKey:
    return row["state"], row["method"], row["subject"]


def _stored(row: RowMapping, accepted: dict[PlaceKey, list[Explanation]]) -> StoredCard:
    members = {column.name: row[column.name] for column in _LINE}
    return StoredCard(
        **{
            **members,
            "states": tuple(row["states"].split()),
            "accepted": tuple(accepted.get(_place_of(row), ())),
        }
    )


def _span(row: RowMapping) -> SpanView:
    return SpanView(
        from_run=row["from_run"],
        until_run=row["until_run"],
        kept=row["kept"],
        method_version=row["version"],
        score=row["score"],
    )
