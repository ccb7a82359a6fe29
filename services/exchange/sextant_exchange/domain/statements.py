"""Takes in what a party says of its own envelopes: repudiated or affirmed.

A  The signed statement and the entry it owes to the log are stored as pending.
B  The log appends the entry; stopping before C appends the same bytes again, at the same index.
C  The place in the log is stored; from here on the statement is handed out.
"""

import asyncio
from collections.abc import Sequence

from sextant_exchange.domain.envelopes import Stored
from sextant_exchange.domain.ports import HeldStatement, Log, StatementStore
from sextant_exchange.domain.registration import Registration
from sextant_shared.clock import Clock, random_bytes, timestamp_ms
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import PartyStatementEntry, format_entry
from sextant_shared.models.statements import LoggedStatement
from sextant_shared.protocol.statements import SignedStatement, read_statement


class Statements:
    """The use case."""

    def __init__(
        self, store: StatementStore, log: Log, registration: Registration, clock: Clock
    ) -> None:
        self._store = store
        self._log = log
        self._registration = registration
        self._clock = clock
        self._lock = asyncio.Lock()

    async def record(self, stored: Stored, raw: bytes) -> LoggedStatement:
        """Log what the sender of an envelope says of it; the same bytes twice are one.

        Raises:
            PlatformError: what `read_statement` raises; `E_SENDER`, `E_STATE` and `E_DIGEST` for a
                statement that is not the sender's, or about another envelope than this accepted
                one; `E_UNAVAILABLE` while the log is away.
        """
        known = await self._known(stored, raw)
        if known is None:
            signed = read_statement(raw, self._registration.registry)
            _check_about(signed, stored)
            await self._store.hold(HeldStatement(stored.number, raw, self._entry(signed)))
        await self.settle()
        known = await self._known(stored, raw)
        if known is None:
            raise PlatformError(Code.UNAVAILABLE, "the statement waits for the log")
        return known

    async def of(self, stored: Stored) -> list[LoggedStatement]:
        """Return the statements on an envelope that stand in the log, oldest first."""
        return await self._store.of(stored.number)

    async def settle(self) -> None:
        """Give pending entries to the log, oldest first.

        Raises:
            PlatformError: `E_UNAVAILABLE` while the log is away.
        """
        async with self._lock:
            pending: Sequence[HeldStatement] = await self._store.pending()
            for held in pending:
                (leaf,) = await self._log.append([held.entry], [None])
                await self._store.place(held, leaf)

    async def _known(self, stored: Stored, raw: bytes) -> LoggedStatement | None:
        text = raw.decode("utf-8", "replace")
        return next((one for one in await self.of(stored) if one.statement == text), None)

    def _entry(self, signed: SignedStatement) -> bytes:
        return format_entry(
            PartyStatementEntry(
                v=1,
                type="party.statement",
                id=b64u(random_bytes(16)),
                t=timestamp_ms(self._clock()),
                nonce=b64u(random_bytes(16)),
                party=signed.statement.party,
                doc=b64u(sha256(signed.raw)),
                reg=self._registration.newest_index,
            )
        )


def _check_about(signed: SignedStatement, stored: Stored) -> None:
    statement, claim = signed.statement, stored.claim
    if statement.party != claim.sender:
        raise PlatformError(
            Code.SENDER,
            "only its sender says whether an envelope is its own",
            expected=claim.sender,
            received=statement.party,
        )
    if stored.index is None:
        raise PlatformError(Code.STATE, "the envelope is not in the log yet", retry_after_s=2)
    expected = (claim.id, b64u(claim.manifest_digest))
    if (statement.env, statement.man) != expected:
        raise PlatformError(
            Code.DIGEST,
            "the statement is about another envelope than the address",
            expected=" ".join(expected),
            received=f"{statement.env} {statement.man}",
        )
