"""Selections: drawn from what is registered, stored with all they were drawn from, drawn again.

For the planners of inspections alone (`selection.draw`, `selection.read`); a selection is highly
protected until what it names is notified. The seed is taken from chance here and not from who
asks; every draw stays, so that drawing until a list pleases is seen.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.selection.candidates import KINDS, candidates_of, snapshot
from sextant_declarations.analysis.selection.drawing import draw
from sextant_declarations.analysis.selection.model import (
    Candidate,
    Count,
    Done,
    Regime,
    Selection,
    Snapshot,
)
from sextant_declarations.analysis.selection.policy import SelectionPolicy, selection_policy
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.identities import IdentityRows, confirmed, newest_code
from sextant_declarations.domain.sited import Sited, SitedFiling, SiteFinding
from sextant_shared.clock import timestamp_ms
from sextant_shared.encoding import canonical_json, parse_json
from sextant_shared.errors import Code, PlatformError, Severity
from sextant_shared.models.declaration.heading import Year
from sextant_shared.models.strict import Strict, read_model
from sextant_shared.protocol.notes import MadeNote
from sextant_shared.rules.filings import effective

MARKING = "OPCW_HIGHLY_PROTECTED"
MAX_BYTES = 1 << 28
SETTLED_S = 60.0  # what came later may still be on its way into the register
_SEED_BYTES = 32


class SelectionOrder(Strict):
    """A draw: for which calendar year, and how many sites of each regime."""

    year: Year
    wanted: Annotated[dict[Regime, Count], Field(min_length=1)]


class SelectionLine(Strict):
    """A selection in a list: what it was drawn with, and no site."""

    id: str
    t: str
    client: str
    year: int
    wanted: dict[Regime, int]
    picks: int
    input_digest: str
    digest: str
    index: int | None


class SelectionPage(Strict):
    """All selections, the newest first."""

    marking: str
    selections: list[SelectionLine]


class SelectionView(Strict):
    """A selection with what was drawn and why; `marking` is how it is handled until notified."""

    id: str
    t: str
    client: str
    known_by: str
    marking: str
    digest: str
    selection: Selection


class Recomputed(Strict):
    """Whether a stored selection follows from its inputs, and these from the register.

    `inputs_hold`: the register, as it was known then, gives the stored inputs. `draw_holds`:
    inputs, policy and seed give the stored list. `policy_is_newest`: today's policy is that one.
    """

    id: str
    holds: bool
    inputs_hold: bool
    draw_holds: bool
    policy_is_newest: bool
    expected_inputs: str
    found_inputs: str
    expected_list: str
    found_list: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSelection:
    """A selection with the bytes that it was made from; `index` is that of its log entry."""

    id: str
    t: str
    client: str
    inputs: bytes
    policy: bytes
    document: bytes
    digest: str
    index: int | None = None

    @property
    def selection(self) -> Selection:
        """The list."""
        return read_model(Selection, _parsed(self.document), code=Code.INTEGRITY)

    @property
    def snapshot(self) -> Snapshot:
        """What it was drawn from."""
        return read_model(Snapshot, _parsed(self.inputs), code=Code.INTEGRITY)


class SelectionRows(Protocol):
    """What is stored of selections."""

    async def add(self, selection: StoredSelection, note: MadeNote) -> None:
        """Store a selection with the entry of the decision to draw."""
        ...

    async def selections(self) -> list[StoredSelection]:
        """Return all, the newest first."""
        ...

    async def selection(self, id_: str) -> StoredSelection | None:
        """Return one, None for an unknown id."""
        ...

    async def done(self, by: str) -> list[Done]:
        """Return the inspections that were planned by then, and not cancelled by then."""
        ...


@dataclass(frozen=True)
class Draws:
    """The use cases of selections."""

    rows: SelectionRows
    sited: Sited
    words: IdentityRows
    sources: Sources
    stored_one: Callable[[], None]

    async def draw(self, order: SelectionOrder, reader: Reader) -> SelectionView:
        """Draw; the selection is stored with its log entry when this returns."""
        now = self.sources.clock()
        policy, digest = selection_policy()
        known_by, t = timestamp_ms(now - SETTLED_S), timestamp_ms(now)
        inputs = await self._inputs(order.year, known_by, t, policy, reader)
        seed = self.sources.random_bytes(_SEED_BYTES).hex()
        made = await asyncio.to_thread(draw, inputs, seed, order.wanted, policy, digest)
        stored = StoredSelection(
            id=self.sources.new_id(),
            t=t,
            client=reader.client,
            inputs=_bytes(inputs),
            policy=_bytes(policy),
            document=_bytes(made),
            digest=made.digest,
        )
        note = decision(
            "select", reader.client, stored.id, None, now,
            role=reader.role, year=order.year, inputs=made.input_digest, list=made.digest,
        )  # fmt: skip
        await self.rows.add(stored, note)
        self.stored_one()
        return _view(stored)

    async def page(self) -> SelectionPage:
        """Return what was drawn when, by whom and with what; no site."""
        lines = []
        for one in await self.rows.selections():
            made = one.selection
            lines.append(
                SelectionLine(
                    id=one.id,
                    t=one.t,
                    client=one.client,
                    year=made.year,
                    wanted=made.wanted,
                    picks=len(made.picks),
                    input_digest=made.input_digest,
                    digest=one.digest,
                    index=one.index,
                )
            )
        return SelectionPage(marking=MARKING, selections=lines)

    async def read(self, id_: str, reader: Reader) -> SelectionView:
        """Return a selection, once the access to what it stands on is stored.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        stored = await self.stored(id_)
        named = {(pick.state, pick.declaration_id) for pick in stored.selection.picks}
        filings = await self.sited.rows.numbered(named)
        await self.sited.admit(filings, reader, Gives.SELECTION)
        return _view(stored)

    async def verify(self, id_: str, reader: Reader) -> Recomputed:
        """Return whether a selection can be drawn again, from the register and from its inputs.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        stored = await self.stored(id_)
        kept, made = stored.snapshot, stored.selection
        policy = read_model(SelectionPolicy, _parsed(stored.policy), code=Code.INTEGRITY)
        again = await self._inputs(kept.year, kept.known_by, stored.t, policy, reader)
        drawn = await asyncio.to_thread(
            draw, kept, made.seed, made.wanted, policy, made.policy_digest
        )
        inputs_hold = again.digest == kept.digest == made.input_digest
        draw_holds = drawn == made and drawn.digest == stored.digest
        return Recomputed(
            id=stored.id,
            holds=inputs_hold and draw_holds,
            inputs_hold=inputs_hold,
            draw_holds=draw_holds,
            policy_is_newest=made.policy_digest == selection_policy()[1],
            expected_inputs=made.input_digest,
            found_inputs=again.digest,
            expected_list=stored.digest,
            found_list=drawn.digest,
        )

    async def stored(self, id_: str) -> StoredSelection:
        """Return a stored selection; for planning, which gives no content.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        found = await self.rows.selection(id_)
        if found is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no selection {id_[:64]}",
                fix="Take the id from GET /v1/selections.",
            )
        return found

    async def _inputs(
        self, year: int, known_by: str, done_by: str, policy: SelectionPolicy, reader: Reader
    ) -> Snapshot:
        first = year - policy.lookback.years
        filings = await self.sited.rows.of_kinds(KINDS, first, year, known_by)
        access = await self.sited.admit(filings, reader, Gives.SELECTION)
        everything = await self.rows.done(done_by)
        by_state: dict[str, list[SitedFiling]] = defaultdict(list)
        for one in filings:
            by_state[one.owner].append(one)
        found: list[Candidate] = []
        counted: list[Done] = []
        for state in sorted({*by_state, *(one.state for one in everything)}):
            # One State at a time: a State fits into memory, a world need not.
            filings = by_state[state]
            read = [said for _, said in await self.sited.read(filings, access)]
            found_there = await self.sited.rows.findings([one.inbox for one in filings], access)
            said = [one for one in await self.words.words(state) if one.t <= done_by]
            pairs = confirmed(said)
            done = [_renamed(one, pairs) for one in everything if one.state == state]
            listed = candidates_of(
                effective(read).values(),
                done,
                year=year,
                policy=policy,
                unexplained=_unexplained(filings, found_there),
            )
            found += _each_once(listed, pairs)
            counted += done
        return snapshot(found, counted, year=year, known_by=known_by)


def _unexplained(filings: list[SitedFiling], findings: list[SiteFinding]) -> dict[str, list[str]]:
    """Return the places of open findings, by the State's number of the declaration they are about.

    Of several filings about one declaration the newest counts: it was examined with all before it.
    """
    numbers = {one.declaration: one.filed.declaration_id for one in filings}
    newest = {numbers.get(one.revises or one.declaration, ""): one.inbox for one in filings}
    by_inbox: dict[int, list[str]] = defaultdict(list)
    for each in findings:
        if each.severity == Severity.EXPLAIN_OR_FIX and not each.answer:
            by_inbox[each.inbox].append(each.pointer)
    return {number: by_inbox[inbox] for number, inbox in newest.items()}


def _renamed(one: Done, pairs: list[tuple[str, str]]) -> Done:
    """Return an inspection under the code that the site goes by now."""
    return one.model_copy(update={"code": newest_code(one.code, pairs)})


def _each_once(listed: list[Candidate], pairs: list[tuple[str, str]]) -> list[Candidate]:
    """Return candidates without those that are listed under a later code as well."""
    held = {(one.regime, one.code) for one in listed}
    return [
        one
        for one in listed
        if (newest := newest_code(one.code, pairs)) == one.code or (one.regime, newest) not in held
    ]


def _view(stored: StoredSelection) -> SelectionView:
    return SelectionView(
        id=stored.id,
        t=stored.t,
        client=stored.client,
        known_by=stored.snapshot.known_by,
        marking=MARKING,
        digest=stored.digest,
        selection=stored.selection,
    )


def _bytes(model: Strict) -> bytes:
    return canonical_json(model.model_dump(mode="json"))


def _parsed(data: bytes) -> object:
    return parse_json(data, max_bytes=MAX_BYTES, max_depth=12)
