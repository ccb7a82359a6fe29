"""The append route on a real ledger: refusals, idempotency, concurrency, stops between steps."""

import asyncio
import json
from pathlib import Path

import pytest

from sextant_shared.encoding import b64_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.entries import format_entry, writer_of
from sextant_shared.models.log import AppendAnswer
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.logproof import format_proof, verify_proof
from tests.integration.audit.logs import AuditLog, Served, encoded
from tests.support.entries import sample_of
from tests.support.logs import envelope_id, make_accepted

pytestmark = pytest.mark.anyio


async def append(served: Served, *numbers: int) -> AppendAnswer:
    client = served.client()
    response = await client.request(
        "POST", "/v1/entries", json=encoded(*map(make_accepted, numbers)), repeatable=False
    )
    return AppendAnswer.model_validate_json(response.content)


def prove(answer: AppendAnswer, keys: LogKeys, *numbers: int) -> list[int]:
    """Return the indexes in an answer after verifying every proof as a receipt holder would."""
    for number, item in zip(numbers, answer.items, strict=True):
        leaf = format_entry(make_accepted(number))
        path = [b64_decode(node) for node in item.path]
        logged = verify_proof(leaf, format_proof(item.index, path, answer.checkpoint), keys)
        assert (logged.index, logged.checkpoint.size) == (item.index, answer.size)
    return [item.index for item in answer.items]


async def refused(served: Served, body: bytes, role: str = "exchange") -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        await served.client(role).request("POST", "/v1/entries", content=body, repeatable=False)
    return caught.value


@pytest.mark.parametrize("role", ["auditor", "officer", "party", "registrar", "operator"])
async def test_roles_that_may_not_append_are_refused(tmp_path: Path, role: str) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        error = await refused(served, b"{", role)
        assert error.code is Code.FORBIDDEN
    assert (await log.check()).size == 1


async def test_what_another_service_writes_is_refused_whole(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    of_exchange, of_declarations = make_accepted(1), sample_of("declaration.opened")
    for role, first, second in (
        ("secretariat", of_declarations, of_exchange),
        ("exchange", of_exchange, of_declarations),
    ):
        body = json.dumps(encoded(first, second)).encode()
        async with log.serve() as served:
            error = await refused(served, body, role)
        assert (error.code, error.expected) == (Code.FORBIDDEN, writer_of(second))
    assert (await log.check()).size == 1


async def test_a_caller_without_a_token_is_refused_before_the_body_is_read(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        response = await served.get("/v1/entries")
        assert response.status_code == 405
        response = await served.get("/tile/entries/000.p/1")
        assert response.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"entries":[]}',
        b'{"entries":["e30"]}',
        b'{"entries":["####"]}',
        b'{"entries":[1]}',
        b'{"entries":["e30"],"entries":["e30"]}',
        b'{"entries":["e30"],"more":1}',
        b'{"entries":[' + b",".join([b'"e30"'] * 257) + b"]}",
    ],
)
async def test_a_body_that_does_not_fit_is_refused(tmp_path: Path, body: bytes) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        assert (await refused(served, body)).code is Code.MALFORMED
    assert (await log.check()).size == 1


async def test_an_id_with_other_bytes_is_a_conflict_and_adds_nothing(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        await append(served, 1)
        other = make_accepted(1, env=envelope_id(77))
        with pytest.raises(PlatformError) as caught:
            await served.client().request(
                "POST", "/v1/entries", json=encoded(make_accepted(2), other), repeatable=False
            )
        assert caught.value.code is Code.DUPLICATE
    assert (await log.check()).size == 2


async def test_repeats_and_new_entries_mix_in_one_batch(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        assert prove(await append(served, 1, 2), keys, 1, 2) == [1, 2]
        assert prove(await append(served, 2, 3, 1, 3), keys, 2, 3, 1, 3) == [2, 3, 1, 3]
    async with log.serve() as served:
        assert prove(await append(served, 3, 4), keys, 3, 4) == [3, 4]
    assert (await log.check()).size == 5


async def test_concurrent_batches_get_contiguous_indexes_under_few_heads(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    batches = [range(40 * n, 40 * n + 40) for n in range(1, 13)]
    async with log.serve() as served:
        client = served.client()

        async def send(numbers: range) -> AppendAnswer:
            body = encoded(*map(make_accepted, numbers))
            response = await client.request("POST", "/v1/entries", json=body)
            return AppendAnswer.model_validate_json(response.content)

        answers = await asyncio.gather(*map(send, batches))
    found = [
        index
        for answer, batch in zip(answers, batches, strict=True)
        for index in prove(answer, keys, *batch)
    ]
    assert sorted(found) == list(range(1, 481))
    assert len({answer.size for answer in answers}) < len(batches)
    report = await log.check()
    assert (report.size, report.tiles) == (481, 1)


@pytest.mark.parametrize(
    ("point", "kept"),
    [("audit.before_commit", 3), ("audit.after_commit", 5), ("audit.after_sign", 5)],
)
async def test_a_batch_stopped_between_its_steps_is_finished_by_its_repeat(
    tmp_path: Path, point: str, kept: int
) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        first = await append(served, 1, 2)
        log.crash_at = point
        with pytest.raises(PlatformError, match="E_INTERNAL"):
            await append(served, 3, 4)
        log.crash_at = ""
    assert (await log.check()).size == kept
    async with log.serve() as served:
        assert prove(await append(served, 4, 3, 2), keys, 4, 3, 2) in ([4, 3, 2], [3, 4, 2])
    assert (await log.check()).size == 5
    assert prove(first, keys, 1, 2) == [1, 2]


async def test_a_service_that_faltered_goes_on_without_a_restart(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        for point in ("audit.before_commit", "audit.after_sign"):
            log.crash_at = point
            with pytest.raises(PlatformError, match="E_INTERNAL"):
                await append(served, 1, 2)
            log.crash_at = ""
        assert prove(await append(served, 1, 2, 3), keys, 1, 2, 3) == [1, 2, 3]
    assert (await log.check()).size == 4
