"""An audit service in memory behind the exchange's client: real proofs, and switches for faults."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from sextant_shared.encoding import b64, b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.merkle.tree import inclusion_path_of
from sextant_shared.models.entries import Entry, parse_entry
from sextant_shared.protocol.problems import problem_of, status_of
from tests.support.logs import MemoryLog, make_accepted


def _genesis() -> MemoryLog:
    log = MemoryLog()
    log.append(make_accepted(2**40))  # any first leaf: index 0 is nobody's
    return log


@dataclass
class MemoryAudit(httpx.AsyncBaseTransport):
    """Appends once per entry id. `calls` are the batches that arrived, as entry bytes.

    `is_cut`: nobody answers. `lose`: that many answers are lost after the work was done. `refuses`:
    an entry about this envelope sinks its whole batch. `label`: whose keys sign the checkpoints.
    `gate`: a call waits until it is open. `lie` changes an answer before it is given.
    """

    log: MemoryLog = field(default_factory=_genesis)
    is_cut: bool = False
    lose: int = 0
    refuses: set[str] = field(default_factory=set)
    calls: list[list[bytes]] = field(default_factory=list)
    traceparents: list[str | None] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    lie: Callable[[dict[str, Any]], object] = lambda _answer: None

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def entries(self) -> list[Entry]:
        return [parse_entry(leaf) for leaf in self.log.leaves]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_cut:
            raise httpx.ConnectError("nobody listens")
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "a", "expires_in": 300})
        batch = [b64u_decode(text) for text in json.loads(await request.aread())["entries"]]
        self.calls.append(batch)
        self.traceparents.append(request.headers.get("traceparent"))
        await self.gate.wait()
        response = self._append(batch)
        if self.lose:
            self.lose -= 1
            raise httpx.ReadError("the answer was lost")
        return response

    def _append(self, batch: list[bytes]) -> httpx.Response:
        about = {getattr(parse_entry(data), "env", "") for data in batch}
        if about & self.refuses:
            error = PlatformError(Code.DUPLICATE, "an entry with this id and other bytes is here")
            return httpx.Response(status_of(error.code), json=problem_of(error))
        for data in batch:
            if data not in self.log.leaves:
                self.log.append(data)
        hashes = [leaf_hash(leaf) for leaf in self.log.leaves]
        indexes = [self.log.leaves.index(data) for data in batch]
        items = [
            {"index": i, "path": [b64(node) for node in inclusion_path_of(hashes, i)]}
            for i in indexes
        ]
        answer: dict[str, Any] = {
            "checkpoint": self.log.checkpoint(),
            "size": len(hashes),
            "items": items,
        }
        self.lie(answer)
        return httpx.Response(200, json=answer)
