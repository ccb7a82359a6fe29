"""What a party says of its envelopes, signed without a network and carried by stick."""

import asyncio

import pytest

from sextant_client.cli import upkeep
from sextant_client.identity.saying import statements_on, verify_statements
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.statements import Says
from tests.integration.declarations.contents import declaration
from tests.support.command import sextant
from tests.support.gaps import Gap
from tests.support.platform import XAL

pytestmark = pytest.mark.anyio
UNKNOWN = "01a20d9e-5a79-74d1-96a9-f8c901f813f5"
AFFIRMED, REPUDIATED = Says.AFFIRMED, Says.REPUDIATED


async def _logged(gap: Gap, envelope_id: str) -> list[Says]:
    """Return what stands in the log of an envelope, verified, by a home with a network."""
    found = await gap.courier.do(lambda client: statements_on(client, XAL, envelope_id))
    history = await gap.courier.do(lambda client: client.parties.history(XAL)[1])
    proved = await gap.courier.do(lambda client: verify_statements(client, found, history))
    return [one.signed.statement.says for one in proved]


async def test_of_what_the_log_does_not_prove_here_nothing_is_said(gap: Gap) -> None:
    await gap.trip()
    with pytest.raises(PlatformError, match="was not sealed here") as caught:
        await gap.say(UNKNOWN, REPUDIATED)
    assert caught.value.code is Code.NOT_FOUND
    assert f"bundle export --record {UNKNOWN}" in caught.value.fix
    sent = await gap.declare()
    with pytest.raises(PlatformError, match="cannot be spoken of yet") as caught:
        await gap.say(sent.id, AFFIRMED)
    assert caught.value.code is Code.STATE
    assert (await gap.export()).statements == ()


async def test_a_record_that_there_is_not_is_told_and_stops_nothing(gap: Gap) -> None:
    with pytest.raises(PlatformError) as caught:
        await gap.export(records=["../trust"])
    assert caught.value.code is Code.CONTENT
    sent = await _accepted(gap)
    accepted = await gap.trip(records=[UNKNOWN, sent])
    assert [(one.id, one.code) for one in accepted.unsaid] == [(UNKNOWN, Code.NOT_FOUND)]
    assert accepted.records == (sent,)


async def test_a_statement_that_was_altered_is_refused_and_signed_afresh(gap: Gap) -> None:
    sent = await _accepted(gap)
    signed = await gap.say(sent, AFFIRMED)
    signed.write_bytes(signed.read_bytes().replace(b'"signature":"', b'"signature":"AAAA', 1))
    accepted = await gap.trip()
    assert accepted.said == ()
    assert [one.id for one in accepted.unsaid] == [sent]
    assert not signed.exists()
    await gap.say(sent, AFFIRMED)
    assert [one.says for one in (await gap.trip()).said] == [AFFIRMED]


async def test_the_proof_of_another_statement_is_refused_and_not_kept(gap: Gap) -> None:
    sent = await _accepted(gap)
    signed = await gap.say(sent, AFFIRMED)
    back = await gap.deliver()
    signed.unlink()
    signed = await gap.say(sent, AFFIRMED, "another reason")
    with pytest.raises(PlatformError, match="was not signed in this home") as caught:
        await gap.accept(back)
    assert caught.value.code is Code.STATE
    assert not signed.with_suffix(".json").exists()


async def test_what_a_thief_signed_is_repudiated_without_a_network(
    gap: Gap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "system_clock", gap.platform.clock)
    await gap.trip()
    forged = await gap.platform.declare(XAL, declaration())
    assert (await gap.trip(records=[forged.id])).records == (forged.id,)
    done = await asyncio.to_thread(
        sextant, "keys", "repudiate", forged.id, "--reason", "stolen", "--home", gap.home.path
    )
    assert (done.status, done.stdout.split()[:3]) == (0, ["SIGNED", forged.id, "repudiated;"])
    (signed,) = (gap.home.path / "statements").rglob("*.jws")
    assert await gap.say(forged.id, REPUDIATED) == signed  # not signed twice while it waits
    assert (await gap.export()).statements == (forged.id,)
    (said,) = (await gap.trip()).said
    assert (said.envelope_id, said.says) == (forged.id, REPUDIATED)
    assert await _logged(gap, forged.id) == [REPUDIATED]
    assert (await gap.export()).statements == ()
    assert (await gap.offline(forged.id)).status.said is REPUDIATED


async def test_the_newest_word_counts_and_both_are_proved(gap: Gap) -> None:
    sent = await _accepted(gap)
    await gap.say(sent, AFFIRMED)
    gap.platform.clock.move(1)
    await gap.say(sent, REPUDIATED)
    assert (await gap.export()).statements == (sent, sent)
    first, second = (await gap.trip()).said
    assert (first.says, second.says) == (AFFIRMED, REPUDIATED)
    assert first.index < second.index
    assert await _logged(gap, sent) == [AFFIRMED, REPUDIATED]


async def _accepted(gap: Gap) -> str:
    """Have a declaration of ours accepted; return its id."""
    await gap.trip()
    sent = await gap.declare()
    await gap.trip()
    return sent.id
