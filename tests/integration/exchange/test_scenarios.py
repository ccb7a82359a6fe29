"""A drill that will not take place is refused: off, unknown, or asked of something else."""

import pytest

from tests.integration.exchange.containers import sealed
from tests.integration.exchange.world import World

pytestmark = pytest.mark.anyio
NA = "NA-XAL"


async def test_where_drills_are_off_the_header_is_refused_and_nothing_is_stored(
    world: World,
) -> None:
    container = sealed()
    answer = await world.caller(NA).deposit(container, **{"Test-Scenario": "lost-answer"})
    assert (answer.status_code, answer.json()["code"]) == (422, "E_POLICY")
    assert "drills are off" in answer.json()["detail"]
    assert world.rows("SELECT * FROM envelope") == []
    probe = await world.send("GET", "/healthz", headers={"Test-Scenario": "outage"})
    assert probe.status_code == 422
    assert (await world.caller(NA).deposit(container)).status_code == 201


async def test_a_sandbox_drills_deposits_alone_and_by_known_names(stopped: World) -> None:
    await stopped.start(scenarios=True)
    caller, container = stopped.caller(NA), sealed()
    unknown = await caller.deposit(container, **{"Test-Scenario": "lost-anwser"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "E_MALFORMED")
    assert "lost-answer" in unknown.json()["expected"]
    elsewhere = await caller.send("GET", "/v1/mailbox", headers={"Test-Scenario": "outage"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, "E_MALFORMED")
    assert elsewhere.json()["received"] == "GET /v1/mailbox"
    assert stopped.rows("SELECT * FROM envelope") == []
    assert (await caller.deposit(container)).status_code == 201


async def test_a_stranger_is_given_no_drill(stopped: World) -> None:
    await stopped.start(scenarios=True)
    headers = {"Test-Scenario": "outage", "Content-Type": "application/octet-stream"}
    answer = await stopped.send("POST", "/v1/envelopes", headers=headers, content=b"x")
    assert answer.json()["code"] == "E_AUTH"


async def test_a_slow_log_is_answered_with_where_to_ask(stopped: World) -> None:
    await stopped.start(scenarios=True)
    container = sealed()
    answer = await stopped.caller(NA).deposit(container, **{"Test-Scenario": "slow-log"})
    assert (answer.status_code, answer.headers["location"]) == (202, container.path)
    assert answer.headers["retry-after"]
    assert (await stopped.caller(NA).get(f"{container.path}/receipt")).status_code == 200
