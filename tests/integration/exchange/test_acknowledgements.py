"""That a recipient ended its delivery stands in the log: once, in a batch, for those concerned."""

from typing import Any

import pytest

from sextant_shared.encoding import canonical_json
from sextant_shared.models.entries import DeliveryAcknowledgedEntry
from sextant_shared.protocol.acts import verify_act
from tests.integration.exchange.containers import (
    SEC,
    XAL,
    XBO,
    Container,
    sealed,
    sealing_key,
)
from tests.integration.exchange.test_entries import entries_of, kinds
from tests.integration.exchange.test_erasure import acknowledged, logged
from tests.integration.exchange.world import World
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
NEVER_S = 3600.0
OWED = "SELECT 1 FROM event WHERE act = 'acknowledged' AND act_position IS NULL"


def in_the_log(world: World) -> list[str]:
    found = [e for e in world.audit.entries if isinstance(e, DeliveryAcknowledgedEntry)]
    return [entry.env for entry in found]


async def acts_seen_by(world: World, who: str, container: Container) -> list[Any]:
    found: list[Any] = (await world.caller(who).get(f"{container.path}/acts")).json()["acts"]
    return found


def to_both() -> Container:
    both = [(SEC, sealing_key(SEC)), (XBO, sealing_key(XBO))]
    return sealed(recipients=both, type="correspondence", cty="text/plain")


async def test_a_refused_acknowledgement_owes_nothing(world: World) -> None:
    await world.caller(XAL).deposit(sealed())
    (lease,) = await world.caller(SEC).lease()
    path = f"/v1/mailbox/leases/{lease['lease']}/acknowledge"
    assert (await world.caller(XBO).post(path)).status_code == 409
    world.clock.now += 61  # the lease ran out
    assert (await world.caller(SEC).post(path)).status_code == 409
    assert world.rows(OWED) == []


async def test_sender_and_recipient_can_prove_a_delivery_and_other_recipients_see_none_of_it(
    world: World,
) -> None:
    container = to_both()
    await world.caller(XAL).deposit(container)
    await acknowledged(world)
    await logged(world)
    places = set()
    for who in (XAL, SEC):
        (act,) = await acts_seen_by(world, who, container)
        proved = verify_act(canonical_json(act["receipt"]), container.id, world.audit.log.keys)
        assert isinstance(proved.entry, DeliveryAcknowledgedEntry)
        assert proved.detail is not None
        assert proved.detail["party"] == SEC
        assert SEC not in proved.entry.model_dump_json()
        assert kinds(await entries_of(world, who))[-1] == "delivery.acknowledged"
        events = (await world.caller(who).get(f"{container.path}/events")).json()["events"]
        assert (events[-1]["event"], events[-1]["index"]) == ("acknowledged", proved.index)
        assert proved.detail["acknowledged"] == events[-1]["t"]
        places.add(proved.index)
    assert len(places) == 1
    assert await acts_seen_by(world, XBO, container) == []
    assert "delivery.acknowledged" not in kinds(await entries_of(world, XBO))


async def test_many_acknowledgements_are_one_commit_and_one_call_to_the_log(
    stopped: World,
) -> None:
    await stopped.start(recover_every_s=NEVER_S)
    sent = [sealed(number) for number in range(1, 8)]
    for container in sent:
        await stopped.caller(XAL).deposit(container)
    await acknowledged(stopped)
    before = len(stopped.audit.calls)
    assert (in_the_log(stopped), len(stopped.rows(OWED))) == ([], 7)
    await stopped.restart(recover_every_s=0.05)
    await logged(stopped)
    assert sorted(in_the_log(stopped)) == sorted(container.id for container in sent)
    assert [len(call) for call in stopped.audit.calls[before:] if len(call) > 0] == [7]


async def test_the_answer_never_waits_for_the_log(world: World) -> None:
    container = sealed()
    await world.caller(XAL).deposit(container)
    world.audit.is_cut = True
    await acknowledged(world)
    assert in_the_log(world) == []
    world.audit.is_cut = False
    await logged(world)
    assert in_the_log(world) == [container.id]


@pytest.mark.parametrize("step", ["held", "logged", "stored"])
async def test_a_stop_after_a_durable_step_loses_and_repeats_nothing(
    stopped: World, step: str
) -> None:
    await stopped.start(recover_every_s=0.05)
    stopped.stop_at(f"exchange.after_act_{step}")
    container = sealed()
    await stopped.caller(XAL).deposit(container)
    await acknowledged(stopped)
    await until(lambda: not stopped.rows(OWED))
    await stopped.restart()
    await logged(stopped)
    assert in_the_log(stopped) == [container.id]
    (act,) = await acts_seen_by(stopped, SEC, container)
    verify_act(canonical_json(act["receipt"]), container.id, stopped.audit.log.keys)


async def test_what_was_acknowledged_is_logged_before_its_ciphertext_is_erased(
    stopped: World,
) -> None:
    rules = [{"days": 0, "why": "a synthetic policy"}]
    await stopped.start(recover_every_s=NEVER_S, erase_every_s=0.02, retention=rules)
    await stopped.caller(XAL).deposit(sealed())
    await acknowledged(stopped)
    stopped.audit.is_cut = True
    await stopped.restart(recover_every_s=0.05)
    await until(lambda: not stopped.rows(OWED))
    acts = [row.kind for row in stopped.rows("SELECT kind FROM act ORDER BY position")]
    # At once, or a moment later with the erasure that waits behind it: no other act or order.
    assert acts in (["delivery.acknowledged"], ["delivery.acknowledged", "envelope.erased"])
    stopped.audit.is_cut = False
    await until(lambda: stopped.rows("SELECT 1 FROM envelope WHERE erased IS NOT NULL"))
    types = [entry.type for entry in stopped.audit.entries][-2:]
    assert types == ["delivery.acknowledged", "envelope.erased"]


async def test_those_of_an_older_release_are_logged_with_their_own_time(stopped: World) -> None:
    await stopped.start(recover_every_s=NEVER_S)
    container = sealed()
    await stopped.caller(XAL).deposit(container)
    await acknowledged(stopped)
    then = stopped.clock.now
    await stopped.stop()
    stopped.clock.now += 1000
    await stopped.start(recover_every_s=0.05)
    await logged(stopped)
    (act,) = await acts_seen_by(stopped, XAL, container)
    (entry,) = [e for e in stopped.audit.entries if isinstance(e, DeliveryAcknowledgedEntry)]
    (row,) = stopped.rows("SELECT happened FROM act")
    assert row.happened == then
    assert (act["detail"]["acknowledged"], act["t"]) == (act["t"], act["t"])
    assert entry.t > act["t"]
