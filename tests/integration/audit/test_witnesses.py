"""The log and its witnesses over HTTP: real requests, real files, one witness that hangs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sextant_client.witness.http import HttpAnswer, HttpRequest, HttpServer
from sextant_shared.crypto.keys import Alg
from sextant_shared.encoding import b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.proofs import verify_consistency
from sextant_shared.models.log import WitnessedHead, WitnessReport
from sextant_shared.protocol.checkpoints import verify_checkpoint
from sextant_shared.protocol.policies import Policy, parse_policy
from tests.integration.audit.logs import AuditLog, Served
from tests.integration.audit.test_appending import append
from tests.integration.audit.test_read_path import published
from tests.support.waiting import found
from tests.support.witness_service import Running
from tests.support.witnesses import witness_vkey

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def listening(witness: Running | None) -> AsyncIterator[str]:
    """Serve a witness on loopback; without one, answer nobody."""

    done = asyncio.Event()

    async def handle(request: HttpRequest) -> HttpAnswer:
        if witness is None:
            await done.wait()
            return HttpAnswer(500, "text/plain", b"")
        return await asyncio.to_thread(witness.witness.answer, request)

    server = HttpServer(handle)
    port = await server.start("127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        done.set()
        await server.close()
        if witness is not None:
            witness.memory.close()


def policy_file(folder: Path, urls: dict[str, str], threshold: str) -> tuple[Path, Policy]:
    lines = [f"witness {name} {witness_vkey(name)} {url}" for name, url in urls.items()]
    lines += [
        f"witness {name}-pq {witness_vkey(name, Alg.ML_DSA_44)} {url}" for name, url in urls.items()
    ]
    lines += [f"group states {threshold} {' '.join(urls)}", "quorum states", ""]
    path = folder / "policy.txt"
    path.write_text("\n".join(lines))
    return path, parse_policy(path.read_bytes())


async def witnessed(served: Served, first: int, size: int) -> WitnessedHead:
    async def look() -> WitnessedHead | None:
        response = await served.get(f"/v1/witnessed?first={first}")
        if response.status_code != 200:
            return None
        found = WitnessedHead.model_validate_json(response.content)
        return found if found.second >= size else None

    return await found(look, f"a head of {size} entries was witnessed")


async def refuses_to_open(log: AuditLog) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        async with log.serve():
            pass
    return caught.value


async def test_a_policy_at_fault_stops_the_start_and_names_its_lines(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    log.policy = tmp_path / "policy.txt"
    assert (await refuses_to_open(log)).code is Code.STATE
    log.policy.write_text("witness a b\nquorum c\n")
    error = await refuses_to_open(log)
    assert [finding.source for finding in error.findings] == ["line 1", "line 2", "line 2"]
    log.policy.write_text("quorum none\n")
    async with log.serve() as served:
        assert (await served.get("/checkpoint")).status_code == 200


async def test_a_log_without_witnesses_says_so(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        for path in ("/v1/witnesses", "/v1/witnessed?first=1"):
            assert (await served.get(path)).status_code == 404


async def test_heads_are_cosigned_served_and_proved(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, trace_file=tmp_path / "spans.jsonl")
    keys = await log.begin()
    async with (
        listening(Running(tmp_path / "xal", vkeys=keys.vkeys)) as xal,
        listening(Running(tmp_path / "xbo", name="xbo", vkeys=keys.vkeys)) as xbo,
        listening(None) as hangs,
    ):
        urls = {"xal": xal, "xbo": xbo, "xch": hangs}
        log.policy, policy = policy_file(tmp_path, urls, "2")
        async with log.serve() as served:
            first = verify_checkpoint((await append(served, 1, 2)).checkpoint, keys)
            head = await witnessed(served, first.size, first.size)
            again = await append(served, 3, 4, 5)
            later = await witnessed(served, first.size, again.size)
            path = [b64_decode(node) for node in later.path]
            cosigned = verify_checkpoint(later.checkpoint, keys)
            verify_consistency(first.size, cosigned.size, path, first.root, cosigned.root)
            verdict = policy.judge(later.checkpoint)
            assert verdict.is_met
            assert verdict.missing == ("xch", "xch-pq")
            served_head = (await served.get("/checkpoint")).text
            assert policy.judge(served_head).is_met
            report = WitnessReport.model_validate_json((await served.get("/v1/witnesses")).content)
            assert report.witnessed_size == report.size == again.size
            assert {s.name: s.lag for s in report.witnesses}["xch"] == again.size
            assert {s.fault for s in report.witnesses} == {"", "does not answer within 2.5 s"}
            assert (await served.get("/v1/witnessed?first=99")).status_code == 404
            assert head.first == first.size
        async with log.serve() as served:  # all of it is known again after a stop
            found = await served.get("/v1/witnessed?first=1")
            assert WitnessedHead.model_validate_json(found.content).second == again.size
    await log.check()
    spans = [json.loads(line) for line in (tmp_path / "spans.jsonl").read_text().splitlines()]
    asked = [span for span in spans if span["name"] == "audit.witness"]
    assert {span["attributes"]["dxe.witness.name"] for span in asked} == {
        "xal.example/w",
        "xbo.example/w",
        "xch.example/w",
    }
    assert all(span["attributes"]["dxe.witness.lag"] >= 0 for span in asked)
    assert {
        span["status"] for span in asked if "xch" in span["attributes"]["dxe.witness.name"]
    } == {"error"}


async def test_witnesses_that_hang_hold_up_no_entry(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with listening(None) as hangs:
        log.policy, _ = policy_file(tmp_path, {"xal": hangs}, "1")
        async with log.serve() as served:
            clock = asyncio.get_running_loop().time
            began = clock()
            for number in range(1, 6):
                await append(served, number)
            assert clock() - began < 8  # one call alone would hang for 2.5 s, again and again
            await published(served, keys, 6)
