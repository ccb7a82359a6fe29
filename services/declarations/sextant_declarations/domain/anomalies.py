"""Anomalies as officers see them: cards in their order, one in full, and accepted explanations.

A list says where there is a difference and of which kind; figures, sites and chemicals are declared
content, given by the gate alone. Who may see what of another State's figures is decided in one
place (`analysis.anomalies.model.seen_by`). Not responsible for finding cards (`anomaly_runs`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sextant_declarations.analysis.anomalies.accepting import reasons
from sextant_declarations.analysis.anomalies.model import Card, Place, seen_by
from sextant_declarations.analysis.anomalies.policy import Policy
from sextant_declarations.analysis.anomalies.ranking import drawn
from sextant_declarations.analysis.classification import aggregated
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.anomaly_cards import (
    AnomalyFilter,
    Basis,
    NewAct,
    StoredCard,
    kept_of,
    rank_of,
)
from sextant_declarations.domain.anomaly_views import (
    Acceptance,
    AnomalyView,
    CardLine,
    CardPage,
    ExplanationView,
    SpanView,
    Withdrawal,
    card_view,
)
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.lives import require_tag
from sextant_declarations.domain.paging import not_given, number_in
from sextant_shared.clock import timestamp_ms
from sextant_shared.encoding import b64u, b64u_decode, sha256
from sextant_shared.errors import Code, PlatformError

_CURSOR_PARTS = 4


class AnomalyRows(Protocol):
    """What is stored of cards and explanations."""

    async def newest_run(self) -> int:
        """Return the position of the newest run that is done, 0 before the first."""
        ...

    async def listed(self, run: int) -> list[StoredCard]:
        """Return the cards that a run found."""
        ...

    async def card(self, id_: str) -> tuple[StoredCard, Card, list[SpanView]] | None:
        """Return the newest form of a card, what it says, and its history, newest first."""
        ...

    async def basis(self, places: Sequence[Place]) -> Basis:
        """Return what facts at these places came from, and how it is marked now."""
        ...

    async def envelope(self, places: Sequence[Place]) -> tuple[str, int | None]:
        """Return id and custody index of the newest envelope that places stand on."""
        ...

    async def store(self, act: NewAct) -> None:
        """Store an act with its log entry.

        Raises:
            PlatformError: `E_PRECONDITION` when there was another meanwhile.
        """
        ...


@dataclass(frozen=True)
class Anomalies:
    """The use cases of officers."""

    rows: AnomalyRows
    gate: Gate
    policy: Policy
    sources: Sources
    stored: Callable[[], None]

    async def page(
        self, wanted: AnomalyFilter, *, capacity: int | None, cursor: str | None, limit: int
    ) -> CardPage:
        """Return one page of cards in their order.

        With a capacity the list is what officers can take up: the best, and a compulsory share
        drawn by chance, marked so. The draw follows from the run alone.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave.
        """
        run, after = (await self.rows.newest_run(), None) if cursor is None else _read(cursor)
        found = [one for one in await self.rows.listed(run) if wanted.fits(one)]
        lines = sorted((self._line(one) for one in found), key=_order)
        if capacity is not None:
            share = float(self.policy["random_share"])
            chosen = drawn([line.id for line in lines], capacity, f"{run}", share)
            lines = [
                line.model_copy(update={"pick": chosen[line.id]})
                for line in lines
                if line.id in chosen
            ]
        left = [line for line in lines if after is None or _order(line) > after]
        shown = left[:limit]
        more = _cursor(run, shown[-1]) if len(left) > limit else None
        return CardPage(run=run, anomalies=shown, next=more)

    async def detail(self, id_: str, reader: Reader, viewer: str | None) -> tuple[AnomalyView, str]:
        """Return one card in full with its tag, once the access to what it stands on is stored.

        With a `viewer` the card is as that State may see it, and nothing else is given.

        Raises:
            PlatformError: `E_NOT_FOUND`, also for a State that the card has nothing of.
        """
        stored, card, history = await self._card(id_)
        line = self._line(stored)
        if viewer is not None:
            card = _shown_to(card, viewer)
            line = _line_shown(line, card)
        basis = await self.rows.basis(card.places)
        await self.gate.envelopes(reader, Gives.ANOMALY, *basis.digests)
        view = AnomalyView(
            line=line,
            card=card_view(card, stored.card if viewer is None else card.id),
            history=history if viewer is None else [],
            explanations=_explanations(stored) if viewer is None else [],
            reasons=dict(reasons()),
            marking=aggregated(basis.markings),
        )
        return view, stored.tag

    async def accept(
        self, id_: str, given: Acceptance, tag: str, officer: Reader
    ) -> tuple[CardLine, str]:
        """Accept an explanation of a card; stored with its log entry when this returns.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_PRECONDITION` when `tag` is not the newest;
                `E_MALFORMED` for a reason that is none; `E_POLICY` where one holds already, or the
                card is not in force.
        """
        stored, card, _ = await self._card(id_)
        require_tag(stored.tag, tag)
        if given.reason not in reasons():
            raise PlatformError(
                Code.MALFORMED,
                "an explanation is accepted for a coded reason",
                expected=", ".join(reasons()),
                received=given.reason,
                fix="Take one of these codes; say more in the text.",
            )
        if stored.is_accepted or stored.until_run is not None:
            raise PlatformError(
                Code.POLICY,
                "there is nothing to accept",
                expected="a card that is in force, without an accepted explanation",
                received="accepted" if stored.is_accepted else "a card of an earlier run",
                fix="Withdraw the acceptance first, or take a card of the list.",
            )
        await self._act(stored, card, given.reason, given.text, officer)
        return await self._after(id_)

    async def withdraw(
        self, id_: str, number: int, given: Withdrawal, tag: str, officer: Reader
    ) -> tuple[CardLine, str]:
        """Take an acceptance back; it stays in the history.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_PRECONDITION`; `E_POLICY` where it was withdrawn.
        """
        stored, card, _ = await self._card(id_)
        require_tag(stored.tag, tag)
        one = next((one for one in stored.accepted if one.position == number), None)
        if one is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"no explanation {number} was accepted at the place of this card",
                fix="Take the number from the card.",
            )
        if one.withdrawn is not None:
            raise PlatformError(Code.POLICY, "it was withdrawn already", received=one.withdrawn)
        await self._act(stored, card, one.reason, given.text, officer, withdraws=number)
        return await self._after(id_)

    async def _act(
        self,
        stored: StoredCard,
        card: Card,
        reason: str,
        text: str,
        officer: Reader,
        withdraws: int | None = None,
    ) -> None:
        now = self.sources.clock()
        env, ref = await self.rows.envelope(card.places)
        what = "accept-explanation" if withdraws is None else "withdraw-explanation"
        about = {"card": stored.card, "method": card.method, "substance": stored.substance}
        about |= {"reason": reason, "text": b64u(sha256(text.encode()))}
        if withdraws is not None:
            about |= {"explanation": f"{withdraws}"}
        note = decision(what, officer.client, env, ref, now, role=officer.role, **about)
        act = NewAct(
            card=stored,
            reason=reason,
            text=text,
            client=officer.client,
            t=timestamp_ms(now),
            withdraws=withdraws,
            note=note,
        )
        await self.rows.store(act)
        self.stored()

    async def _after(self, id_: str) -> tuple[CardLine, str]:
        stored, _, _ = await self._card(id_)
        return self._line(stored), stored.tag

    async def _card(self, id_: str) -> tuple[StoredCard, Card, list[SpanView]]:
        found = await self.rows.card(id_)
        if found is None:
            raise _unknown(id_)
        return found

    def _line(self, one: StoredCard) -> CardLine:
        method = self.policy.methods.get(one.method)
        factor = float(self.policy["accepted_before"])
        return CardLine.model_validate(
            {
                "id": one.card,
                "method": one.method,
                "version": one.version,
                "law": method.law if method else "",
                "mark": method.mark if method else "",
                "state": one.state,
                "states": list(one.states),
                "year": one.year,
                "kept": kept_of(one),
                "rank": rank_of(one, factor),
                "probability": one.probability,
                "accepted_before": one.before,
                "since_run": one.from_run,
            }
        )


def view_bytes(card: Card, state: str) -> bytes:
    """Return all that a State would be given of a card."""
    shown = _shown_to(card, state)
    return card_view(shown, shown.id).model_dump_json().encode()


def _shown_to(card: Card, state: str) -> Card:
    if state not in {card.state, *card.states, *(one.owner for one in card.figures)}:
        raise _unknown("of this State")
    return seen_by(card, state)


def _line_shown(line: CardLine, card: Card) -> CardLine:
    """Return a line that says no more than the card does."""
    said = {"id": card.id, "method": card.method, "version": card.version, "rank": card.score}
    more = {"states": list(card.states), "probability": card.probability, "accepted_before": 0}
    law = {} if card.version else {"law": "", "mark": ""}
    return line.model_copy(update={**said, **more, **law})


def _unknown(id_: str) -> PlatformError:
    return PlatformError(
        Code.NOT_FOUND, f"there is no card {id_[:64]}", fix="Take the id from GET /v1/anomalies."
    )


def _explanations(stored: StoredCard) -> list[ExplanationView]:
    return [
        ExplanationView(
            number=one.position,
            card=one.card,
            year=one.year,
            reason=one.reason,
            meaning=reasons().get(one.reason, ""),
            text=one.text,
            client=one.client,
            t=one.t,
            holds=stored.holds(one) and one.withdrawn is None,
            withdrawn=one.withdrawn,
        )
        for one in stored.accepted
    ]


def _order(line: CardLine) -> tuple[float, int, str]:
    return -line.rank, -line.year, line.id


def _cursor(run: int, line: CardLine) -> str:
    return b64u(f"{run}\n{line.rank!r}\n{line.year}\n{line.id}".encode())


def _read(cursor: str) -> tuple[int, tuple[float, int, str]]:
    parts = b64u_decode(cursor).decode(errors="replace").split("\n")
    if len(parts) != _CURSOR_PARTS:
        raise not_given()
    run, rank, year, id_ = parts
    try:
        return number_in(run), (-float(rank), -number_in(year), id_)
    except ValueError as error:
        raise not_given() from error
