"""Remembers who was refused declared content: an entry each, but never a flood of them.

A client that asks without end would fill a log that is kept for ever. So each has a few entries at
once and a slow trickle after; what falls between is counted and stands in its next entry. The
counts live in memory: a restart forgets at most those of one interval.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from sextant_declarations.domain.accesses import (
    REFUSED,
    AccessDetail,
    NewAccess,
    Reader,
    owed_entry,
)
from sextant_declarations.domain.answers import Sources
from sextant_declarations.domain.gate import AccessRows
from sextant_shared.clock import timestamp_ms
from sextant_shared.errors import PlatformError
from sextant_shared.protocol.access import Action, Subject

CONTENT_ACTIONS = frozenset({Action.DECLARATION_READ, Action.MESSAGE_READ, Action.MESSAGE_SEND})
MAX_PATH = 200  # characters of what was asked; the longest of our paths has half of that

_log = structlog.get_logger("sextant.declarations")


@dataclass
class Refusals:
    """Writes down refusals: `burst` entries of one client at once, then one each `pause_s`."""

    rows: AccessRows
    sources: Sources
    stored: Callable[[], None]
    burst: int
    pause_s: float
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    _uncounted: Counter[str] = field(default_factory=Counter)

    async def __call__(self, subject: Subject, action: Action, path: str) -> None:
        """Write down a refusal of content, if this client has an entry left; never raise."""
        if action not in CONTENT_ACTIONS:
            return
        client = subject.client_id
        self._uncounted[client] += 1
        if not self._take(client):
            return
        count = self._uncounted.pop(client)
        try:
            await self.rows.add(self._compose(subject, action, path, count), None)
        except PlatformError as error:  # it is refused all the same, and counts in the next entry
            self._uncounted[client] += count
            _log.warning("access.refusal_unrecorded", client=client, reason=str(error))
            return
        self.stored()

    def _take(self, client: str) -> bool:
        now = self.sources.clock()
        level, since = self._levels.get(client, (float(self.burst), now))
        level = min(float(self.burst), level + max(0.0, now - since) / self.pause_s)
        is_free = level >= 1
        self._levels[client] = (level - 1 if is_free else level, now)
        return is_free

    def _compose(self, subject: Subject, action: Action, path: str, count: int) -> NewAccess:
        t = timestamp_ms(self.sources.clock())
        reader = Reader(client=subject.client_id, role=str(subject.role))
        asked = f"{action} {path[:MAX_PATH]}"
        detail = AccessDetail(
            v=1,
            t=t,
            client=reader.client,
            role=reader.role,
            purpose=reader.purpose,
            gives=asked,
            refusals=count,
        )
        entry = owed_entry(REFUSED, detail, {}, self.sources)
        return NewAccess(t=t, type=REFUSED, reader=reader, gives=asked, items=(), entry=entry)
