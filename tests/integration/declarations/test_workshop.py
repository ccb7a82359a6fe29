"""Processes of their own for keys and plaintext: what dies there takes one delivery down."""

import asyncio
import io
import json
import os
import pickle
import queue
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.clients.bench import Bench, FreshBench, Tools, attempt
from sextant_declarations.clients.workshop import ProcessWorkshop, ThreadWorkshop
from sextant_declarations.domain.deliveries import Content, Dossier
from sextant_declarations.domain.owed import Address, SealedReply, SealOrder
from sextant_shared.clock import timestamp_s
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.sealing import SoftwareOpener
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.party import KeyUse
from sextant_shared.protocol.keyfiles import PrivateKey, write_key_file
from sextant_shared.protocol.manifest import read_manifest
from sextant_shared.protocol.parties import sign_party_document
from tests.integration.declarations.contents import declaration
from tests.support.logs import NOW
from tests.support.parties import S1, opener, pair, party_key, signer
from tests.unit.declarations.world import SEC, XAL, World

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def tools(world: World, tmp_path: Path) -> Tools:
    """Write the Secretariat's key files and trust file."""
    first, second = (signer(f"{SEC}/sig", alg) for alg in S1)
    keys: dict[str, SoftwareOpener | SoftwareSigner] = {
        "seal": opener(f"{SEC}/seal"),
        "sig-1": first,
        "sig-2": second,
    }
    for name, key in keys.items():
        write_key_file(tmp_path / name, PrivateKey(name.partition("-")[0], key))
    log = {"origin": world.log.origin, "vkeys": list(world.log.keys.vkeys)}
    pinned = [
        {"name": name, "keys": [half.jwk for half in pair]}
        for name, pair in world.registrars.pairs.items()
    ]
    registrars = {"threshold": world.registrars.threshold, "registrars": pinned}
    trust = {"v": 1, "registrars": registrars, "log": log, "checkpoint": None}
    (tmp_path / "trust.json").write_text(json.dumps(trust))
    return Tools(
        party=SEC,
        trust_file=tmp_path / "trust.json",
        sealing_key_files=(tmp_path / "seal",),
        signing_key_files=(tmp_path / "sig-1", tmp_path / "sig-2"),
        passphrase_file=None,
        created_tolerance_s=86_400,
        max_declaration_bytes=1 << 20,
        max_declaration_values=100_000,
        max_filings_bytes=1_000_000,
        process_memory_bytes=1 << 30,
    )


@pytest.fixture
async def workshop(tools: Tools) -> AsyncIterator[ProcessWorkshop]:
    made = ProcessWorkshop(tools, processes=2, jobs_per_process=3, job_timeout_s=20)
    await asyncio.to_thread(made.open)
    yield made
    made.close()


def dossier(world: World, folder: Path, content: bytes | None = None) -> Dossier:
    place = folder / str(world.number())
    place.mkdir()
    return world.dossier(world.declare(content=content or declaration()), place)


def order(world: World, number: int) -> SealOrder:
    return SealOrder(
        id=f"0193a3c0-0000-7000-8000-{number:012x}",
        type="receipt.opened",
        content=b"{}",
        to=Address(party=XAL, jwk=dict(world.keys[XAL].seal.jwk)),
        classification="C1",
        created=timestamp_s(NOW),
        irt="0193a3c0-0000-7000-8000-000000000000",
        beacon=None,
    )


def children(workshop: ProcessWorkshop) -> set[int]:
    return {child._process.pid or 0 for child in workshop._children}


async def test_keys_that_come_into_the_folder_are_used_from_the_next_job_on(
    tools: Tools, tmp_path: Path, world: World
) -> None:
    folder = tmp_path / "keys"
    sec = world.keys[SEC]
    for name, half in zip(("sig-a", "sig-b"), S1, strict=True):
        write_key_file(folder / f"{name}.json", PrivateKey("sig", signer(f"{SEC}/sig", half)))
    (folder / "party.jws").write_bytes(sign_party_document(sec.document(), sec.root))
    bench = FreshBench(replace(tools, signing_key_files=None, key_folder=folder))
    for name, alg in zip(("sig-c", "sig-d"), S1, strict=True):
        write_key_file(folder / f"{name}.json", PrivateKey("sig", signer("sig 2", alg)))
    assert skid(bench.do(("seal", [order(world, 1)]))) == [half.kid for half in sec.sig]
    fresh = [party_key(KeyUse.SIG, half) for half in pair("sig 2")]
    document = sec.document(keys=[*sec.document().keys, *fresh])
    (folder / "party.jws").write_bytes(sign_party_document(document, sec.root))
    assert skid(bench.do(("seal", [order(world, 2)]))) == [key.kid for key in fresh]
    (folder / "sig-e.json").write_text("half a fi")
    assert skid(bench.do(("seal", [order(world, 3)]))) == [key.kid for key in fresh]


def skid(replies: list[SealedReply]) -> list[str]:
    return read_manifest(io.BytesIO(replies[0].container)).header.skid


async def test_wrong_key_files_stop_the_service_at_its_start(tools: Tools, tmp_path: Path) -> None:
    wrong = replace(tools, signing_key_files=(tmp_path / "sig-2", tmp_path / "sig-1"))
    workshop = ProcessWorkshop(wrong, processes=1, jobs_per_process=3, job_timeout_s=20)
    with pytest.raises(PlatformError, match="no signing pair") as raised:
        await asyncio.to_thread(workshop.open)
    assert raised.value.code is Code.KEY
    workshop.close()


async def test_a_declaration_is_opened_and_checked_by_the_real_rules(
    world: World, workshop: ProcessWorkshop, tmp_path: Path
) -> None:
    sent = dossier(world, tmp_path)
    examined = await workshop.examine(sent)
    assert isinstance(examined.result, Content)
    assert examined.result.check is not None
    assert examined.result.check.facts is not None
    assert examined.result.check.facts.closes == ("S2",)
    assert sent.stage.content.read_bytes() == declaration()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[" * 60_000, id="deep JSON"),
        pytest.param(b"\x00" * 100, id="zeros"),
        pytest.param(b'{"kind":"NIL","kind":"NIL"}', id="duplicate members"),
        pytest.param(b'"' + b"x" * (1 << 20) + b'"', id="too large"),
        pytest.param(declaration(attachments=[1] * 200_000), id="too many values"),
    ],
)
async def test_hostile_content_is_rejected_and_the_process_lives(
    world: World, workshop: ProcessWorkshop, tmp_path: Path, content: bytes
) -> None:
    before = children(workshop)
    examined = await workshop.examine(dossier(world, tmp_path, content))
    assert isinstance(examined.result, Content)
    assert examined.result.check is not None
    assert not examined.result.check.is_declaration
    assert examined.result.check.findings
    assert children(workshop) == before


async def test_an_error_keeps_its_code_on_the_way_back(
    world: World, workshop: ProcessWorkshop, tmp_path: Path
) -> None:
    bad = replace(dossier(world, tmp_path), custody=b"{}")
    with pytest.raises(PlatformError, match="custody receipt does not hold") as raised:
        await workshop.examine(bad)
    assert raised.value.code is Code.INTEGRITY


async def test_a_process_that_dies_takes_one_job_down_and_is_replaced(
    world: World, workshop: ProcessWorkshop, tmp_path: Path
) -> None:
    victim = workshop._idle.get()
    workshop._idle = queue.SimpleQueue()
    workshop._idle.put(victim)
    os.kill(victim._process.pid or 0, signal.SIGKILL)
    with pytest.raises(PlatformError, match="ended during a job") as raised:
        await workshop.examine(dossier(world, tmp_path))
    assert raised.value.code is Code.UNAVAILABLE
    assert isinstance((await workshop.examine(dossier(world, tmp_path))).result, Content)
    assert victim not in workshop._children


async def test_a_process_that_takes_too_long_is_ended(
    world: World, tools: Tools, tmp_path: Path
) -> None:
    workshop = ProcessWorkshop(tools, processes=1, jobs_per_process=9, job_timeout_s=20)
    await asyncio.to_thread(workshop.open)
    (stuck,) = children(workshop)
    os.kill(stuck, signal.SIGSTOP)
    workshop._timeout_s = 0.1
    with pytest.raises(PlatformError, match="took longer") as raised:
        await workshop.examine(dossier(world, tmp_path))
    assert raised.value.code is Code.UNAVAILABLE
    assert stuck not in children(workshop)
    workshop.close()


async def test_processes_are_replaced_so_that_nothing_stays_in_memory(
    world: World, workshop: ProcessWorkshop
) -> None:
    first = children(workshop)
    for number in range(8):
        await workshop.seal([order(world, number)])
    assert not first & children(workshop)


async def test_replies_come_back_in_order_whoever_sealed_them(
    world: World, workshop: ProcessWorkshop
) -> None:
    orders = [order(world, number) for number in range(13)]
    sealed = await workshop.seal(orders)
    assert [reply.order for reply in sealed] == orders
    assert await workshop.seal([]) == []


async def test_the_event_loop_stays_free_while_processes_work(
    world: World, workshop: ProcessWorkshop
) -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            start = time.monotonic()
            await asyncio.sleep(0.001)
            longest = max(longest, time.monotonic() - start)

    watching = asyncio.create_task(watch())
    await workshop.seal([order(world, number) for number in range(60)])
    watching.cancel()
    assert longest < 0.15


async def test_stopping_does_not_wait_for_a_job(world: World, tools: Tools, tmp_path: Path) -> None:
    workshop = ProcessWorkshop(tools, processes=1, jobs_per_process=9, job_timeout_s=60)
    await asyncio.to_thread(workshop.open)
    (stuck,) = children(workshop)
    os.kill(stuck, signal.SIGSTOP)
    job = asyncio.create_task(workshop.examine(dossier(world, tmp_path)))
    await asyncio.sleep(0.05)
    await asyncio.wait_for(asyncio.to_thread(workshop.close), 5)
    with pytest.raises(PlatformError):
        await job


async def test_sealed_key_files_open_with_the_passphrase_file(
    world: World, tools: Tools, tmp_path: Path
) -> None:
    (tmp_path / "passphrase").write_bytes(b"a long passphrase\n")
    key = PrivateKey("seal", opener(f"{SEC}/seal", Alg.K1))
    write_key_file(tmp_path / "sealed", key, b"a long passphrase")
    sealed = replace(
        tools,
        sealing_key_files=(tmp_path / "sealed",),
        passphrase_file=tmp_path / "passphrase",
    )
    workshop = ThreadWorkshop(Bench.set_up(sealed))
    assert isinstance((await workshop.examine(dossier(world, tmp_path))).result, Content)
    workshop.close()


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [
        (ValueError("42 tonnes"), Code.INTERNAL, "the workshop met a defect: ValueError"),
        (OSError(28, "No space left on device"), Code.UNAVAILABLE, "No space left"),
        (PlatformError(Code.KEY, "a reason"), Code.KEY, "a reason"),
    ],
)
def test_errors_travel_without_declared_content(error: Exception, code: Code, detail: str) -> None:
    def work(_: Any) -> None:
        raise error

    failure = attempt(work, ("examine", None))
    assert failure.code is code
    assert detail in failure.detail


_OPEN = """
import pickle, sys, time
from pathlib import Path
from sextant_declarations.clients.workshop import ProcessWorkshop

tools = pickle.loads(Path(sys.argv[1]).read_bytes())
workshop = ProcessWorkshop(tools, processes=2, jobs_per_process=9, job_timeout_s=20)
workshop.open()
print(*(child._process.pid for child in workshop._children), flush=True)
time.sleep(60)
"""


async def test_processes_end_with_a_service_that_is_killed(tools: Tools, tmp_path: Path) -> None:
    (tmp_path / "tools").write_bytes(pickle.dumps(tools))
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _OPEN, str(tmp_path / "tools"), stdout=asyncio.subprocess.PIPE
    )
    assert service.stdout is not None
    pids = [int(text) for text in (await service.stdout.readline()).split()]
    assert len(pids) == 2
    service.kill()
    await service.wait()
    async with asyncio.timeout(5):
        while any(alive(pid) for pid in pids):  # noqa: ASYNC110 - somebody else's processes
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
