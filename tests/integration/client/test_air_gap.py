"""The air-gap path over the whole platform: what is told offline is what is told online."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from sextant_client.acts import Recalled, recall
from sextant_client.carrying.accepting import Accepted, accept
from sextant_client.carrying.delivering import deliver
from sextant_client.carrying.exporting import Exported, export_stick
from sextant_client.client import Client
from sextant_client.custody import Custody, custody_of, refusal_of
from sextant_client.home import Home
from sextant_client.outgoing import Outgoing, reply_to, seal_message
from sextant_client.sent import SentEnvelope
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.messages import MESSAGE_CTY
from tests.integration.declarations.contents import declaration
from tests.support.command import sextant
from tests.support.messages import MESSAGES
from tests.support.platform import DECLARATION_CTY, XAL, XBO, Deposited, Platform, open_platform
from tests.support.platform_files import SEC
from tests.support.sdk import Desk

pytestmark = pytest.mark.anyio
DAY = 86_400.0
ACKNOWLEDGEMENT = "inspection.acknowledgement"
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

    async def export(self, *about: str) -> Exported:
        stick = self.folder / "stick.zip"
        return await asyncio.to_thread(
            export_stick, self.home, [], stick, self.platform.clock, about
        )

    async def write(self, party: str) -> SentEnvelope:
        """Seal a letter to another State."""
        path = self.folder / "letter.txt"
        path.write_text("Please find the annex attached.")
        letter = Outgoing(type="correspondence", file=path, to=(party,))
        return await self.off(lambda client: seal_message(client, letter))

    async def recall(self, sent: SentEnvelope, reason: str = "wrong annex") -> Recalled:
        return await self.off(lambda client: recall(client, sent, reason, self.platform.clock))

    async def deliver(self, *about: str) -> Path:
        """Export and deliver; return what is carried back."""
        await self.export(*about)
        stick, back = self.folder / "stick.zip", self.folder / "back.zip"
        await self.courier.do(
            lambda client: deliver(client, stick, back, clock=self.platform.clock)
        )
        return back

    async def trip(self, *about: str) -> Accepted:
        """Export, deliver, accept."""
        return await asyncio.to_thread(accept, self.home, await self.deliver(*about))

    async def offline(self, envelope_id: str, sender: str | None = None) -> Custody:
        return await self.off(lambda client: custody_of(client, envelope_id, sender))

    async def online(self, envelope_id: str, sender: str | None = None) -> Custody:
        """What a home with a network and the same contents is told now."""
        return await self.courier.do(lambda client: custody_of(client, envelope_id, sender))


@pytest.fixture
async def gap(tmp_path: Path) -> AsyncIterator[Gap]:
    async with open_platform(tmp_path / "platform") as platform:
        yield Gap.at(platform, tmp_path)
        await platform.settled()
        await platform.check()


async def notify(platform: Platform) -> Deposited:
    """Have the Secretariat notify an inspection."""
    key = SealingKey.from_jwk(platform.parties[XAL].seal.jwk)
    kind = {"type": "inspection.notification", "cty": MESSAGE_CTY, "recipients": [(XAL, key)]}
    content = json.dumps(MESSAGES["inspection.notification"]).encode()
    return await platform.declare(SEC, content, **kind)


async def test_the_timeline_offline_is_the_one_that_is_told_online(gap: Gap) -> None:
    await gap.trip()
    sent = await gap.declare()
    with pytest.raises(PlatformError, match="nothing was carried here yet") as caught:
        await gap.offline(sent.id)
    assert caught.value.code is Code.NOT_FOUND
    await gap.trip()  # it is in custody, and nobody opened it yet or everybody did
    await gap.platform.settled()
    accepted = await gap.trip()
    assert [told.id for told in accepted.told] == [sent.id]
    offline, online = await gap.offline(sent.id), await gap.online(sent.id)
    assert offline == online
    happened = [event.event for event in offline.events.events]
    assert {"accepted", "delivered", "acknowledged"} <= set(happened)
    assert {(one.answer, bool(one.answered)) for one in offline.owed} == {
        ("receipt.opened", True),
        ("receipt.outcome", True),
    }


async def test_what_is_signed_about_a_delivery_opened_offline_goes_out_with_the_next_export(
    gap: Gap,
) -> None:
    await gap.trip()
    notice = await notify(gap.platform)
    (received,) = (await gap.trip()).received
    assert received.header.id == notice.id
    before = await gap.offline(notice.id, SEC)
    assert [(one.answer, one.by, one.answered) for one in before.owed][:1] == [
        (ACKNOWLEDGEMENT, XAL, None)
    ]
    answer = await gap.answer(notice.id, ACKNOWLEDGEMENT)
    exported = await gap.export()
    assert [one.id for one in exported.envelopes] == [answer.id]
    await gap.trip()
    await gap.platform.settled()
    await gap.trip()
    after = await gap.offline(notice.id, SEC)
    assert after == await gap.online(notice.id, SEC)
    assert after.owed[0].answered == answer.id
    events = {(event.event, event.party) for event in after.events.events}
    assert ("fetched", XAL) in events
    opened = [r for r in await gap.platform.replies(XAL) if r.get("env") == answer.id]
    assert [(r["kind"], r["verdict"]) for r in opened] == [("opened", "OPENED")]


async def test_a_refusal_comes_back_with_its_receipt(gap: Gap) -> None:
    await gap.trip()
    sent = await gap.declare()
    gap.platform.clock.move(2 * DAY)
    accepted = await gap.trip()
    assert [(one.id, one.code) for one in accepted.refused] == [(sent.id, Code.CLOCK)]
    refusal = await gap.off(lambda client: refusal_of(client, sent.id))
    assert refusal is not None
    assert refusal.code == Code.CLOCK
    shown = await asyncio.to_thread(sextant, "status", sent.id, "--home", gap.home.path)
    assert f"{sent.id}  refused  log entry {refusal.index}" in shown.stdout


async def test_a_recall_signed_offline_goes_out_and_what_proves_it_comes_back(
    gap: Gap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sextant_client.cli.acts.system_clock", gap.platform.clock)
    await gap.trip(XBO)
    sent = await gap.write(XBO)
    await gap.trip()
    shown = await asyncio.to_thread(
        sextant, "recall", sent.id, "--reason", "wrong annex", "--home", gap.home.path
    )
    assert (shown.status, shown.stdout.split()[0]) == (0, "SIGNED")
    statement = sent.recall_statement.read_bytes()
    assert (await gap.export()).recalls == (sent.id,)
    accepted = await gap.trip()
    (recalled,) = accepted.recalled
    assert [(copy.party, copy.outcome) for copy in recalled.copies] == [(XBO, "recalled")]
    assert sent.recall_receipt.exists()
    assert sent.recall_statement.read_bytes() == statement
    assert sent.is_recalled_from(XBO)
    assert (await gap.export()).recalls == ()
    offline = await gap.offline(sent.id)
    assert "recalled" in {event.event for event in offline.events.events}
    assert offline == await gap.online(sent.id)


async def test_a_recall_that_came_too_late_is_said_and_signed_afresh_next_time(gap: Gap) -> None:
    await gap.trip()
    sent = await gap.declare()
    await gap.trip()
    await gap.platform.settled()
    await gap.recall(sent)
    accepted = await gap.trip()
    assert accepted.recalled == ()
    assert [(one.id, one.code) for one in accepted.unrecalled] == [(sent.id, Code.STATE)]
    assert not sent.recall_statement.exists()
    assert (await gap.export()).recalls == ()


async def test_a_proof_of_another_recall_is_refused_and_not_kept(gap: Gap) -> None:
    await gap.trip(XBO)
    sent = await gap.write(XBO)
    await gap.trip()
    await gap.recall(sent)
    back = await gap.deliver()
    sent.recall_statement.unlink()
    await gap.recall(sent, "another reason")  # what is signed here now is not what was carried
    with pytest.raises(PlatformError) as caught:
        await asyncio.to_thread(accept, gap.home, back)
    assert caught.value.code is Code.INTEGRITY
    assert not sent.recall_receipt.exists()
    sent.recall_statement.unlink()
    with pytest.raises(PlatformError, match="was signed in this home"):
        await asyncio.to_thread(accept, gap.home, back)
