"""Cases as they are stored, and a step on its way into the store with its log entry.

Values only. What officers do with cases: `cases`; what happens by itself: `casework`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sextant_declarations.analysis.cases.model import Case, Matched
from sextant_declarations.analysis.cases.workflow import CaseState, Move, Priority, Standing
from sextant_declarations.domain.accesses import Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_shared.clock import timestamp_ms
from sextant_shared.protocol.notes import MadeNote

_DAY_CHARS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """What a list is narrowed to, all of it together; `state` is a State on either side.

    `is_open` is true for cases that are not closed, false for those that are.
    """

    state: str | None = None
    year: int | None = None
    status: CaseState | None = None
    priority: Priority | None = None
    is_open: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """A case as it is stored, with its pairs as they were matched last.

    `declarations` are the register's ids of all that the pairs stand on; `envelope` and `custody`
    those of the newest envelope among them, which entries about the case name.
    """

    number: str
    position: int
    state: CaseState
    since: str
    opened: str
    reason: str
    cause: str | None
    priority: Priority
    priority_is_set: bool
    restricted: bool
    merged_into: str | None
    steps: int
    pairs: tuple[Matched, ...]
    declarations: tuple[str, ...]
    envelope: str
    custody: int

    @property
    def tag(self) -> str:
        """What changes with every step."""
        return f"{self.number}.{self.steps}"

    @property
    def case(self) -> Case:
        """The case without what is about its storage."""
        return Case(
            number=self.number,
            state=self.state,
            since=dt.date.fromisoformat(self.since[:_DAY_CHARS]),
            steps=self.steps,
            priority=self.priority,
            restricted=self.restricted,
            pairs=self.pairs,
            cause=self.cause,
        )

    @property
    def standing(self) -> Standing:
        """Where it stands, for the table."""
        return Standing(state=self.state, restricted=self.restricted, settled=self.case.is_settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCaseStep:
    """A step on its way into the store, with the case that it was planned on.

    `messages` are the ids of messages that were sent with it, each with its party.
    """

    case: StoredCase
    move: Move
    actor: Reader
    t: str
    note: MadeNote
    messages: tuple[tuple[str, str], ...] = ()


def new_case_step(
    stored: StoredCase,
    move: Move,
    actor: Reader,
    sources: Sources,
    messages: Sequence[tuple[str, str]] = (),
) -> NewCaseStep:
    """Return a step with the log entry that commits to it, and to the versions it was taken on."""
    now = sources.clock()
    more = {
        "reference": move.reference,
        "cause": move.cause,
        "priority": None if move.priority is None else str(move.priority),
        "from": move.source,
        "messages": [id_ for _, id_ in messages],
    }
    note = decision(
        move.step,
        actor.client,
        stored.envelope,
        stored.custody,
        now,
        role=actor.role,
        case=stored.number,
        to=move.target,
        reason=move.reason,
        pairs=[one.id for one in stored.pairs],
        versions=sorted(
            {
                f"{each.state} {each.declaration_id} {each.version}"
                for one in stored.pairs
                for each in one.pair.versions
            }
        ),
        **{name: value for name, value in more.items() if value},
    )
    return NewCaseStep(
        case=stored,
        move=move,
        actor=actor,
        t=timestamp_ms(now),
        note=note,
        messages=tuple(messages),
    )
