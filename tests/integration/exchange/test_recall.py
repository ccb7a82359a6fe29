"""A sender takes back what no recipient has yet: honest for each, logged, never undone."""

import asyncio
import json
from typing import Any

import pytest

from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.models.entries import EnvelopeAcceptedEntry, EnvelopeRecalledEntry
from sextant_shared.protocol.acts import VerifiedAct, verify_act
from sextant_shared.protocol.jws import sign_jws
from tests.integration.exchange.containers import (
    KEYS,
    SEC,
    XAL,
    XBO,
    Container,
    recall_of,
    sealed,
    sealing_key,
)
from tests.integration.exchange.world import World
from tests.support.logs import envelope_id
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
BOTH = [(SEC, sealing_key(SEC)), (XBO, sealing_key(XBO))]
NOTE: dict[str, Any] = {"type": "correspondence", "cty": "text/plain", "recipients": BOTH}
NEVER_S = 3600.0


def verified(world: World, view: dict[str, Any], container: Container) -> VerifiedAct:
    return verify_act(canonical_json(view["receipt"]), container.id, world.audit.log.keys)


def recalls(world: World) -> list[EnvelopeRecalledEntry]:
    return [entry for entry in world.audit.entries if isinstance(entry, EnvelopeRecalledEntry)]


async def sent(world: World, **changes: Any) -> Container:
    container = sealed(**changes)
    assert (await world.caller(XAL).deposit(container)).status_code == 201
    return container


# --- refusals -------------------------------------------------------------------------------------


async def test_what_a_recipient_leased_is_not_recalled(world: World) -> None:
    container = await sent(world)
    (lease,) = await world.caller(SEC).lease()
    answer = await world.caller(XAL).recall(container)
    assert (answer.status_code, answer.json()["code"]) == (409, "E_STATE")
    assert [f["message"] for f in answer.json()["findings"]] == ["too late for SEC"]
    done = await world.caller(SEC).post(f"/v1/mailbox/leases/{lease['lease']}/acknowledge")
    assert done.status_code == 204
    assert recalls(world) == []


async def test_what_a_recipient_fetched_without_a_lease_is_not_recalled(world: World) -> None:
    container = await sent(world)
    assert (await world.caller(SEC).get(f"{container.path}/content")).status_code == 200
    assert (await world.caller(XAL).recall(container)).status_code == 409


async def test_a_replayed_dead_letter_was_seen_and_is_not_recalled(world: World) -> None:
    container = await sent(world)
    (lease,) = await world.caller(SEC).lease()
    released = {"error": "poison", "dead": True}
    await world.caller(SEC).post(f"/v1/mailbox/leases/{lease['lease']}/release", released)
    await world.caller(SEC).post("/v1/mailbox/dead-letters/1/replay")
    assert (await world.caller(XAL).recall(container)).status_code == 409
    assert len(await world.caller(SEC).lease()) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"man": b64u(bytes(32))}, "E_DIGEST", id="another manifest"),
        pytest.param({"env": envelope_id(9)}, "E_DIGEST", id="another envelope"),
        pytest.param({"created": "2020-01-01T00:00:00Z"}, "E_CLOCK", id="signed long ago"),
        pytest.param({"by": KEYS[XBO].sig}, "E_KEY", id="another party's keys"),
        pytest.param({"by": KEYS[XAL].sig[::-1]}, "E_KEY", id="the pair the wrong way round"),
        pytest.param({"by": KEYS[XAL].sig[:1]}, "E_MALFORMED", id="half a pair"),
    ],
)
async def test_a_statement_that_is_not_the_senders_own_about_this_envelope_is_refused(
    world: World, changes: dict[str, Any], code: str
) -> None:
    container = await sent(world)
    answer = await world.caller(XAL).recall(container, **changes)
    assert answer.json()["code"] == code, answer.text
    assert len(await world.caller(SEC).lease()) == 1


async def test_a_signature_over_other_words_is_refused(world: World) -> None:
    container = await sent(world)
    outer, other = (
        json.loads(recall_of(container, reason=reason)) for reason in ("the one", "the other")
    )
    outer["payload"] = other["payload"]
    body = {"statement": json.dumps(outer)}
    answer = await world.caller(XAL).post(f"{container.path}/recall", body)
    assert answer.json()["code"] == "E_SIGNATURE"


async def test_a_signature_for_another_kind_of_document_is_no_recall(world: World) -> None:
    container = await sent(world)
    body = {"statement": sign_jws(b"{}", "dxe-manifest+json", KEYS[XAL].sig).decode()}
    answer = await world.caller(XAL).post(f"{container.path}/recall", body)
    assert answer.json()["code"] == "E_MALFORMED"


@pytest.mark.parametrize(("who", "status"), [(SEC, 403), (XBO, 404)])
async def test_nobody_recalls_the_envelopes_of_others(world: World, who: str, status: int) -> None:
    container = await sent(world)
    assert (await world.caller(who).recall(container)).status_code == status


async def test_what_is_not_in_the_log_yet_is_recalled_later(world: World) -> None:
    await world.restart(log_wait_s=0.05, recover_every_s=NEVER_S)
    world.audit.is_cut = True
    container = sealed()
    assert (await world.caller(XAL).deposit(container)).status_code == 202
    answer = await world.caller(XAL).recall(container)
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "2")


# --- what it does ---------------------------------------------------------------------------------


async def test_a_recalled_envelope_is_given_to_nobody_and_proved_to_its_sender(
    world: World,
) -> None:
    container = await sent(world)
    statement = recall_of(container)
    body = {"statement": statement}
    answer = await world.caller(XAL).post(f"{container.path}/recall", body)
    assert answer.status_code == 200, answer.text
    act = verified(world, answer.json(), container)
    assert act.detail == {"recipients": [{"party": "SEC", "outcome": "recalled"}]}
    (entry,) = recalls(world)
    assert act.entry == entry
    assert entry.stmt == b64u(sha256(statement.encode()))
    custody = world.audit.entries[entry.ref]
    assert isinstance(custody, EnvelopeAcceptedEntry)
    assert custody.env == container.id
    # The recipient: listed as recalled, never leased, no content, but all the evidence.
    (item,) = (await world.caller(SEC).get("/v1/mailbox")).json()["items"]
    assert item["state"] == "recalled"
    assert await world.caller(SEC).lease() == []
    refused = await world.caller(SEC).get(f"{container.path}/content")
    assert (refused.status_code, refused.json()["code"]) == (410, "E_GONE")
    head = await world.caller(SEC).get(f"{container.path}/manifest")
    assert head.content == container.manifest
    (seen,) = (await world.caller(SEC).get(f"{container.path}/acts")).json()["acts"]
    assert (seen["statement"], seen["index"], seen["detail"]) == (statement, act.index, None)
    assert verified(world, seen, container).detail is None
    # The sender still has its own.
    assert (await world.caller(XAL).get(f"{container.path}/content")).content == container.data


async def test_a_recall_is_an_event_with_its_place_in_the_log(world: World) -> None:
    container = await sent(world, **NOTE)
    index = (await world.caller(XAL).recall(container)).json()["index"]
    for who, words in (
        (XAL, {f"from {SEC}: the wrong year", f"from {XBO}: the wrong year"}),
        (SEC, {f"from {SEC}: the wrong year"}),
    ):
        events = (await world.caller(who).get(f"{container.path}/events")).json()["events"]
        found = [event for event in events if event["event"] == "recalled"]
        assert {event["detail"] for event in found} == words
        assert {event["index"] for event in found} == {index}
        assert {e["index"] for e in events if e["event"] != "recalled"} == {None}


async def test_each_recipient_is_answered_for_and_sees_only_its_own(world: World) -> None:
    container = await sent(world, **NOTE)
    (lease,) = await world.caller(XBO).lease()
    answer = await world.caller(XAL).recall(container)
    assert answer.json()["detail"]["recipients"] == [
        {"party": "NA-XBO", "outcome": "too-late"},
        {"party": "SEC", "outcome": "recalled"},
    ]
    assert (await world.caller(XBO).get(f"{container.path}/acts")).json()["acts"] == []
    assert "recalled" not in (await world.caller(XBO).get(f"{container.path}/events")).text
    assert (await world.caller(XBO).get(f"{container.path}/content")).content == container.data
    done = await world.caller(XBO).post(f"/v1/mailbox/leases/{lease['lease']}/acknowledge")
    assert done.status_code == 204
    status = (await world.caller(XAL).get(container.path)).json()
    assert [copy["state"] for copy in status["recipients"]] == ["acknowledged", "recalled"]


async def test_the_same_statement_twice_is_one_act_and_another_is_refused(world: World) -> None:
    container = await sent(world)
    body = {"statement": recall_of(container)}
    first = await world.caller(XAL).post(f"{container.path}/recall", body)
    world.clock.now += 10 * 86_400  # a repeat may come long after
    world.caller(XAL).token = ""
    again = await world.caller(XAL).post(f"{container.path}/recall", body)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await world.caller(XAL).recall(container)
    assert (other.status_code, other.json()["code"]) == (409, "E_STATE")
    assert len(recalls(world)) == 1


async def test_of_a_recall_and_a_lease_at_the_same_time_one_wins(world: World) -> None:
    containers = [sealed(number) for number in range(12)]
    for container in containers:
        await world.caller(XAL).deposit(container)
    await world.caller(SEC).get("/v1/parties")
    answers, leases = await asyncio.gather(
        asyncio.gather(*(world.caller(XAL).recall(container) for container in containers)),
        asyncio.gather(*(world.caller(SEC).lease() for _ in containers)),
    )
    recalled = {c.id for c, a in zip(containers, answers, strict=True) if a.status_code == 200}
    leased = {lease["id"] for some in leases for lease in some}
    assert recalled | leased == {container.id for container in containers}
    assert recalled & leased == set()
    assert {entry.env for entry in recalls(world)} == recalled


# --- stops and a late log -------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["held", "logged", "stored"])
async def test_a_stop_after_a_durable_step_of_a_recall_loses_and_repeats_nothing(
    stopped: World, step: str
) -> None:
    await stopped.start(recover_every_s=NEVER_S)
    container = await sent(stopped)
    body = {"statement": recall_of(container)}
    stopped.stop_at(f"exchange.after_act_{step}")
    assert (await stopped.caller(XAL).post(f"{container.path}/recall", body)).status_code == 500
    assert await stopped.caller(SEC).lease() == []  # it holds from its first step
    await stopped.restart(recover_every_s=0.05)
    await until(lambda: not stopped.rows("SELECT 1 FROM act WHERE log_index IS NULL"))
    answer = await stopped.caller(XAL).post(f"{container.path}/recall", body)
    (act,) = (await stopped.caller(XAL).get(f"{container.path}/acts")).json()["acts"]
    assert (answer.status_code, answer.json()) == (200, act)
    verified(stopped, act, container)
    assert len(recalls(stopped)) == 1


async def test_a_recall_holds_while_the_log_is_away_and_its_proof_follows(world: World) -> None:
    container = await sent(world)
    await world.restart(log_wait_s=0.05)
    world.audit.is_cut = True
    body = {"statement": recall_of(container)}
    answer = await world.caller(XAL).post(f"{container.path}/recall", body)
    assert answer.status_code == 202
    assert (answer.json()["receipt"], answer.json()["index"]) == (None, None)
    assert answer.json()["detail"]["recipients"] == [{"party": "SEC", "outcome": "recalled"}]
    assert await world.caller(SEC).lease() == []
    world.audit.is_cut = False
    await until(lambda: not world.rows("SELECT 1 FROM act WHERE log_index IS NULL"))
    again = await world.caller(XAL).post(f"{container.path}/recall", body)
    assert again.status_code == 200
    verified(world, again.json(), container)
