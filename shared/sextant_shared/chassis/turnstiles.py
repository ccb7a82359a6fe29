"""Lets one process at a time through, across awaits: by a transaction that holds a lock and no row.

A writing transaction's turn ends with it (`sharing`). What takes longer (a question to another
service, signing and sealing) and must not be done by two at once goes through here. Whoever waits
is woken by the server, whoever dies lets go at once, and who was paused is ended by the server
after `DATABASE_IDLE_S`. So this saves work and keeps an order; it alone makes nothing safe: what is
decided within is compared, or unique, where it is stored.

An embedded file has one process: nobody waits.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sextant_shared.chassis.faults import fault_of, is_fault, state_of
from sextant_shared.chassis.sharing import take_turns

_LOOK = text("SET LOCAL lock_timeout = '1s'")  # then the thread is free to see that it shall stop
_NOT_YET = "55P03"  # lock not available


class Turnstile:
    """One place to pass through; `engine` is None where there are no other processes."""

    def __init__(self, engine: Engine | None, name: str) -> None:
        self._engine = engine
        self._name = name

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Wait until no other process is inside, and be inside until the block ends.

        Raises:
            PlatformError: `E_UNAVAILABLE` when the server cannot be asked.
        """
        if self._engine is None:
            yield
            return
        connection = await self._enter(self._engine)
        try:
            yield
        finally:
            await asyncio.shield(asyncio.to_thread(_leave, connection))

    async def _enter(self, engine: Engine) -> Connection:
        while True:
            trying = asyncio.ensure_future(asyncio.to_thread(_try, engine, self._name))
            try:
                connection = await asyncio.shield(trying)
            except asyncio.CancelledError:
                await asyncio.wait([trying])  # a second at most: the thread cannot be told
                _give_back(trying)
                raise
            if connection is not None:
                return connection


def _try(engine: Engine, name: str) -> Connection | None:
    """Return the connection that holds the lock, None when another process is still inside."""
    connection: Connection | None = None
    try:
        connection = engine.connect()
        connection.begin()
        connection.execute(_LOOK)
        take_turns(connection, [name])
    except DBAPIError as error:
        if connection is not None:
            _leave(connection)
        if state_of(error) == _NOT_YET:
            return None
        if is_fault(error):
            raise fault_of(error) from error
        raise
    return connection


def _leave(connection: Connection) -> None:
    with suppress(SQLAlchemyError):  # the server may have ended the session: then the lock is gone
        connection.close()


def _give_back(trying: "asyncio.Future[Any]") -> None:
    """Let go of what was entered after its caller went away."""
    if not trying.cancelled() and trying.exception() is None and trying.result() is not None:
        _leave(trying.result())
