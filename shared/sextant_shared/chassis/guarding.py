"""What must still hold when a work writes: asked first in its transaction, by whoever set it.

A process that was paused may go on with something that another one took over meanwhile. So whoever
leads a task, or claimed a row, names here what its writes depend on (`guarded`), and every work
that is written from within asks first, in the very transaction that would change something
(`under_guard`). A work that no longer may is refused; those beside it in the batch are not.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
Guard = Callable[[Connection], None]
"""Raises a `PlatformError` when who writes may not any more."""

_GUARDS: ContextVar[tuple[Guard, ...]] = ContextVar("guards", default=())


@contextmanager
def guarded(guard: Guard) -> Iterator[None]:
    """Let everything that is written from within this block, and tasks begun in it, ask first."""
    token = _GUARDS.set((*_GUARDS.get(), guard))
    try:
        yield
    finally:
        _GUARDS.reset(token)


def under_guard(work: Callable[[Connection], T]) -> Callable[[Connection], T]:
    """Return the work with what stands before it where this is called; itself if nothing does."""
    guards = _GUARDS.get()
    if not guards:
        return work

    def asked(connection: Connection) -> T:
        for guard in guards:
            guard(connection)
        return work(connection)

    return asked
