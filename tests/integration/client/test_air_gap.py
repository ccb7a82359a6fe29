"""The air-gap path over the whole platform: what is told offline is what is told online."""

import asyncio
import json
from typing import TypeVar

import pytest

from sextant_client.carrying.accepting import accept
from sextant_client.custody import refusal_of
from sextant_shared.crypto.sealing import SealingKey
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.messages import MESSAGE_CTY
from tests.support.command import sextant
from tests.support.gaps import Gap
from tests.support.messages import MESSAGES
from tests.support.platform import XAL, XBO, Deposited, Platform
from tests.support.platform_files import SEC

pytestmark = pytest.mark.anyio
DAY = 86_400.0
ACKNOWLEDGEMENT = "inspection.acknowledgement"
T = TypeVar("T")


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
    await gap.settled(sent.id)
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
    await gap.settled(notice.id, SEC)
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
