"""Keeps what one sender sent in its order, while different senders are served side by side.

A version that overtakes the one before it would make that one too low, and two declarations of a
State that are examined at the same moment would not be compared with each other. So each delivery
takes its place by its position in the mailbox, and is examined only when nothing earlier of the
same sender is still on its way into the register. What fails gives its place up and holds nobody
back.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class Turn:
    """One delivery's place."""

    seq: int
    passed: asyncio.Event = field(default_factory=asyncio.Event)


class Turns:
    """The places of all deliveries under way, by sender."""

    def __init__(self) -> None:
        self._open: dict[str, set[Turn]] = {}

    @contextmanager
    def taken(self, sender: str, seq: int) -> Iterator[Turn]:
        """Hold a place until the delivery is done with, however that ends."""
        turn = Turn(seq)
        self._open.setdefault(sender, set()).add(turn)
        try:
            yield turn
        finally:
            turn.passed.set()
            self._open[sender].discard(turn)
            if not self._open[sender]:
                del self._open[sender]

    async def come(self, sender: str, turn: Turn) -> None:
        """Return when nothing earlier of the same sender is still on its way."""
        earlier = [other for other in self._open[sender] if other.seq < turn.seq]
        for other in earlier:
            await other.passed.wait()
