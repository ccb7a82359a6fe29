"""Shares and places at the exchange: who is told to come back, before what, and who is not."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from sextant_shared.models.envelope import MEDIA_TYPE
from tests.integration.exchange.containers import SEC, XAL, XBO, sealed, sealing_key
from tests.integration.exchange.refusals import code_of
from tests.integration.exchange.world import World

pytestmark = pytest.mark.anyio


async def test_a_party_that_asks_too_often_waits_and_others_do_not(stopped: World) -> None:
    await stopped.start(requests_per_s=0.01, request_burst=2)
    caller = stopped.caller(XAL)
    assert [(await caller.get("/v1/mailbox")).status_code for _ in range(2)] == [200, 200]
    answer = await caller.get("/v1/mailbox")
    assert (answer.status_code, code_of(answer)) == (429, "E_RATE")
    seconds = answer.headers["retry-after"]
    assert 90 <= int(seconds) <= 100
    assert answer.headers["ratelimit"] == f'"share";r=0;t={seconds}'
    assert "0.01 a second" in answer.json()["expected"]
    other = await stopped.caller(XBO).get("/v1/mailbox")
    assert other.status_code == 200
    assert (await stopped.send("GET", "/readyz")).status_code == 200  # probes have no share


async def test_a_deposit_over_the_share_is_refused_and_nothing_is_stored(stopped: World) -> None:
    await stopped.start(requests_per_s=0.01, request_burst=1)
    caller = stopped.caller(XAL)
    assert (await caller.get("/v1/parties")).status_code == 200
    answer = await caller.deposit(sealed())
    assert (answer.status_code, code_of(answer)) == (429, "E_RATE")
    assert stopped.rows("SELECT count(*) FROM envelope") == [(0,)]
    await stopped.restart(requests_per_s=100, request_burst=100)
    assert (await stopped.caller(XAL).deposit(sealed())).status_code == 201


async def test_a_client_fetches_tokens_within_its_share(stopped: World) -> None:
    await stopped.start(tokens_per_s=0.5, token_burst=2)
    caller = stopped.caller(XAL)
    for _ in range(2):
        await caller._token()
    with pytest.raises(AssertionError, match="E_RATE"):
        await caller._token()
    await stopped.caller(XBO)._token()


async def test_strangers_are_bounded_by_address_before_anything_is_checked(stopped: World) -> None:
    await stopped.start(strangers_per_s=0.01, stranger_burst=2, uncounted_addresses=())
    answers = [await stopped.send("POST", "/oauth/token", data={"a": "b"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert answers[-1].headers["retry-after"]


async def test_uploads_leave_places_for_those_who_read(stopped: World) -> None:
    await stopped.start(max_uploads=1)
    caller = stopped.caller(XAL)
    await caller.get("/v1/parties")
    container, going = sealed(1), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield container.data[:100]
        await going.wait()
        yield container.data[100:]

    length = str(len(container.data))
    headers = {"Content-Length": length, "Content-Type": MEDIA_TYPE}
    first = asyncio.create_task(
        caller.send("POST", "/v1/envelopes", content=slow(), headers=headers)
    )
    await asyncio.sleep(0.05)
    second = await stopped.caller(XBO).deposit(sealed(2, sender=XBO))
    assert (second.status_code, code_of(second)) == (503, "E_UNAVAILABLE")
    assert second.headers["retry-after"]
    assert (await stopped.caller(XBO).get("/v1/mailbox")).status_code == 200
    going.set()
    assert (await first).status_code == 201
    assert (await stopped.caller(XBO).deposit(sealed(2, sender=XBO))).status_code == 201


async def test_who_only_waits_for_news_takes_no_place_from_those_who_work(stopped: World) -> None:
    # Who works is done sooner than this, who waits is not.
    await stopped.start(max_in_flight=1, place_wait_s=10.0)
    for who in (SEC, XBO, XAL):
        await stopped.caller(who).get("/v1/parties")
    waiting = asyncio.create_task(stopped.caller(SEC).get("/v1/mailbox", wait=30))
    leasing = asyncio.create_task(stopped.caller(XBO).lease(wait_s=30))
    await asyncio.sleep(0.05)
    both = [(who, sealing_key(who)) for who in (SEC, XBO)]
    note = sealed(recipients=both, type="correspondence", cty="text/plain")
    async with asyncio.timeout(10):
        # The line is as long as there are places: while both still work a third is sent away.
        while (await stopped.caller(XAL).deposit(note)).status_code != 201:  # noqa: ASYNC110 -- as a client repeats it
            await asyncio.sleep(0.05)
        assert (await waiting).json()["items"]
        assert [lease["id"] for lease in await leasing] == [note.id]


# --- what is counted durably ----------------------------------------------------------------------


async def test_a_days_bytes_outlive_a_restart_and_end_at_midnight(stopped: World) -> None:
    first = sealed(1)
    await stopped.start(day_bytes=len(first.data) + 10)
    assert (await stopped.caller(XAL).deposit(first)).status_code == 201
    await stopped.restart()
    caller = stopped.caller(XAL)
    assert (await caller.deposit(first)).status_code == 200  # what was accepted is answered
    answer = await caller.deposit(sealed(2))
    assert (answer.status_code, code_of(answer)) == (429, "E_RATE")
    left = int(answer.headers["retry-after"])
    assert (stopped.clock.now + left) % 86_400 < 1
    assert stopped.rows("SELECT count(*) FROM envelope") == [(1,)]
    assert (await stopped.caller(XBO).deposit(sealed(3, sender=XBO))).status_code == 201


async def test_deliveries_count_until_their_recipient_fetches_them(stopped: World) -> None:
    await stopped.start(untaken_deliveries=1)
    caller, first = stopped.caller(XAL), sealed(1)
    assert (await caller.deposit(first)).status_code == 201
    assert (await caller.deposit(sealed(2))).status_code == 429
    for _ in range(2):  # the second time counts nothing
        content = await stopped.caller(SEC).get(f"{first.path}/content")
        assert content.status_code == 200
    assert (await caller.deposit(sealed(2))).status_code == 201
    assert (await caller.deposit(sealed(3))).status_code == 429
    used = "SELECT party, untaken, stored_bytes FROM party_use"
    total = len(first.data) + len(sealed(2).data)
    assert stopped.rows(used) == [(XAL, 1, total)]
