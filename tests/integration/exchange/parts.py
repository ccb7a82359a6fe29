"""A sender of parts, byte by byte under control."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx

from sextant_shared.models.envelope import MEDIA_TYPE
from sextant_shared.protocol.manifest import PREFIX_SIZE
from tests.integration.exchange.containers import XAL, Container
from tests.integration.exchange.world import World

PART = "application/partial-upload"
Headers = Mapping[str, str]


@dataclass
class Sender:
    """Sends one container in parts, and remembers the upload."""

    world: World
    container: Container
    by: str = XAL
    path: str = ""

    @property
    def head(self) -> int:
        return PREFIX_SIZE + len(self.container.manifest)

    @property
    def size(self) -> int:
        return len(self.container.data)

    async def begin(
        self, changed: Headers | None = None, data: bytes | None = None
    ) -> httpx.Response:
        """Begin with the head; `changed` headers replace ours, empty ones remove them."""
        sent = {
            "Content-Type": MEDIA_TYPE,
            "Upload-Length": str(self.size),
            "Upload-Complete": "?0",
            **(changed or {}),
        }
        answer = await self.world.caller(self.by).send(
            "POST",
            "/v1/uploads",
            content=self.container.data[: self.head] if data is None else data,
            headers={name: value for name, value in sent.items() if value},
        )
        if answer.status_code == 201:
            self.path = answer.headers["location"]
        return answer

    async def part(
        self, start: int, end: int, changed: Headers | None = None, *, cut: int | None = None
    ) -> httpx.Response:
        """Send these bytes; of a part that is cut only the first `cut` leave."""
        last = "?1" if end == self.size else "?0"
        data = self.container.data[start:end]
        sent = {
            "Content-Type": PART,
            "Content-Length": str(len(data)),
            "Upload-Offset": str(start),
            "Upload-Complete": last,
            **(changed or {}),
        }

        async def pieces() -> AsyncIterator[bytes]:
            yield data[:cut]

        return await self.world.caller(self.by).send(
            "PATCH",
            self.path,
            content=pieces(),
            headers={name: value for name, value in sent.items() if value},
        )

    async def offset(self) -> int:
        answer = await self.world.caller(self.by).send("HEAD", self.path)
        assert answer.status_code == 204, answer.status_code
        return int(answer.headers["upload-offset"])

    async def cancel(self) -> httpx.Response:
        return await self.world.caller(self.by).send("DELETE", self.path)


def uploads(world: World) -> list[str]:
    """Return the folders of uploads that lie there."""
    return sorted(path.name for path in (world.folder / "uploads").iterdir())
