"""Which codes of a State are one plant site: proposed by weights, said by a person, reversible.

A word of a person is stored with the weights that were shown, and a decision of the log; the
newest word on a pair counts, so a confirmation can be taken back. Dossiers follow what is
confirmed; nothing that a State declared is changed by it.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import Field

from sextant_declarations.analysis.identity.records import SiteRecord, records_of
from sextant_declarations.analysis.identity.weighing import Proposal, propose, weigh, weights
from sextant_declarations.domain.accesses import Gives, Reader
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.deciding import decision
from sextant_declarations.domain.lives import require_tag
from sextant_declarations.domain.sited import Sited
from sextant_shared.clock import timestamp_ms
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.heading import Code as SiteCode
from sextant_shared.models.strict import Strict
from sextant_shared.protocol.notes import MadeNote
from sextant_shared.rules.filings import effective

_ALWAYS = "9999"


class Word(StrEnum):
    """What a person says of a pair; withdrawn: what was said before is taken back."""

    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class WordOrder(Strict):
    """A word on a pair of codes, the older first, and why, in the person's own words."""

    older: SiteCode
    newer: SiteCode
    word: Annotated[Word, Field(strict=False)]
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class CodeView(Strict):
    """A site under one code: names by first year, operators, place, and its years."""

    code: str
    names: dict[str, int]
    operators: list[str]
    place: str
    first: int
    last: int


class PartView(Strict):
    """One question: the answer, its weight in bits, and how often each kind of pair shows it."""

    question: str
    level: str
    weight: str
    m: str
    u: str


class WordView(Strict):
    """What a person said, when and why; `index` is the place of its log entry."""

    word: Word
    reason: str
    client: str
    t: str
    index: int | None


class IdentityView(Strict):
    """Two codes that may be one site: how likely, question by question, and what was said."""

    state: str
    older: CodeView
    newer: CodeView
    probability: str
    prior: str
    parts: list[PartView]
    word: WordView | None


class IdentityPage(Strict):
    """The proposals of a State, the likeliest first; `weights` is the digest of their file."""

    state: str
    weights: str
    fitted_on: str
    mark: str
    proposals: list[IdentityView]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWord:
    """A word as it is stored."""

    older: str
    newer: str
    word: str
    reason: str
    client: str
    t: str
    index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWord:
    """A word on its way into the table; `after` is how many there were on the pair."""

    state: str
    older: str
    newer: str
    after: int
    word: Word
    reason: str
    officer: Reader
    t: str
    explained: str
    note: MadeNote


class IdentityRows(Protocol):
    """What persons said."""

    async def words(self, state: str) -> list[StoredWord]:
        """Return all words about sites of a State, the oldest first."""
        ...

    async def say(self, word: NewWord) -> None:
        """Store a word with its entry.

        Raises:
            PlatformError: `E_PRECONDITION` when somebody said something since.
        """
        ...


@dataclass(frozen=True)
class Identities:
    """The use cases of identities."""

    rows: IdentityRows
    sited: Sited
    sources: Sources
    stored: Callable[[], None]

    async def proposals(self, state: str, reader: Reader) -> IdentityPage:
        """Return the pairs of a State that are likely enough, once the access is stored."""
        fitted, digest = weights()
        records = await self._records(state, reader)
        found = await asyncio.to_thread(propose, records, fitted)
        said = await self.rows.words(state)
        return IdentityPage(
            state=state,
            weights=digest,
            fitted_on=fitted.fitted_on,
            mark=fitted.mark,
            proposals=[_view(one, _newest(said, _pair(one))) for one in found],
        )

    async def read(
        self, state: str, older: str, newer: str, reader: Reader
    ) -> tuple[IdentityView, str]:
        """Return one pair, likely or not, with its tag.

        Raises:
            PlatformError: `E_NOT_FOUND` for a code that the State has not declared, `E_MALFORMED`
                for the pair in the other order.
        """
        one = await self._pair(state, older, newer, reader)
        said = await self.rows.words(state)
        return _view(one, _newest(said, (older, newer))), str(_count(said, (older, newer)))

    async def say(
        self, state: str, order: WordOrder, tag: str, reader: Reader
    ) -> tuple[IdentityView, str]:
        """Say whether a pair is one site; it stands in the log soon after.

        Raises:
            PlatformError: as `read`; `E_PRECONDITION` when somebody said something since; `E_STATE`
                for taking back what nobody said.
        """
        older, newer = order.older, order.newer
        one = await self._pair(state, older, newer, reader)
        said = await self.rows.words(state)
        after = _count(said, (older, newer))
        require_tag(str(after), tag)
        if order.word is Word.WITHDRAWN and _newest(said, (older, newer)) is None:
            raise PlatformError(Code.STATE, "nothing was said of this pair that could be withdrawn")
        now = self.sources.clock()
        explained = _view(one, None)
        note = decision(
            "site-identity", reader.client, self.sources.new_id(), None, now,
            role=reader.role, state=state, older=older, newer=newer, word=str(order.word),
        )  # fmt: skip
        await self.rows.say(
            NewWord(
                state=state,
                older=older,
                newer=newer,
                after=after,
                word=order.word,
                reason=order.reason,
                officer=reader,
                t=timestamp_ms(now),
                explained=json.dumps(explained.model_dump(mode="json")),
                note=note,
            )
        )
        self.stored()
        said = await self.rows.words(state)
        return _view(one, _newest(said, (older, newer))), str(after + 1)

    async def codes(self, state: str, code: str) -> list[str]:
        """Return all codes that were confirmed to be the site of one code, that one included."""
        return sorted(joined(code, confirmed(await self.rows.words(state))))

    async def _pair(self, state: str, older: str, newer: str, reader: Reader) -> Proposal:
        records = await self._records(state, reader)
        for code in (older, newer):
            if code not in records:
                raise PlatformError(
                    Code.NOT_FOUND,
                    f"{state} has declared no site {code[:64]}",
                    fix="Take both codes from GET /v1/identities/STATE.",
                )
        if (records[newer].first, newer) <= (records[older].first, older):
            raise PlatformError(
                Code.MALFORMED,
                "the older code stands first",
                expected=f"{newer} {older}",
                received=f"{older} {newer}"[:120],
            )
        return weigh(records[older], records[newer], weights()[0])

    async def _records(self, state: str, reader: Reader) -> dict[str, SiteRecord]:
        filings = await self.sited.rows.of_sites(state, None, _ALWAYS)
        access = await self.sited.admit(filings, reader, Gives.IDENTITY)
        read = [said for _, said in await self.sited.read(filings, access)]
        return await asyncio.to_thread(lambda: records_of(effective(read).values()))


def confirmed(said: Iterable[StoredWord]) -> list[tuple[str, str]]:
    """Return the pairs whose newest word is a confirmation."""
    newest = {(one.older, one.newer): one.word for one in said}
    return [pair for pair, word in newest.items() if word == Word.CONFIRMED]


def joined(code: str, pairs: Iterable[tuple[str, str]]) -> set[str]:
    """Return all codes that are one site with `code`, over any number of steps."""
    of: Mapping[str, set[str]] = _neighbours(pairs)
    found, left = {code}, [code]
    while left:
        new = of.get(left.pop(), set()) - found
        found |= new
        left += new
    return found


def newest_code(code: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return the code that a site goes by at last, over any number of confirmed steps."""
    later = {older: newer for older, newer in pairs if older != newer}
    seen = {code}
    while (following := later.get(code)) is not None and following not in seen:
        code = following
        seen.add(code)
    return code


def _neighbours(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    of: dict[str, set[str]] = {}
    for one, other in pairs:
        of.setdefault(one, set()).add(other)
        of.setdefault(other, set()).add(one)
    return of


def _pair(one: Proposal) -> tuple[str, str]:
    return one.older.code, one.newer.code


def _newest(said: Iterable[StoredWord], pair: tuple[str, str]) -> StoredWord | None:
    """Return the word that counts; None also after a withdrawal."""
    found = [one for one in said if (one.older, one.newer) == pair]
    return found[-1] if found and found[-1].word != Word.WITHDRAWN else None


def _count(said: Iterable[StoredWord], pair: tuple[str, str]) -> int:
    return sum((one.older, one.newer) == pair for one in said)


def _view(one: Proposal, said: StoredWord | None) -> IdentityView:
    return IdentityView(
        state=one.older.state,
        older=_code(one.older),
        newer=_code(one.newer),
        probability=f"{one.probability:.4f}",
        prior=f"{one.prior:+.2f}",
        parts=[
            PartView(
                question=part.question,
                level=part.level,
                weight=f"{part.weight:+.2f}",
                m=f"{part.m:.4f}",
                u=f"{part.u:.4f}",
            )
            for part in one.parts
        ],
        word=None if said is None else _word(said),
    )


def _word(said: StoredWord) -> WordView:
    return WordView(
        word=Word(said.word),
        reason=said.reason,
        client=said.client,
        t=said.t,
        index=said.index,
    )


def _code(record: SiteRecord) -> CodeView:
    where = record.address
    parts = (where.street, where.postal_code, where.city, where.latitude, where.longitude)
    return CodeView(
        code=record.code,
        names=record.names,
        operators=sorted(record.operators),
        place=", ".join(part for part in parts if part),
        first=record.first,
        last=record.last,
    )
