"""One trace covers a deposit, the log's part of it, and the worker that goes on."""

import asyncio
import json
from typing import Any

import pytest

from tests.integration.exchange.containers import SEC, XAL, sealed
from tests.integration.exchange.world import World
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
TRACE = "0af7651916cd43dd8448eb211c80319{}"
SENT = "00-{}-b7ad6b7169203331-01"
OWN = {"dxe.envelope.id", "dxe.envelope.type", "dxe.envelope.size", "messaging.batch.message_count"}


async def traced(world: World, *flags: str) -> list[dict[str, Any]]:
    """Deposit one envelope per flag at the same time; return every span there was."""
    path = world.folder / "spans.jsonl"
    await world.restart(trace_file=path)
    caller = world.caller(XAL)
    await caller.get("/v1/parties")
    world.audit.gate.clear()
    deposits = []
    for number, flag in enumerate(flags):
        sent = SENT.format(TRACE.format(number))[:-2] + flag
        deposits.append(asyncio.create_task(caller.deposit(sealed(number), traceparent=sent)))
    await asyncio.sleep(0.1)
    world.audit.gate.set()
    for deposit in deposits:
        assert (await deposit).status_code == 201
    await world.stop()
    return [json.loads(line) for line in path.read_text().splitlines()]


def named(spans: list[dict[str, Any]], name: str, trace: str) -> dict[str, Any]:
    (found,) = [s for s in spans if s["name"] == name and s["trace_id"] == trace]
    return found


async def test_the_logs_part_stands_in_the_trace_of_the_deposit(world: World) -> None:
    spans = await traced(world, "01")
    trace = TRACE.format(0)
    server = named(spans, "POST /v1/envelopes", trace)
    assert server["attributes"]["http.route"] == "/v1/envelopes"
    waiting = named(spans, "exchange.log", trace)
    appending = named(spans, "exchange.append", trace)
    call = named(spans, "POST /v1/entries", trace)
    parents = [(server, "b7ad6b7169203331"), (waiting, server["span_id"])]
    parents += [(appending, waiting["span_id"]), (call, appending["span_id"])]
    for span, parent in parents:
        assert span["parent_id"] == parent
    sent = [text for text in world.audit.traceparents if text]
    assert f"00-{trace}-{call['span_id']}-01" in sent


async def test_a_batch_is_in_the_first_trace_and_links_the_others(world: World) -> None:
    spans = await traced(world, "01", "01", "01")
    batches = [span for span in spans if span["name"] == "exchange.append"]
    reached = {span["trace_id"] for span in batches}
    reached |= {link["trace_id"] for span in batches for link in span["links"]}
    assert reached >= {TRACE.format(number) for number in range(3)}
    for number in range(3):
        waiting = named(spans, "exchange.log", TRACE.format(number))
        assert waiting["status"] == "unset"


@pytest.mark.parametrize(("waited_s", "goes_on"), [(1800, True), (3700, False)])
async def test_what_waited_an_hour_for_the_log_begins_a_trace_that_links_the_first(
    stopped: World, waited_s: int, *, goes_on: bool
) -> None:
    path = stopped.folder / "spans.jsonl"
    await stopped.start(recover_every_s=3600.0, trace_file=path)
    stopped.stop_at("exchange.after_held")
    trace = TRACE.format(0)
    answer = await stopped.caller(XAL).deposit(sealed(), traceparent=SENT.format(trace))
    assert answer.status_code == 500
    stopped.clock.now += waited_s
    await stopped.restart(trace_file=path)
    await until(lambda: not stopped.rows("SELECT 1 FROM envelope WHERE log_index IS NULL"))
    await stopped.stop()
    spans = [json.loads(line) for line in path.read_text().splitlines()]
    (call,) = [span for span in spans if span["name"] == "exchange.append"]
    (span,) = [span for span in spans if span["span_id"] == call["parent_id"]]
    assert (span["trace_id"] == call["trace_id"] == trace) is goes_on
    assert (trace in [link["trace_id"] for link in span["links"]]) is not goes_on


async def test_what_is_not_sampled_leaves_no_span_of_its_own(world: World) -> None:
    spans = await traced(world, "00", "01")
    assert TRACE.format(0) not in {span["trace_id"] for span in spans}
    links = [link["trace_id"] for span in spans for link in span["links"]]
    assert TRACE.format(0) not in links
    named(spans, "exchange.log", TRACE.format(1))


async def test_a_trace_that_begins_here_has_the_logs_part_as_well(world: World) -> None:
    path = world.folder / "spans.jsonl"
    await world.restart(trace_file=path, trace_parent="link")
    assert (await world.caller(XAL).deposit(sealed())).status_code == 201
    await world.stop()
    spans = [json.loads(line) for line in path.read_text().splitlines()]
    (server,) = [span for span in spans if span["name"] == "POST /v1/envelopes"]
    for name in ("exchange.log", "exchange.append", "POST /v1/entries"):
        named(spans, name, server["trace_id"])


async def test_only_asking_for_work_that_brings_some_leaves_a_span(world: World) -> None:
    path = world.folder / "spans.jsonl"
    await world.restart(trace_file=path)
    caller = world.caller(SEC)
    assert await caller.lease() == []
    await world.caller(XAL).deposit(sealed())
    assert len(await caller.lease()) == 1
    assert await caller.lease() == []
    await world.stop()
    spans = [json.loads(line) for line in path.read_text().splitlines()]
    assert [span["name"] for span in spans].count("POST /v1/mailbox/leases") == 1


async def test_spans_carry_ids_and_sizes_and_nothing_else_of_ours(world: World) -> None:
    spans = await traced(world, "01")
    attributes = {name for span in spans for name in span["attributes"]}
    assert {name for name in attributes if name.startswith(("dxe.", "messaging."))} == OWN
    assert SEC not in json.dumps([span["attributes"] for span in spans])
