"""Answers «who read what, when and why» from the accesses, and says whether each entry holds.

What a line says is read from the detail that its log entry commits to, not from the columns that
find it: a row that was changed since does not verify.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from operator import attrgetter
from typing import Protocol

from sextant_declarations.domain.accesses import AccessDetail
from sextant_declarations.domain.paging import page_of
from sextant_shared.encoding import b64u, parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import AccessEntry, AccessRefusedEntry, parse_entry
from sextant_shared.models.strict import Strict, read_model
from sextant_shared.protocol.acts import commitment
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.logproof import verify_proof

MAX_DETAIL_BYTES = 64 << 20  # made by ourselves: an access of thousands of sites is a megabyte


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFilters:
    """What the list is narrowed to; None means all. Days are UTC, both included."""

    plant_site: str | None = None
    declaration: str | None = None
    party: str | None = None
    officer: str | None = None
    role: str | None = None
    since: date | None = None
    until: date | None = None

    def text(self) -> str:
        """Return what was asked, in a line."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return " ".join(f"{name}={value}" for name, value in given.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccess:
    """An access as it is stored: its entry, where that stands, and what opens its commitment.

    `detail` and `salt` are empty when they were destroyed by order (`is_shredded`), or are damaged.
    """

    id: int
    leaf: bytes
    index: int | None
    proof: str | None
    detail: bytes
    salt: bytes
    is_shredded: bool = False


class AccessLedger(Protocol):
    """The reading side of accesses."""

    async def accesses(
        self, filters: AccessFilters, before: int | None, limit: int
    ) -> list[StoredAccess]:
        """Return up to `limit` accesses below the position `before`, newest first."""
        ...

    async def unlogged(self) -> int:
        """Return how many accesses are not known to be in the log."""
        ...


class AccessedEnvelope(Strict):
    """An envelope that was given out, and the version of a declaration that it brought."""

    sender: str
    envelope: str
    custody: int | None
    declaration: str | None
    n: int | None


class AccessLine(Strict):
    """Who was given what, when and why; or, of type `access.refused`, who was refused.

    `gives` is what was given; of a refusal, what was asked. `part` is the number of an attachment,
    `refusals` how many refusals one entry stands for. `index` is the place of the entry in the
    log, null until it is there. `verifies`: the entry commits to this line, and its proof holds; a
    line whose detail is damaged has no client. `shredded`: its detail was destroyed by order, so
    that the line says only that there was an access; `verifies` then speaks of its proof alone.
    """

    t: str
    type: str
    client: str
    role: str
    purpose: str
    gives: str
    items: list[AccessedEnvelope]
    part: int | None
    refusals: int | None
    index: int | None
    entry: str
    verifies: bool
    shredded: bool


class AccessPage(Strict):
    """One page of accesses, newest first; `next` is the cursor of the next page.

    `unlogged` counts all accesses whose entry is not known to be in the log yet.
    """

    accesses: list[AccessLine]
    next: str | None
    unlogged: int


@dataclass(frozen=True)
class Accounting:
    """The use case of the auditor."""

    ledger: AccessLedger
    keys: LogKeys

    async def __call__(
        self, filters: AccessFilters, *, cursor: str | None, limit: int
    ) -> AccessPage:
        """Return one page.

        Raises:
            PlatformError: `E_MALFORMED` for a cursor that no page gave, or days in no order.
        """
        if filters.since and filters.until and filters.since > filters.until:
            raise PlatformError(
                Code.MALFORMED,
                "the days are in the wrong order",
                expected="from no later than to",
                received=f"{filters.since} to {filters.until}",
                fix="Exchange them.",
            )
        shown, more = await page_of(
            partial(self.ledger.accesses, filters), attrgetter("id"), cursor=cursor, limit=limit
        )
        return AccessPage(
            accesses=await asyncio.to_thread(self._lines, shown),
            next=more,
            unlogged=await self.ledger.unlogged(),
        )

    def _lines(self, stored: Sequence[StoredAccess]) -> list[AccessLine]:
        return [self._line(one) for one in stored]

    def _line(self, stored: StoredAccess) -> AccessLine:
        entry = parse_entry(stored.leaf)
        detail = _detail_of(stored) or AccessDetail(
            v=1, t=entry.t, client="", role="", purpose="", gives=""
        )
        return AccessLine(
            t=detail.t,
            type=entry.type,
            client=detail.client,
            role=detail.role,
            purpose=detail.purpose,
            gives=detail.gives,
            items=[
                AccessedEnvelope(
                    sender=item.sender,
                    envelope=item.envelope,
                    custody=item.custody,
                    declaration=item.declaration,
                    n=item.n,
                )
                for item in detail.items
            ],
            part=detail.part,
            refusals=detail.refusals,
            index=stored.index,
            entry=b64u(stored.leaf),
            verifies=self._verifies(stored),
            shredded=stored.is_shredded,
        )

    def _verifies(self, stored: StoredAccess) -> bool:
        entry = parse_entry(stored.leaf)
        if not isinstance(entry, AccessEntry | AccessRefusedEntry):
            return False
        commits = b64u(commitment(stored.salt, stored.detail)) == entry.commit
        if not commits and not stored.is_shredded:
            return False
        if stored.proof is None:
            return True
        try:
            logged = verify_proof(stored.leaf, stored.proof, self.keys)
        except PlatformError:
            return False
        return logged.index == stored.index


def _detail_of(stored: StoredAccess) -> AccessDetail | None:
    """Return the detail; None when it is destroyed or damaged: one row must not hide others."""
    try:
        value = parse_json(stored.detail, max_bytes=MAX_DETAIL_BYTES)
        return read_model(AccessDetail, value)
    except PlatformError:
        return None
