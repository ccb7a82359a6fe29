"""What is left half done, by a stop or by a log that is away, is finished with the same bytes."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from structlog.typing import EventDict

from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import EnvelopeAcceptedEntry
from sextant_shared.protocol.receipts import verify_custody
from tests.integration.exchange.containers import SEC, XAL, Container, sealed
from tests.integration.exchange.world import World
from tests.support.logs import envelope_id
from tests.support.objects import in_a_folder
from tests.support.postgresql import EVERYWHERE
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
LARGE = b"x" * 300_000
NEVER_S = 3600.0
DEAD_S = 20.0
"""What is held so long is recovered: where several run, a younger one may be its own process's."""


def envelopes_in_the_log(world: World) -> list[str]:
    return [e.env for e in world.audit.entries if isinstance(e, EnvelopeAcceptedEntry)][1:]


async def check(world: World, container: Container) -> None:
    """The envelope stands in the log once, in the mailbox once, and its receipt verifies."""
    receipt = (await world.caller(XAL).get(f"{container.path}/receipt")).content
    verify_custody(receipt, container.digest, container.id, world.audit.log.keys)
    assert envelopes_in_the_log(world) == [container.id]
    items = (await world.caller(SEC).get("/v1/mailbox")).json()["items"]
    assert [(item["seq"], item["id"]) for item in items] == [(1, container.id)]
    content = await world.caller(SEC).get(f"{container.path}/content")
    assert content.content == container.data
    again = await world.caller(XAL).deposit(container)
    assert (again.status_code, again.content) == (200, receipt)


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["in a row", "in a blob"])
@pytest.mark.parametrize("step", ["held", "logged", "accepted"])
async def test_a_stop_after_a_durable_step_loses_and_repeats_nothing(
    stopped: World, step: str, content: bytes
) -> None:
    await stopped.start(recover_every_s=NEVER_S)
    stopped.stop_at(f"exchange.after_{step}")
    container = sealed(content=content)
    assert (await stopped.caller(XAL).deposit(container)).status_code == 500
    entries = list(stopped.audit.log.leaves)
    assert envelopes_in_the_log(stopped) == ([] if step == "held" else [container.id])
    stopped.clock.now += DEAD_S
    await stopped.restart()
    await until(lambda: not stopped.rows("SELECT 1 FROM envelope WHERE log_index IS NULL"))
    await check(stopped, container)
    assert stopped.audit.log.leaves[: len(entries)] == entries


async def test_a_repeat_after_a_stop_finishes_what_the_first_began(stopped: World) -> None:
    await stopped.start(recover_every_s=NEVER_S)
    stopped.stop_at("exchange.after_held")
    container = sealed()
    assert (await stopped.caller(XAL).deposit(container)).status_code == 500
    stopped.reached.clear()
    answer = await stopped.caller(XAL).deposit(container)
    assert answer.status_code == 200
    await check(stopped, container)


async def test_a_large_container_stays_though_the_answer_to_its_commit_was_lost(
    stopped: World,
) -> None:
    def lose(step: str) -> None:
        if step == "exchange.after_held":
            raise PlatformError(Code.UNAVAILABLE, "the store is away")

    await stopped.start(recover_every_s=NEVER_S)
    stopped.reached.append(lose)
    container = sealed(content=LARGE)
    assert (await stopped.caller(XAL).deposit(container)).status_code == 503
    stopped.reached.clear()
    assert (await stopped.caller(XAL).deposit(container)).status_code == 200
    fetched = await stopped.caller(SEC).get(f"{container.path}/content")
    assert fetched.content == container.data


@in_a_folder
@pytest.mark.skipif(EVERYWHERE, reason="where several deposit, a blob is swept by its age")
async def test_a_blob_without_a_row_is_swept_at_start(stopped: World) -> None:
    await stopped.start()
    stopped.stop_at("exchange.after_blob")
    assert (await stopped.caller(XAL).deposit(sealed(content=LARGE))).status_code == 500
    assert len(stopped.files()) == 1
    kept = sealed(2, content=LARGE)
    stopped.reached.clear()
    await stopped.caller(XAL).deposit(kept)
    (stopped.folder / "arriving" / "tmp-cut").write_bytes(b"half")
    (stopped.folder / "blobs" / "staged#1").write_bytes(b"half")
    await stopped.restart()
    (row,) = stopped.rows("SELECT blob FROM envelope")
    assert stopped.files() == [row.blob]
    fetched = await stopped.caller(SEC).get(f"{kept.path}/content")
    assert fetched.content == kept.data


async def test_intake_goes_on_without_the_log_and_the_receipt_follows(world: World) -> None:
    await world.restart(log_wait_s=0.1)
    world.audit.is_cut = True
    container = sealed()
    answer = await world.caller(XAL).deposit(container)
    assert answer.status_code == 202
    assert answer.json()["state"] == "pending"
    assert answer.json()["index"] is None
    assert (answer.headers["location"], answer.headers["retry-after"]) == (container.path, "2")
    pending = await world.caller(XAL).get(f"{container.path}/receipt")
    assert pending.status_code == 202
    unfinished = await world.caller(XAL).get(f"{container.path}/content")
    assert (unfinished.status_code, unfinished.json()["code"]) == (409, "E_STATE")
    again = await world.caller(XAL).deposit(container)
    assert again.status_code == 202
    assert (await world.caller(SEC).get(container.path)).status_code == 404
    assert (await world.caller(SEC).get("/v1/mailbox")).json()["items"] == []
    world.audit.is_cut = False
    world.clock.now += DEAD_S
    await until(lambda: not world.rows("SELECT 1 FROM envelope WHERE log_index IS NULL"))
    await check(world, container)


async def test_a_lost_answer_of_the_log_changes_nothing(world: World) -> None:
    world.audit.lose = 1
    container = sealed()
    answer = await world.caller(XAL).deposit(container)
    assert answer.status_code == 201  # the call was repeated with the same bytes
    await check(world, container)


async def test_a_backlog_longer_than_a_batch_is_finished_in_order(world: World) -> None:
    await world.restart(log_wait_s=0.05, log_batch=4, recover_every_s=NEVER_S)
    world.audit.is_cut = True
    containers = [sealed(number) for number in range(10)]
    for container in containers:
        assert (await world.caller(XAL).deposit(container)).status_code == 202
    await world.stop()
    world.audit.is_cut = False
    world.clock.now += DEAD_S
    await world.start(log_wait_s=1.0, recover_every_s=0.05)
    await until(lambda: not world.rows("SELECT 1 FROM envelope WHERE log_index IS NULL"))
    assert envelopes_in_the_log(world) == [container.id for container in containers]
    assert max(len(call) for call in world.audit.calls) == 4


async def test_an_entry_the_log_refuses_holds_up_no_other(world: World) -> None:
    await world.restart(log_wait_s=0.5, recover_every_s=NEVER_S)
    world.audit.refuses = {envelope_id(3)}
    world.audit.gate.clear()
    caller = world.caller(XAL)
    await caller.get("/v1/parties")
    sending = [asyncio.create_task(caller.deposit(sealed(number))) for number in range(6)]
    await asyncio.sleep(0.1)
    world.audit.gate.set()
    answers = [(await task).status_code for task in sending]
    assert answers == [201, 201, 201, 202, 201, 201]
    assert envelope_id(3) not in envelopes_in_the_log(world)


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(lambda a: a["items"][0].update(index=2), id="another place"),
        pytest.param(lambda a: a["items"][0].update(path=[b64(bytes(32))]), id="another path"),
        pytest.param(lambda a: a["items"][0]["path"].pop(), id="a path cut short"),
        pytest.param(lambda a: a["items"].append(a["items"][0]), id="one place too many"),
        pytest.param(lambda a: a["items"].clear(), id="no place"),
        pytest.param(lambda a: a.update(items=None), id="another shape"),
        pytest.param(lambda a: a.update(checkpoint="log.example\n1\n"), id="an unsigned head"),
    ],
)
async def test_a_log_that_lies_gives_no_receipt_and_raises_an_alarm(
    world: World, lie: Callable[[dict[str, Any]], object], lines: list[EventDict]
) -> None:
    await world.restart(recover_every_s=NEVER_S)
    world.audit.lie = lie
    answer = await world.caller(XAL).deposit(sealed())
    assert answer.status_code == 202  # never an answer that does not verify
    assert world.rows("SELECT 1 FROM receipt") == []
    alarm, *_ = [line for line in lines if line.get("code") == "E_INTEGRITY"]
    assert alarm["log_level"] == "error"
    assert "checkpoint" in alarm["answer"]  # the evidence


async def test_a_log_that_signs_with_other_keys_gives_no_receipt(world: World) -> None:
    await world.restart(recover_every_s=NEVER_S)
    world.audit.log.label = "impostor"
    answer = await world.caller(XAL).deposit(sealed())
    assert answer.status_code == 202
    assert world.rows("SELECT 1 FROM receipt") == []


async def test_a_slow_log_answers_late_and_once(world: World) -> None:
    await world.restart(log_wait_s=0.1)
    world.audit.gate.clear()
    container = sealed()
    first = await world.caller(XAL).deposit(container)
    assert first.status_code == 202
    await asyncio.sleep(0.3)  # recovery came by; the envelope is under way
    world.audit.gate.set()
    await until(lambda: not world.rows("SELECT 1 FROM envelope WHERE log_index IS NULL"))
    await check(world, container)
    assert len([call for call in world.audit.calls if len(call) and b"accepted" in call[0]]) == 1


async def test_a_stop_does_not_wait_for_pollers(world: World) -> None:
    polling = asyncio.create_task(world.caller(SEC).get("/v1/mailbox", wait=60))
    await asyncio.sleep(0.1)
    assert world.app is not None
    world.app.state.draining = True
    answer = await asyncio.wait_for(polling, 5)
    assert answer.json() == {"items": [], "next": 0}
