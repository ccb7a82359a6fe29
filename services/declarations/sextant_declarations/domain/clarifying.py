"""Asks a State about places of a declaration: worded in its language, with the policy's time.

A draft is read through the gate, because it repeats findings; the officer sends it as it is, or
with other words. Sent, it is a message like all others (`sending`); then the declaration goes on
to «clarification requested», if it may from where it stands.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.clarifications.policy import (
    STEP,
    ClarificationPolicy,
    check_day,
    clock,
)
from sextant_declarations.analysis.clarifications.wording import question_at, question_of
from sextant_declarations.analysis.obligations.facts import Filing
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.exchanged import About, Asked, MessageOrder, MessageView
from sextant_declarations.domain.gate import Gate
from sextant_declarations.domain.lives import Lives, StepOrder
from sextant_declarations.domain.ports import Reading
from sextant_declarations.domain.reading import DeclarationSummary, VersionView
from sextant_declarations.domain.sending import Send
from sextant_declarations.domain.threads import REQUEST
from sextant_shared.clock import Clock
from sextant_shared.deadlines import day_of
from sextant_shared.errors import Code, PlatformError, Severity
from sextant_shared.models.declaration.heading import Day, LongText, RuleId
from sextant_shared.models.messages import MAX_ITEMS, Pointer
from sextant_shared.models.strict import Strict
from sextant_shared.rules.wording import DRAFTS, LANGUAGES, Language


class Place(Strict):
    """A place to ask about: a finding there, by its rule, or the place alone, or own words."""

    pointer: Pointer
    rule: RuleId | None = None
    text: LongText | None = None


class DraftOrder(Strict):
    """What to ask: which declaration (its id here), which submission, which places, and why.

    Without places, every finding to explain that the State has not answered is asked about.
    """

    declaration: Annotated[str, Field(max_length=64)]
    n: Annotated[int, Field(ge=1)] | None = None
    reason: Annotated[str, Field(max_length=40)]
    places: Annotated[list[Place], Field(max_length=MAX_ITEMS)] = Field(default_factory=list)
    language: Annotated[str, Field(max_length=8)] | None = None


class DraftView(Strict):
    """A clarification as it would be sent; `answer_by` by `clock_source` with its mark.

    `by_machine` says that the words of the language wait for a reviewer.
    """

    declaration: str
    n: int
    to: str
    reason: str
    language: str
    by_machine: bool
    answer_by: str
    clock_source: str
    mark: str
    questions: list[Place]


class ClarificationOrder(Strict):
    """A clarification to send: every question with its words, and the day for the answer."""

    declaration: Annotated[str, Field(max_length=64)]
    n: Annotated[int, Field(ge=1)]
    reason: Annotated[str, Field(max_length=40)]
    questions: Annotated[list[Place], Field(min_length=1, max_length=MAX_ITEMS)]
    answer_by: Day


class SentClarification(Strict):
    """The message that was sent, and where the life of the declaration stands then."""

    message: MessageView
    life: str


class FilingRows(Protocol):
    """Where a State's languages are known from."""

    async def filings(self, state: str) -> list[Filing]:
        """Return what a State has registered, with the times of receipt."""
        ...


@dataclass(frozen=True)
class FiledLanguages:
    """The language of a State: its wish in the policy, else that of the declaration asked about."""

    rows: FilingRows
    policy: ClarificationPolicy

    async def __call__(self, state: str, declaration_id: str) -> Language:
        """Return the language, about one of its declarations."""
        filings = sorted(await self.rows.filings(state), key=lambda one: one.received)
        of = [one.stated.language for one in filings if one.stated.declaration_id == declaration_id]
        every = [one.stated.language for one in filings]
        return self.policy.language(state, next(iter([*of[-1:], *every[-1:]]), "en"))


@dataclass(frozen=True)
class Clarify:
    """The use cases of asking."""

    reading: Reading
    gate: Gate
    send: Send
    lives: Lives
    languages: FiledLanguages
    time: Clock

    async def draft(self, order: DraftOrder, reader: Reader) -> DraftView:
        """Return what would be asked, once the access to the findings is stored.

        Raises:
            PlatformError: `E_NOT_FOUND`; `E_MALFORMED` for an unknown reason or language, a place
                without such a finding, or nothing to ask.
        """
        known = clock(order.reason)
        summary = await self._summary(order.declaration)
        language = await self._language(order, summary)
        access = await self.gate.declaration(reader, Gives.QUESTION, order.declaration)
        versions = await self.reading.versions(order.declaration, access)
        version = _version(versions, order.n)
        places = order.places or _unanswered(version)
        if not places:
            raise _nothing()
        return DraftView(
            declaration=order.declaration,
            n=version.n,
            to=version.sender,
            reason=order.reason,
            language=language,
            by_machine=language in DRAFTS,
            answer_by=(self._today() + dt.timedelta(known.days)).isoformat(),
            clock_source=known.source,
            mark=known.mark,
            questions=[_worded(place, version, language) for place in places],
        )

    async def ask(
        self, order: ClarificationOrder, key: str, reader: Reader
    ) -> tuple[SentClarification, bool]:
        """Send a clarification; return it and whether it is new.

        Raises:
            PlatformError: `E_MALFORMED` for a day or reason that the policy does not have, or a
                question without words; what `Send` raises.
        """
        check_day(order.answer_by, self._today(), order.reason)
        about = About(
            declaration=order.declaration,
            n=order.n,
            questions=[
                Asked(pointer=one.pointer, rule=one.rule, text=one.text) for one in order.questions
            ],
            answer_by=order.answer_by,
        )
        view, is_new = await self.send(MessageOrder(type=REQUEST, about=about), key, reader)
        life = await self._go_on(order, view.message, reader)
        return SentClarification(message=view, life=life), is_new

    async def _go_on(self, order: ClarificationOrder, message: str, reader: Reader) -> str:
        """Take the step that follows, where it may be taken; repeated, it is taken already."""
        life, tag = await self.lives.read(order.declaration)
        if not any(step.step == STEP for step in life.next):
            return life.state
        step = StepOrder(step=STEP, reason=order.reason, reference=message)
        after, _ = await self.lives.take(order.declaration, step, tag, reader)
        return after.state

    async def _summary(self, id_: str) -> DeclarationSummary:
        found = await self.reading.declaration(id_)
        if found is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"there is no declaration {id_[:64]}",
                fix="Take the id from GET /v1/declarations.",
            )
        return found

    async def _language(self, order: DraftOrder, summary: DeclarationSummary) -> Language:
        if order.language is None:
            return await self.languages(summary.state, summary.declaration_id)
        for language in LANGUAGES:
            if language == order.language:
                return language
        raise PlatformError(
            Code.MALFORMED,
            "texts are in the six languages of the Convention only",
            expected=", ".join(LANGUAGES),
            received=order.language[:16],
            fix="Name one of these, or none: then it is the State's.",
        )

    def _today(self) -> dt.date:
        return day_of(self.time())


def _version(versions: Sequence[VersionView], n: int | None) -> VersionView:
    found = next((one for one in reversed(versions) if n in (None, one.n)), None)
    if found is None:
        raise PlatformError(
            Code.NOT_FOUND, f"the declaration has no submission {n}", fix="Read it first."
        )
    return found


def _unanswered(version: VersionView) -> list[Place]:
    asked = {
        (one.pointer, one.rule): one
        for one in version.findings
        if one.severity is Severity.EXPLAIN_OR_FIX and not one.answer
    }
    return [Place(pointer=pointer, rule=rule) for pointer, rule in asked][:MAX_ITEMS]


def _worded(place: Place, version: VersionView, language: Language) -> Place:
    if place.text is not None:
        return place
    if place.rule is None:
        return place.model_copy(update={"text": question_at(place.pointer, language)})
    for one in version.findings:
        if (one.rule, one.pointer) == (place.rule, place.pointer):
            return place.model_copy(update={"text": question_of(one.finding(), language)})
    places = [f"{one.rule} at {one.pointer or '/'}" for one in version.findings]
    raise PlatformError(
        Code.MALFORMED,
        "that submission has no such finding",
        expected=", ".join(places)[:400] or "no rule: it has no findings",
        received=f"{place.rule} at {place.pointer or '/'}",
        fix="Name a finding of it, or ask about the place alone.",
    )


def _nothing() -> PlatformError:
    return PlatformError(
        Code.MALFORMED,
        "there is nothing to ask: the State has answered every finding, or there is none",
        expected="places to ask about",
        fix="Name a place.",
    )
