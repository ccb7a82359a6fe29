"""An air gap in one process: a platform, a home without a network, and a courier's."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sextant_client.acts import Recalled, recall
from sextant_client.carrying.accepting import Accepted, accept
from sextant_client.carrying.delivering import deliver
from sextant_client.carrying.exporting import Exported, export_stick
from sextant_client.carrying.saying import sign
from sextant_client.client import Client
from sextant_client.custody import Custody, custody_of
from sextant_client.home import Home
from sextant_client.outgoing import Outgoing, reply_to, seal_message
from sextant_client.sent import SentEnvelope
from sextant_shared.models.statements import Says
from tests.integration.declarations.contents import declaration
from tests.support.messages import MESSAGES
from tests.support.platform import DECLARATION_CTY, XAL, Platform
from tests.support.sdk import Desk

T = TypeVar("T")


@dataclass
class Gap:
    """A machine without a network, and a courier's with the access key alone."""

    platform: Platform
    home: Home
    courier: Desk

    @classmethod
    def at(cls, platform: Platform, folder: Path) -> "Gap":
        """Move the access key from the offline home to the courier's."""
        home = Desk.of(platform, platform.parties[XAL], folder / "offline").home
        courier = Desk.of(platform, platform.parties[XAL], folder / "courier")
        for desk, left in ((home, ("root", "sig", "seal")), (courier.home, ("api",))):
            for path in desk.keys.folder.glob("*.json"):
                if path.name.partition("-")[0] not in left:
                    path.unlink()
        nowhere = {"exchange": "", "audit": "", "offline": True}
        home.write_config(home.config().model_copy(update=nowhere))
        return cls(platform, home, courier)

    @property
    def folder(self) -> Path:
        return self.home.path.parent

    async def off(self, work: Callable[[Client], T]) -> T:
        """Do something on the machine without a network."""

        def run() -> T:
            with Client(self.home, clock=self.platform.clock) as client:
                return work(client)

        return await asyncio.to_thread(run)

    async def declare(self) -> SentEnvelope:
        path = self.folder / "declaration.json"
        path.write_bytes(declaration())

        def work(client: Client) -> SentEnvelope:
            return client.seal(
                path, type_="declaration.annual", cty=DECLARATION_CTY, classification="C1"
            )

        return await self.off(work)

    async def answer(self, envelope_id: str, type_: str) -> SentEnvelope:
        """Seal an answer to what was received, as `sextant reply` does."""
        path = self.folder / "answer.json"
        path.write_text(json.dumps(MESSAGES[type_]))
        return await self.off(
            lambda client: seal_message(client, reply_to(client, envelope_id, path))
        )

    async def export(self, *about: str, records: Sequence[str] = ()) -> Exported:
        stick, clock = self.folder / "stick.zip", self.platform.clock

        def run() -> Exported:
            return export_stick(self.home, [], stick, clock, about, records=records)

        return await asyncio.to_thread(run)

    async def write(self, party: str) -> SentEnvelope:
        """Seal a letter to another State."""
        path = self.folder / "letter.txt"
        path.write_text("Please find the annex attached.")
        letter = Outgoing(type="correspondence", file=path, to=(party,))
        return await self.off(lambda client: seal_message(client, letter))

    async def say(self, envelope_id: str, says: Says, reason: str = "") -> Path:
        """Sign a word on an envelope, on the machine without a network."""
        now = self.platform.clock()
        return await self.off(lambda client: sign(client, envelope_id, says, reason, now))

    async def recall(self, sent: SentEnvelope, reason: str = "wrong annex") -> Recalled:
        return await self.off(lambda client: recall(client, sent, reason, self.platform.clock))

    async def deliver(self, *about: str, records: Sequence[str] = ()) -> Path:
        """Export and deliver; return what is carried back."""
        await self.export(*about, records=records)
        stick, back = self.folder / "stick.zip", self.folder / "back.zip"
        await self.courier.do(
            lambda client: deliver(client, stick, back, clock=self.platform.clock)
        )
        return back

    async def accept(self, back: Path) -> Accepted:
        return await asyncio.to_thread(accept, self.home, back)

    async def trip(self, *about: str, records: Sequence[str] = ()) -> Accepted:
        """Export, deliver, accept."""
        return await self.accept(await self.deliver(*about, records=records))

    async def offline(self, envelope_id: str, sender: str | None = None) -> Custody:
        return await self.off(lambda client: custody_of(client, envelope_id, sender))

    async def online(self, envelope_id: str, sender: str | None = None) -> Custody:
        """What a home with a network and the same contents is told now."""
        return await self.courier.do(lambda client: custody_of(client, envelope_id, sender))

    async def settled(self, envelope_id: str, sender: str | None = None) -> None:
        """Wait until nothing waits, and the log has each acknowledgement: it comes in batches."""

        async def is_logged() -> bool:
            events = (await self.online(envelope_id, sender)).events.events
            return all(e.index is not None for e in events if e.event == "acknowledged")

        await self.platform.settled()
        await self.platform.until(is_logged)
