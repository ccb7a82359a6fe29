"""What planners order and are shown of inspections: orders, rows, views. No use cases."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.inspection.life import Kind, LifeStep, ReasonCode, StepCode
from sextant_declarations.analysis.selection.model import Regime
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.exchanged import Due
from sextant_shared.models.declaration.heading import Classification, Code, Day, StateCode
from sextant_shared.models.messages import Issue
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.notes import MadeNote

Client = Annotated[str, Field(min_length=1, max_length=128)]


class PlanOrder(Strict):
    """An inspection to plan: which site, under which regime; drawn, if a selection names it.

    `known_on` is the day as known on which the mandate package shows the site; by default today.
    """

    state: StateCode
    code: Code
    regime: Regime
    kind: Kind
    selection: Annotated[str, Field(max_length=64)] | None = None
    known_on: Day | None = None


class StepOrder(Strict):
    """A step to take: its code, why, and the content of the message that it sends, if it sends one.

    The number of the inspection, the site, the version of a report and the comments that are
    annexed are put in here; what stands in `content` besides must fit the type's model. `marking`
    is that of the message, by default the table's.
    """

    step: StepCode
    reason: ReasonCode
    marking: Classification | None = None
    content: dict[str, object] | None = None


class GrantOrder(Strict):
    """Leave for an inspector to read the mandate package until a day, that day included."""

    client: Client
    until: Day


class SiteName(Strict):
    """A site: its State, and the State's code for it."""

    state: str
    code: str


class TakenStep(Strict):
    """One step as it was taken; `message` is the id of what was sent, `late_s` how late it was.

    `index` is the place of its log entry, null until it has one.
    """

    position: int
    step: str
    target: str
    client: str
    role: str
    reason: str
    t: str
    message: str | None
    facts: dict[str, str]
    index: int | None


class Clock(Strict):
    """An answer that somebody owes, or owed: until when, by which law, and when it came.

    `of` is the message, by its type, that demands it.
    """

    what: str
    of: str
    by: str
    law: str
    mark: str
    runs_after: str
    until: str | None
    done: str | None
    state: str
    is_late: bool


class AmendmentRequest(Strict):
    """A request to amend a declaration that the inspection found wrong, and where it stands."""

    request: str
    message: str
    declaration_id: str
    version: int
    issues: list[int]
    state: str


class NextStep(Strict):
    """A step that may follow, with its reasons and the type of message that it sends."""

    step: str
    reasons: dict[str, str]
    sends: str | None
    law: str


class Grant(Strict):
    """Leave of an inspector to read the mandate package, until a time; the newest one counts."""

    client: str
    until: str
    by: str
    t: str
    holds: bool


class InspectionLine(Strict):
    """An inspection in a list."""

    number: str
    site: SiteName
    regime: str
    kind: str
    year: int
    status: str
    since: str
    overdue: int
    marking: str


class InspectionPage(Strict):
    """Inspections, the newest first; `next` is the cursor of the next page."""

    inspections: list[InspectionLine]
    next: str | None


class InspectionView(Strict):
    """An inspection: where it stands, its steps and clocks, what may follow, who may read."""

    number: str
    site: SiteName
    regime: str
    kind: str
    year: int
    status: str
    meaning: str
    marking: str
    selection: str | None
    known_on: dt.date
    steps: list[TakenStep]
    clocks: list[Clock]
    requests: list[AmendmentRequest]
    next: list[NextStep]
    grants: list[Grant]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInspection:
    """An inspection with its last step; `id` names it in the log, `number` among people."""

    position: int
    id: str
    number: str
    state: str
    code: str
    regime: str
    kind: str
    year: int
    known_on: str
    selection: str | None
    status: str
    since: str
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStep:
    """A step as it is stored; `requests` are those that it sent to have declarations amended."""

    position: int
    step: str
    target: str
    client: str
    role: str
    reason: str
    t: str
    message: str | None
    facts: dict[str, str]
    requests: list[dict[str, object]]
    index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInspectionStep:
    """A step on its way into the table, with its entry and the step that it was planned on."""

    inspection: str
    after: int
    step: str
    target: str
    officer: Reader
    reason: str
    t: str
    note: MadeNote
    message: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    requests: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInspection:
    """An inspection that is planned; its number is given when it is stored."""

    id: str
    state: str
    code: str
    regime: str
    kind: str
    year: int
    known_on: str
    selection: str | None
    step: NewInspectionStep


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """Leave to read a mandate package, with the entry of the decision to give it."""

    inspection: str
    client: str
    until: str
    officer: Reader
    t: str
    note: MadeNote


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrant:
    """Leave as it is stored."""

    client: str
    until: str
    by: str
    t: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """The thread of an inspection: what is owed in it, and the State's newest comments."""

    owed: tuple[Due, ...] = ()
    comments: str | None = None
    comments_digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report that was sent says for the steps after it: its issues and its envelope."""

    envelope: str
    content: dict[str, object]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Taking:
    """A step that is being taken: of which inspection, by whom, and what came before it."""

    one: StoredInspection
    life: LifeStep
    order: StepOrder
    steps: Sequence[StoredStep]
    said: Correspondence
    planner: Reader


class InspectionRows(Protocol):
    """What is stored of inspections."""

    async def plan(self, new: NewInspection) -> str:
        """Store an inspection with its first step; return its number."""
        ...

    async def take(self, step: NewInspectionStep) -> None:
        """Store a step.

        Raises:
            PlatformError: `E_PRECONDITION` when the inspection moved on since.
        """
        ...

    async def grant(self, grant: NewGrant) -> None:
        """Store leave to read."""
        ...

    async def inspection(self, number: str) -> StoredInspection | None:
        """Return one, None for an unknown number."""
        ...

    async def of_sites(self, state: str, codes: list[str]) -> list[StoredInspection]:
        """Return the inspections of sites of a State, the oldest first."""
        ...

    async def page(
        self, hidden: list[str], state: str | None, before: int | None, limit: int
    ) -> list[StoredInspection]:
        """Return up to `limit` below a position, but those in `hidden` states; newest first."""
        ...

    async def steps(self, inspection: str) -> list[StoredStep]:
        """Return its steps, the oldest first."""
        ...

    async def grants(self, inspection: str) -> list[StoredGrant]:
        """Return the leave that was given, the newest of each client."""
        ...

    async def correspondence(self, message: str, now: float) -> Correspondence:
        """Return the thread that a message of ours began."""
        ...

    async def demanded(self, message: str, now: float) -> list[Due]:
        """Return what one message of ours demands, answered or not."""
        ...
