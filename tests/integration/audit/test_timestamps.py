"""Time-stamps over HTTP: a real authority on loopback, one that hangs, and what others verify."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sextant_client.witness.http import HttpAnswer, HttpRequest, HttpServer
from sextant_shared.encoding import b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.log import StampedHeads
from sextant_shared.protocol.checkpoints import verify_checkpoint
from sextant_shared.protocol.timestamps import (
    REPLY_TYPE,
    read_roots,
    verify_timestamp,
)
from tests.integration.audit.logs import AuditLog, Served
from tests.integration.audit.test_appending import append
from tests.support.tsa import authority, needs_openssl
from tests.support.waiting import found

pytestmark = [
    pytest.mark.anyio,
    needs_openssl,
]


@asynccontextmanager
async def stamping(*, hangs: bool = False) -> AsyncIterator[str]:
    done = asyncio.Event()

    async def handle(request: HttpRequest) -> HttpAnswer:
        if hangs:
            await done.wait()
        reply = await asyncio.to_thread(authority().reply, request.body)
        return HttpAnswer(200, REPLY_TYPE, reply)

    server = HttpServer(handle)
    port = await server.start("127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        done.set()
        await server.close()


def pinned(folder: Path, url: str, **more: object) -> dict[str, object]:
    file = folder / "tsa.pem"
    file.write_bytes(authority().roots)
    return {"timestamp_url": url, "timestamp_ca_file": file, **more}


async def listed(served: Served, *, awaited: bool = True) -> StampedHeads:
    async def look() -> StampedHeads | None:
        found = await served.get("/v1/timestamps")
        stamped = StampedHeads.model_validate_json(found.content)
        return stamped if stamped.items or stamped.fault or not awaited else None

    return await found(look, "a head was time-stamped")


@pytest.mark.parametrize(("pem", "code"), [(None, Code.STATE), (b"", Code.KEY), (b"x", Code.KEY)])
async def test_an_address_without_roots_stops_the_start(
    tmp_path: Path, pem: bytes | None, code: Code
) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    log.more = {"timestamp_url": "http://127.0.0.1:9/"}
    if pem is not None:
        log.more["timestamp_ca_file"] = tmp_path / "roots.pem"
        log.more["timestamp_ca_file"].write_bytes(pem)
    with pytest.raises(PlatformError) as caught:
        async with log.serve():
            pass
    assert caught.value.code is code


async def test_an_authority_that_hangs_holds_up_nothing_and_is_told(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with stamping(hangs=True) as url:
        log.more = pinned(tmp_path, url, timestamp_timeout_s=0.3)
        async with log.serve() as served:
            answers = [await append(served, number) for number in range(1, 4)]
            assert answers[-1].size == 4
            assert (await served.get("/readyz")).status_code == 200
            found = await listed(served)
    assert found.items == []
    assert found.fault == "the time-stamping authority does not answer within 0.3 s"


async def test_a_published_head_is_time_stamped_and_anybody_can_verify_it(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, trace_file=tmp_path / "spans.jsonl")
    keys = await log.begin()
    async with stamping() as url:
        log.more = pinned(tmp_path, url)
        async with log.serve() as served:
            [one] = (await listed(served)).items
            raw = await served.get(f"/v1/timestamps/{one.size}")
            assert (await served.get("/v1/timestamps/99")).status_code == 404
            assert (await served.get("/v1/timestamps?after=-1")).status_code == 400
    data = one.checkpoint.encode()
    assert raw.headers["content-type"] == REPLY_TYPE
    assert raw.content == b64_decode(one.reply)
    assert verify_checkpoint(one.checkpoint, keys).size == one.size == 1
    verify_timestamp(raw.content, data, read_roots(authority().roots))
    assert "Verification: OK" in authority().verifies(raw.content, data)
    assert (await log.check()).size == 1
    spans = [json.loads(line) for line in (tmp_path / "spans.jsonl").read_text().splitlines()]
    assert [span["status"] for span in spans if span["name"] == "audit.timestamp"] == ["unset"]
    log.more = {}  # what was stamped is shown also when nobody is asked any more
    async with log.serve() as served:
        assert (await listed(served, awaited=False)).items == [one]
