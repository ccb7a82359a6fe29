"""Types of messages at the exchange: refused by the catalogue, urgent first, joined in threads."""

from typing import Any

import httpx
import pytest

from sextant_shared.models.messages import MESSAGE_CTY
from tests.integration.exchange.containers import (
    SEC,
    XAL,
    XBO,
    Container,
    sealed,
    sealing_key,
)
from tests.integration.exchange.refusals import code_of
from tests.integration.exchange.world import World
from tests.support.logs import envelope_id

pytestmark = pytest.mark.anyio


def message(
    number: int, type_: str, sender: str, *to: str, cty: str = MESSAGE_CTY, **changes: Any
) -> Container:
    recipients = [(party, sealing_key(party)) for party in to]
    return sealed(number, type=type_, sender=sender, recipients=recipients, cty=cty, **changes)


def notification(number: int, to: str = XAL, **changes: Any) -> Container:
    return message(number, "inspection.notification", SEC, to, **changes)


async def deposit(world: World, container: Container) -> httpx.Response:
    return await world.caller(container.header["from"]).deposit(container)


async def accepted(world: World, *containers: Container) -> None:
    for container in containers:
        answer = await deposit(world, container)
        assert answer.status_code == 201, answer.text


async def thread(world: World, by: str, container: Container) -> httpx.Response:
    return await world.caller(by).get(f"{container.path}/thread")


async def ids(world: World, by: str, container: Container) -> list[str]:
    return [m["id"] for m in (await thread(world, by, container)).json()["members"]]


# --- what is refused ------------------------------------------------------------------------------


async def test_an_unknown_type_is_refused_before_its_body_is_wanted(world: World) -> None:
    answer = await deposit(world, sealed(1, type="declaration.monthly"))
    assert (answer.status_code, code_of(answer)) == (422, "E_POLICY")
    assert "declaration.annual" in answer.json()["expected"]
    assert world.files() == []


async def test_a_notice_of_a_transfer_without_the_other_state_is_refused(world: World) -> None:
    answer = await deposit(world, sealed(1, type="transfer.notice"))
    problem = answer.json()
    assert (answer.status_code, problem["received"]) == (422, SEC)
    assert problem["expected"] == "the Secretariat and one National Authority"
    assert problem["fix"]


async def test_a_state_that_speaks_for_the_secretariat_is_refused(world: World) -> None:
    answer = await deposit(world, message(1, "inspection.notification", XAL, XBO))
    assert [f["pointer"] for f in answer.json()["findings"]] == ["/from"]


async def test_the_party_that_is_the_secretariat_is_a_setting(stopped: World) -> None:
    await stopped.start(secretariat=XBO)
    await accepted(stopped, message(1, "inspection.notification", XBO, XAL))
    assert (await deposit(stopped, notification(2))).status_code == 422


async def test_an_answer_to_what_is_not_there_is_refused(world: World) -> None:
    lost = message(2, "inspection.acknowledgement", XAL, SEC, irt=envelope_id(1))
    answer = await deposit(world, lost)
    assert (answer.status_code, answer.json()["received"]) == (422, envelope_id(1))


async def test_an_answer_to_what_others_were_told_is_refused_as_if_there_were_none(
    world: World,
) -> None:
    await accepted(world, notification(1, XBO))
    foreign = message(2, "inspection.acknowledgement", XAL, SEC, irt=envelope_id(1))
    missing = message(3, "inspection.acknowledgement", XAL, SEC, irt=envelope_id(9))
    told = [(await deposit(world, one)).json() for one in (foreign, missing)]
    assert told[0]["detail"] == told[1]["detail"]


async def test_an_answer_to_a_message_of_another_type_is_refused(world: World) -> None:
    await accepted(world, message(1, "correspondence", SEC, XAL))
    wrong = message(2, "inspection.acknowledgement", XAL, SEC, irt=envelope_id(1))
    problem = (await deposit(world, wrong)).json()
    assert problem["received"] == "correspondence"
    assert "inspection.notification" in problem["expected"]


async def test_what_supersedes_a_message_is_of_its_type(world: World) -> None:
    await accepted(world, message(1, "correspondence", XAL, SEC))
    wrong = sealed(2, sup=envelope_id(1))
    assert (await deposit(world, wrong)).json()["expected"] == "declaration.annual"
    await accepted(world, message(3, "correspondence", XAL, SEC, sup=envelope_id(1)))


# --- the urgent lane ------------------------------------------------------------------------------


async def test_urgent_deliveries_are_handed_out_first_and_keep_their_numbers(world: World) -> None:
    urgent = message(3, "assistance.request", XBO, SEC)
    await accepted(world, sealed(1), sealed(2), urgent, sealed(4))
    leases = await world.caller(SEC).lease(limit=3)
    assert [(lease["seq"], lease["priority"]) for lease in leases] == [
        (3, "urgent"),
        (1, "normal"),
        (2, "normal"),
    ]
    page = (await world.caller(SEC).get("/v1/mailbox")).json()
    assert [item["seq"] for item in page["items"]] == [1, 2, 3, 4]
    lane = (await world.caller(SEC).get("/v1/mailbox", priority="urgent")).json()
    assert [item["seq"] for item in lane["items"]] == [3]
    rest = (await world.caller(SEC).get("/v1/mailbox", priority="normal", after=1)).json()
    assert [item["seq"] for item in rest["items"]] == [2, 4]


async def test_an_urgent_delivery_whose_lease_ran_out_is_first_again(world: World) -> None:
    await accepted(world, sealed(1), message(2, "assistance.request", XBO, SEC))
    caller = world.caller(SEC)
    assert [lease["seq"] for lease in await caller.lease(lease_s=10)] == [2]
    world.clock.now += 11
    assert [lease["seq"] for lease in await caller.lease(limit=2)] == [2, 1]


async def test_a_lane_outlives_a_stop_between_the_durable_steps(stopped: World) -> None:
    await stopped.start(recover_every_s=3600)
    stopped.stop_at("exchange.after_held")
    urgent = message(1, "assistance.request", XBO, SEC)
    assert (await deposit(stopped, urgent)).status_code == 500
    await stopped.restart()
    assert (await deposit(stopped, urgent)).status_code == 200
    (item,) = (await stopped.caller(SEC).get("/v1/mailbox", priority="urgent")).json()["items"]
    assert item["id"] == urgent.id


# --- threads --------------------------------------------------------------------------------------


async def inspection(world: World) -> list[Container]:
    first = notification(1)
    steps = [
        first,
        message(2, "inspection.acknowledgement", XAL, SEC, irt=first.id),
        message(3, "inspection.report", SEC, XAL, irt=first.id),
        message(4, "inspection.comments", XAL, SEC, irt=envelope_id(3)),
        message(5, "inspection.report", SEC, XAL, irt=envelope_id(4), sup=envelope_id(3)),
    ]
    await accepted(world, *steps)
    return steps


async def test_a_thread_is_the_same_from_wherever_it_is_asked_for(world: World) -> None:
    steps = await inspection(world)
    whole = [step.id for step in steps]
    for step in steps:
        assert await ids(world, XAL, step) == whole
        assert await ids(world, SEC, step) == whole
    members = (await thread(world, SEC, steps[0])).json()["members"]
    assert [(m["type"], m["irt"], m["sup"]) for m in members][-1] == (
        "inspection.report",
        envelope_id(4),
        envelope_id(3),
    )
    assert members[0]["priority"] == "urgent"
    assert all(m["index"] is not None and m["accepted"] for m in members)


async def test_a_thread_does_not_exist_for_others(world: World) -> None:
    steps = await inspection(world)
    assert (await thread(world, XBO, steps[0])).status_code == 404


async def test_a_party_sees_of_a_thread_what_it_was_sent(world: World) -> None:
    told = message(1, "assistance.request", XAL, SEC, XBO)
    to_asker = message(2, "assistance.reply", SEC, XAL, irt=told.id)
    to_all = message(3, "assistance.reply", SEC, XAL, XBO, irt=told.id)
    await accepted(world, told, to_asker, to_all)
    assert await ids(world, XAL, told) == [told.id, to_asker.id, to_all.id]
    assert await ids(world, XBO, told) == [told.id, to_all.id]


async def test_one_id_of_two_senders_joins_no_two_threads(world: World) -> None:
    ours, theirs = message(1, "correspondence", XAL, SEC), message(1, "correspondence", XBO, SEC)
    assert ours.id == theirs.id
    await accepted(world, ours, theirs)
    answer = message(2, "correspondence", SEC, XAL, irt=ours.id)
    await accepted(world, answer)
    assert await ids(world, SEC, ours) == [ours.id, answer.id]
    assert await ids(world, SEC, theirs) == [theirs.id]


async def test_a_long_thread_is_cut_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sextant_exchange.domain.threads.MAX_THREAD", 3)
    first = message(1, "correspondence", XAL, SEC)
    answers = [message(n, "correspondence", SEC, XAL, irt=first.id) for n in range(2, 7)]
    await accepted(world, first, *answers)
    shown = (await thread(world, XAL, first)).json()
    assert (len(shown["members"]), shown["is_cut"]) == (3, True)
