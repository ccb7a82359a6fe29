"""Registers a batch of examined envelopes: one plan, one transaction.

Receipts are sealed once, and the outcome receipt names a registration number. So a batch is planned
on the register's standing, sealed in the workshop, and committed only if the standing is still the
one it was planned on; otherwise it is planned again. Nothing is sealed while a transaction is
open, and numbers have no gap: what is not committed never took one.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import structlog

from sextant_declarations.domain.accesses import NewAccess, examined
from sextant_declarations.domain.answers import Answer, Sources, opened_answer, outcome_answer
from sextant_declarations.domain.deliveries import Check, Content, Facts, Refusal, is_receipt
from sextant_declarations.domain.noting import bond_of, judge_message, named_by, note
from sextant_declarations.domain.owed import SealedReply, SealOrder
from sextant_declarations.domain.places import Alone
from sextant_declarations.domain.ports import Register, Threads, Workshop
from sextant_declarations.domain.records import (
    Base,
    Filed,
    Nature,
    Noted,
    Record,
    Revised,
    Submission,
)
from sextant_declarations.domain.register import (
    DeclarationKey,
    Holding,
    Standing,
    StatePolicy,
    Verdict,
    hold,
    judge,
    revise,
)
from sextant_declarations.domain.threads import Bond, Known, thread_of
from sextant_shared.clock import timestamp_ms, timestamp_s
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import OutcomeVerdict

PLAN_ATTEMPTS = 5  # another process registering at the same moment; each turn one of them wins
UNKNOWN_CLASS = "C1"  # a reply about an unreadable header repeats nothing of it
CORRESPONDENCE = "correspondence"
_YEAR_CHARS = 4

_log = structlog.get_logger("sextant.declarations")


@dataclass(frozen=True, slots=True)
class _Plan:
    submission: Submission
    nature: Nature
    verdict: Verdict | None
    filed: Filed | None
    answers: tuple[Answer, ...]
    noted: Noted


@dataclass(frozen=True)
class Registrar:
    """Stores submissions with their findings, numbers, entries and sealed replies."""

    register: Register
    threads: Threads
    own_party: str
    workshop: Workshop
    sources: Sources
    policy: StatePolicy
    stored: Callable[[], None]
    alone: Alone = nullcontext
    """Keeps other processes from planning on the same register: the sealing would be in vain."""

    async def __call__(self, batch: list[Submission]) -> list[Exception | None]:
        """Store the batch; return one error or None for each submission, in order.

        An envelope that is stored already is left as it is.

        Raises:
            PlatformError: what the workshop or the database raise; nothing was stored then.
        """
        async with self.alone():
            return await self._store(batch)

    async def _store(self, batch: list[Submission]) -> list[Exception | None]:
        for _ in range(PLAN_ATTEMPTS):
            standing = await self.register.standing(*self._wanted(batch))
            base = Base.of(standing)
            known = await self.threads.known(*named_by(batch))
            results = [self._plan(submission, standing, known) for submission in batch]
            plans = [result for result in results if isinstance(result, _Plan)]
            if not plans:
                return _errors(results)
            records = await self._sealed(plans)
            try:
                await self.register.commit(records, base)
            except PlatformError as error:
                if error.code is not Code.STATE:
                    raise
                _log.info("register.moved_on", batch=len(batch))
                continue
            self.stored()
            return _errors(results)
        raise PlatformError(Code.UNAVAILABLE, "the register kept moving on", retry_after_s=1)

    def _wanted(
        self, batch: Sequence[Submission]
    ) -> tuple[list[tuple[str, str]], list[DeclarationKey], int]:
        envelopes = [(s.examined.sender, s.examined.id) for s in batch]
        keys = {key for s in batch for key in (self._key(s), self._revised_key(s)) if key}
        return envelopes, list(keys), int(timestamp_s(self.sources.clock())[:_YEAR_CHARS])

    def _key(self, submission: Submission) -> DeclarationKey | None:
        check = _check_of(submission)
        if check is None or check.facts is None:
            return None
        return self.policy.owner_of(submission.examined.sender), check.facts.declaration_id

    def _revised_key(self, submission: Submission) -> DeclarationKey | None:
        check = _check_of(submission)
        if check is None or check.facts is None or check.facts.revises is None:
            return None
        owner = self.policy.owner_of(submission.examined.sender)
        return owner, check.facts.revises.declaration_id

    def _plan(
        self, submission: Submission, standing: Standing, known: Known
    ) -> _Plan | PlatformError | None:
        examined = submission.examined
        held = standing.seen.get((examined.sender, examined.id))
        if held is not None:
            return None if held == examined.manifest_digest else _equivocation(submission)
        standing.seen[examined.sender, examined.id] = examined.manifest_digest
        if isinstance(examined.result, Refusal):
            answer = opened_answer(examined, self.sources, refused=True)
            alone = Noted(thread=thread_of(examined.sender, examined.id))
            return _Plan(submission, Nature.REFUSED, None, None, (answer,), alone)
        bond = bond_of(submission, known)
        if is_receipt(submission.type):
            return _Plan(submission, Nature.RECEIPT, None, None, (), Noted(thread=bond.thread))
        opened = opened_answer(examined, self.sources, refused=False)
        check = examined.result.check
        if check is None:
            return self._plan_message(submission, bond, known, opened)
        verdict, filed = self._file(submission, check, standing)
        outcome = outcome_answer(
            examined, check, verdict, filed.registration if filed else None, self.sources
        )
        is_taken = verdict.outcome is OutcomeVerdict.REGISTERED
        noted = note(submission, bond, known, self.own_party, is_taken=is_taken)
        return _Plan(submission, Nature.DECLARATION, verdict, filed, (opened, outcome), noted)

    def _plan_message(
        self, submission: Submission, bond: Bond, known: Known, opened: Answer
    ) -> _Plan:
        """Take a message, or return it with what is wrong. Taken, it needs no outcome receipt."""
        examined = submission.examined
        message = examined.result.message if isinstance(examined.result, Content) else None
        verdict = judge_message(submission, bond)
        answers = [opened]
        if verdict is not None and message is not None:
            answers.append(outcome_answer(examined, message, verdict, None, self.sources))
        is_letter = submission.type == CORRESPONDENCE
        nature = Nature.CORRESPONDENCE if is_letter else Nature.MESSAGE
        noted = note(submission, bond, known, self.own_party, is_taken=verdict is None)
        return _Plan(submission, nature, verdict, None, tuple(answers), noted)

    def _file(
        self, submission: Submission, check: Check, standing: Standing
    ) -> tuple[Verdict, Filed | None]:
        """Judge, and take the next number and the next place under the declaration's id."""
        key = self._key(submission)
        holding = standing.holdings.get(key) if key else None
        revised_key = self._revised_key(submission)
        revised = standing.holdings.get(revised_key) if revised_key else None
        verdict = judge(check, submission.examined.sender, holding, self.policy, revised)
        if key is None or check.facts is None:
            return verdict, None
        if holding is None:
            holding = Holding(id=self.sources.new_id(), submissions=0, registered=0, kind=None)
        holding = hold(holding, check.facts, verdict.outcome)
        standing.holdings[key] = holding
        registered = verdict.outcome is OutcomeVerdict.REGISTERED
        filed = Filed(
            declaration=holding.id,
            owner=key[0],
            n=holding.submissions,
            facts=check.facts,
            check=check,
            verdict=verdict,
            registration=standing.next_number() if registered else None,
            revised=self._revise(check.facts, revised_key, standing) if registered else None,
        )
        return verdict, filed

    def _revise(
        self, facts: Facts, key: DeclarationKey | None, standing: Standing
    ) -> Revised | None:
        """Let a registered amendment give the next version of the declaration it is about."""
        revision = facts.revises
        if key is None or revision is None:
            return None
        before = standing.holdings[key]
        standing.holdings[key] = after = revise(before, revision)
        return Revised(
            declaration=before.id,
            version=revision.version,
            result=None if revision.withdraws else after.registered,
            site_code=revision.site_code,
        )

    async def _sealed(self, plans: Sequence[_Plan]) -> list[Record]:
        orders = [self._orders(plan) for plan in plans]
        replies = await self.workshop.seal([order for group in orders for order in group])
        upcoming = iter(replies)
        groups = [tuple(next(upcoming) for _ in group) for group in orders]
        return [self._record(plan, group) for plan, group in zip(plans, groups, strict=True)]

    def _orders(self, plan: _Plan) -> list[SealOrder]:
        address = plan.submission.address
        if address is None:
            return []
        examined = plan.submission.examined
        return [
            SealOrder(
                id=self.sources.new_id(),
                type=answer.type,
                content=answer.content,
                to=address,
                classification=examined.head.classification if examined.head else UNKNOWN_CLASS,
                created=timestamp_s(self.sources.clock()),
                irt=examined.id,
                beacon=examined.custody.head,
            )
            for answer in plan.answers
        ]

    def _record(self, plan: _Plan, replies: tuple[SealedReply, ...]) -> Record:
        return Record(
            submission=plan.submission,
            nature=plan.nature,
            verdict=plan.verdict,
            filed=plan.filed,
            entries=tuple(answer.entry for answer in plan.answers),
            replies=replies,
            stored_at=timestamp_ms(self.sources.clock()),
            noted=plan.noted,
            access=self._access(plan),
        )

    def _access(self, plan: _Plan) -> NewAccess | None:
        result = plan.submission.examined
        if not isinstance(result.result, Content):
            return None
        filed = (plan.filed.declaration, plan.filed.n) if plan.filed else None
        return examined(result, result.result.check, filed, self.sources)


def _check_of(submission: Submission) -> Check | None:
    result = submission.examined.result
    return result.check if isinstance(result, Content) else None


def _errors(results: Sequence[_Plan | PlatformError | None]) -> list[Exception | None]:
    return [result if isinstance(result, PlatformError) else None for result in results]


def _equivocation(submission: Submission) -> PlatformError:
    examined = submission.examined
    return PlatformError(
        Code.INTEGRITY,
        "the exchange delivered another envelope under an id that is stored already",
        expected="the manifest that is stored",
        received=f"{examined.sender} {examined.id}",
        fix="Compare both custody receipts: one of the two acceptances is false.",
    )
