"""What a grant is: as it is asked for, stored, done something with, and shown.

Responsible for these forms alone; who may do what with them is the use cases' (`clearance`).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.need import (
    GrantAct,
    KindPattern,
    Line,
    NeedPolicy,
    Phase,
    Standing,
    begins,
    line_of,
    need_policy,
    stands,
)
from sextant_declarations.analysis.work import ReasonCode
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.work import Person
from sextant_shared.models.declaration.heading import Classification
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.notes import MadeNote

MAX_KINDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrant:
    """A grant as it is stored; `received` is when the exchange took its notice into custody."""

    seq: int
    id: str
    person: str
    number: int
    function: str
    state: str
    kinds: tuple[str, ...]
    ceiling: str
    reason: str
    reference: str | None
    until: str
    requested_by: str
    requested: str
    approved_by: str | None
    approved: str | None
    notice: str | None
    received: str | None
    ended: str | None
    phase: Phase
    acts: int

    @property
    def tag(self) -> str:
        """What changes with every act."""
        return f"{self.seq}.{self.acts}"

    @property
    def line(self) -> Line:
        """What it lets the person know of."""
        return line_of(need_policy(), self.function, self.state, self.kinds, self.ceiling)

    def begin(self, policy: NeedPolicy) -> dt.date | None:
        """Return its first day, None before the State was told."""
        return begins(self.received, policy)

    def standing(self, policy: NeedPolicy, today: dt.date) -> Standing:
        """Return how it stands on a day."""
        return stands(self.phase, self.begin(policy), dt.date.fromisoformat(self.until), today)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrantAct:
    """An act on its way into the history; `grant` is what it was planned on."""

    grant: StoredGrant
    act: GrantAct
    officer: Reader
    reason: str
    t: str
    phase: Phase
    notice: str | None
    note: MadeNote


class GrantOrder(Strict):
    """A grant that is asked for: for whom, in which function, of which State, what, until when."""

    person: Person
    function: Annotated[str, Field(max_length=40)]
    state: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,31}$")]
    kinds: Annotated[list[KindPattern], Field(min_length=1, max_length=MAX_KINDS)]
    ceiling: Classification
    until: Annotated[dt.date, Field(strict=False)]
    reason: ReasonCode
    reference: Annotated[str, Field(min_length=1, max_length=120)] | None = None


class GrantStep(Strict):
    """What a person does with a grant: approve, refuse or revoke it, and why."""

    act: Annotated[GrantAct, Field(strict=False)]
    reason: ReasonCode


class GrantView(Strict):
    """A grant as officers and auditors see it. `begins` is null until the State was told.

    `number` stands for the person towards States; `notice` is the message by which they were told.
    """

    id: str
    person: str
    number: int
    function: str
    state: str
    kinds: list[str]
    ceiling: str
    reason: str
    reference: str | None
    requested_by: str
    requested: str
    approved_by: str | None
    approved: str | None
    notice: str | None
    begins: dt.date | None
    until: dt.date
    ended: str | None
    standing: str
    tag: str


class GrantPage(Strict):
    """A page of grants, newest first; `next` is the cursor of the next page."""

    grants: list[GrantView]
    next: str | None


class ClearedView(Strict):
    """One cleared person as the State sees it: function and number, no name."""

    number: int
    function: str
    kinds: list[str]
    ceiling: str
    begins: dt.date | None
    until: dt.date
    standing: str


class ClearedList(Strict):
    """Who is cleared, or is going to be, for information about a State."""

    state: str
    day: dt.date
    cleared: list[ClearedView]


class SentList(Strict):
    """The list as it was sent, and the message that holds it."""

    message: str
    sent: ClearedList


class GrantRows(Protocol):
    """What is stored of grants."""

    async def page(
        self, state: str | None, person: str | None, before: int | None, limit: int
    ) -> list[StoredGrant]:
        """Return up to `limit` grants below the position `before`, newest first."""
        ...

    async def granted(self, *, state: str | None, person: str | None) -> list[StoredGrant]:
        """Return what was granted and not taken back, about a State or for a person."""
        ...

    async def grant(self, id_: str) -> StoredGrant | None:
        """Return a grant, None for one that is not known."""
        ...

    async def add(self, id_: str, order: GrantOrder, officer: Reader, t: str, n: MadeNote) -> None:
        """Store a grant that is asked for, with its entry; the person keeps its number."""
        ...

    async def take(self, act: NewGrantAct) -> None:
        """Store an act with its entry, all or none.

        Raises:
            PlatformError: `E_PRECONDITION` when the grant moved on since.
        """
        ...
