"""The log against a witness that answers anything: told by name, kept once, and nothing waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from sextant_audit.clients.witnesses import MAX_ANSWER_BYTES
from sextant_client.witness.http import HttpAnswer, HttpRequest, HttpServer
from sextant_shared.chassis.database import open_reader
from sextant_shared.models.log import WitnessReport
from sextant_shared.protocol.witnessing import SIZE_TYPE, parse_add_checkpoint
from tests.integration.audit.logs import AuditLog, Served
from tests.integration.audit.test_appending import append, prove
from tests.integration.audit.test_witnesses import policy_file
from tests.support.waiting import found
from tests.support.witness_service import Running

pytestmark = pytest.mark.anyio

TEXT = "text/plain"
ANSWERS = {
    # what it answers, and what /v1/witnesses says of it
    "s400": (HttpAnswer(400, TEXT, b"bad request\n"), "answered 400: bad request"),
    "s403": (HttpAnswer(403, TEXT, b"no key\n"), "answered 403: no key"),
    "s404": (HttpAnswer(404, TEXT, b"unknown log\n"), "answered 404: unknown log"),
    "s409": (HttpAnswer(409, TEXT, b"another root\n"), "answered 409: another root"),
    "ahead": (HttpAnswer(409, SIZE_TYPE, b"99\n"), "holds size 99, which this log never published"),
    "noise": (HttpAnswer(409, SIZE_TYPE, b"many\n"), "a conflict does not say which size is held"),
    "s413": (HttpAnswer(413, TEXT, b"too large\n"), "answered 413: too large"),
    "s422": (HttpAnswer(422, TEXT, b"no proof\n"), "answered 422: no proof"),
    "s429": (HttpAnswer(429, TEXT, b"later\n"), "answered 429: later"),
    "s500": (HttpAnswer(500, TEXT, b"\xff\xfe\n"), "answered 500: \ufffd\ufffd"),
    "s503": (HttpAnswer(503, TEXT, b"down\n"), "answered 503: down"),
    "empty": (HttpAnswer(200, TEXT, b""), "signature lines hold a control character"),
    "words": (HttpAnswer(200, TEXT, b"thank you\n"), "signature line"),
    "bytes": (HttpAnswer(200, TEXT, b"\xff\n"), "answered with what is no text"),
    "flood": (HttpAnswer(200, TEXT, bytes(MAX_ANSWER_BYTES + 1)), "answers without end"),
    "hangs": (None, "does not answer within 2.5 s"),
}


@asynccontextmanager
async def everybody(sound: Running) -> AsyncIterator[str]:
    """Serve one witness that works, and one for each answer, each under a path of its own."""
    done = asyncio.Event()

    async def handle(request: HttpRequest) -> HttpAnswer:
        name = request.path.split("/")[1]
        if name == "xal":
            inner = HttpRequest(request.method, "/add-checkpoint", request.body)
            return await asyncio.to_thread(sound.witness.answer, inner)
        answer, _ = ANSWERS[name]
        if answer is None:
            await done.wait()
        return answer or HttpAnswer(500, TEXT, b"")

    server = HttpServer(handle)
    port = await server.start("127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        done.set()
        await server.close()
        sound.memory.close()


async def told(served: Served) -> dict[str, str]:
    """Return what the log says of each witness, once it has asked them all."""

    async def look() -> dict[str, str] | None:
        found = await served.get("/v1/witnesses")
        report = WitnessReport.model_validate_json(found.content)
        faults = {state.name: state.fault for state in report.witnesses}
        is_done = all(faults[name] for name in ANSWERS)
        return faults if is_done and report.witnessed_size == report.size == 4 else None

    return await found(look, "all witnesses were asked")


async def test_every_answer_of_a_witness_is_told_kept_and_holds_up_nothing(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with everybody(Running(tmp_path / "xal", vkeys=keys.vkeys)) as url:
        urls = {name: f"{url}/{name}" for name in ("xal", *ANSWERS)}
        log.policy, policy = policy_file(tmp_path, urls, "1")
        async with log.serve() as served:
            for number in range(1, 4):
                assert prove(await append(served, number), keys, number) == [number]
            faults = await told(served)
            note = (await served.get("/checkpoint")).text
    for name, (_, says) in ANSWERS.items():
        assert says in faults[name], name
    assert faults["xal"] == ""
    assert set(policy.judge(note).seen) == {"xal", "xal-pq"}
    engine = open_reader(log.settings.place)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT url, detail, request FROM refused")).all()
    engine.dispose()
    assert {address.rpartition("/")[2] for address, _, _ in kept} >= set(ANSWERS)
    for _, _, request in kept:
        assert parse_add_checkpoint(request.encode()).checkpoint
    assert (await log.check()).size == 4
