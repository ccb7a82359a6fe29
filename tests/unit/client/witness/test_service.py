"""The status table of C2SP tlog-witness, and what may never be signed."""

import hashlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sextant_client.witness.http import HttpRequest
from sextant_client.witness.memory import MAX_EVIDENCE, Memory
from sextant_shared.crypto.keys import Alg
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.notes import parse_checkpoint_body, parse_note, parse_signatures
from sextant_shared.protocol.checkpoints import verify_checkpoint
from sextant_shared.protocol.cosignatures import Cosignature, find_cosignatures
from sextant_shared.protocol.witnessing import SIZE_TYPE, parse_size
from tests.support.logs import NOW, ORIGIN, MemoryLog, log_keys
from tests.support.witness_service import FORK, LOG, Running, request
from tests.support.witnesses import cosigner

BOTH = [cosigner("xal", alg) for alg in (Alg.ED25519, Alg.ML_DSA_44)]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    witness = Running(tmp_path)
    yield witness
    witness.memory.close()


def signed(answer: bytes, size: int, log: MemoryLog = LOG) -> list[Cosignature]:
    body = parse_checkpoint_body(parse_note(log.checkpoint(size)).text)
    return find_cosignatures(BOTH, body, parse_signatures(answer.decode()))


def accepted(running: Running, old: int, size: int) -> list[Cosignature]:
    answer = running.post(request(old, size))
    assert answer.status == 200, answer.body
    return signed(answer.body, size)


def test_what_is_no_request_is_400(running: Running) -> None:
    for body in (b"", b"old x\n\n", request(0, 3)[:-1], b"\xff"):
        assert running.post(body).status == 400
    assert running.post(b"o" * 70_000).status == 413
    assert running.memory.heads() == []


def test_an_unknown_origin_is_404(running: Running) -> None:
    stranger = MemoryLog(LOG.leaves, origin="log.example/other")
    assert running.post(request(0, 3, stranger)).status == 404


def test_a_head_by_other_keys_is_403(running: Running) -> None:
    assert running.post(request(0, 3, MemoryLog(LOG.leaves, label="impostor"))).status == 403
    assert running.memory.heads() == []


def test_what_is_neither_asked_nor_read_is_404_or_405(running: Running) -> None:
    for method, path, status in (
        ("PUT", "/add-checkpoint", 405),
        ("POST", "/", 405),
        ("POST", "/add-checkpoint/", 404),
        ("POST", "/sign-subtree", 404),
    ):
        answer = running.witness.answer(HttpRequest(method, path, request(0, 3)))
        assert (answer.status, running.memory.heads()) == (status, [])


def test_an_old_size_beyond_the_head_is_400(running: Running) -> None:
    accepted(running, 0, 5)
    assert running.post(request(5, 3)).status == 400


def test_another_old_size_is_409_and_says_which_is_held(running: Running) -> None:
    for old, held in ((3, 0), (0, 5), (4, 5)):
        if held:
            running.post(request(0, held))
        answer = running.post(request(old, 9))
        assert (answer.status, answer.content_type) == (409, SIZE_TYPE)
        assert parse_size(answer.body) == held


def test_the_size_held_with_another_root_is_409_and_kept(running: Running) -> None:
    accepted(running, 0, 9)
    answer = running.post(request(9, 9, FORK))
    assert answer.status == 409
    assert answer.content_type != SIZE_TYPE
    (kept,) = running.memory.evidence()
    assert (kept.origin, kept.size) == (ORIGIN, 9)
    assert verify_checkpoint(kept.held, log_keys()).root != b""
    assert parse_note(FORK.checkpoint(9)).text in kept.request


def test_a_fork_is_422_and_kept_once(running: Running) -> None:
    accepted(running, 0, 7)
    for _ in range(3):
        assert running.post(request(7, 9, FORK)).status == 422
    assert [kept.size for kept in running.memory.evidence()] == [9]
    assert MAX_EVIDENCE > 1


def test_a_continuation_is_200_with_both_cosignatures(running: Running) -> None:
    for old, size in ((0, 1), (1, 5), (5, 8), (8, 12)):
        running.now += 1
        found = accepted(running, old, size)
        assert [cosignature.time for cosignature in found] == [int(running.now)] * 2


def test_the_same_head_again_is_signed_afresh(running: Running) -> None:
    accepted(running, 0, 5)
    running.now += 60
    assert {found.time for found in accepted(running, 5, 5)} == {int(NOW) + 60}


def test_a_clock_that_goes_back_takes_no_time_back(running: Running) -> None:
    accepted(running, 0, 5)
    running.now -= 3600
    assert {found.time for found in accepted(running, 5, 8)} == {int(NOW)}


def test_of_many_requests_at_once_one_history_is_signed(running: Running) -> None:
    """Every thread offers one of two forks; whatever is signed continues what was signed."""
    accepted(running, 0, 5)
    offers = [request(5, size, log) for size in range(6, 12) for log in (LOG, FORK)] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(running.post, offers))
    assert {answer.status for answer in answers} <= {200, 409}
    won = {body for body, answer in zip(offers, answers, strict=True) if answer.status == 200}
    assert len(won) == 1


def test_a_witness_that_starts_again_goes_on_where_it_was(tmp_path: Path) -> None:
    first = Running(tmp_path)
    accepted(first, 0, 7)
    first.memory.close()
    second = Running(tmp_path)
    assert parse_size(second.post(request(0, 9)).body) == 7
    assert accepted(second, 7, 9)
    second.memory.close()


def test_two_processes_on_one_memory_sign_one_history(tmp_path: Path) -> None:
    one = Running(tmp_path)
    other = Running(tmp_path)
    accepted(one, 0, 5)
    assert other.post(request(5, 9, FORK)).status == 200
    assert one.post(request(5, 9)).status == 409
    one.memory.close()
    other.memory.close()


def test_nothing_is_signed_that_could_not_be_remembered(tmp_path: Path) -> None:
    running = Running(tmp_path)
    accepted(running, 0, 5)
    running.memory.close()
    answer = running.post(request(5, 9))
    assert answer.status == 503
    assert "—" not in answer.body.decode()


def test_a_memory_that_is_lost_stops_the_witness(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="retire these keys") as caught:
        raise_with_fix(tmp_path / "memory.sqlite3")
    assert caught.value.code == "E_INTEGRITY"
    (tmp_path / "empty.sqlite3").touch()
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        Memory.open(tmp_path / "empty.sqlite3")


def raise_with_fix(path: Path) -> None:
    try:
        Memory.open(path)
    except PlatformError as error:
        raise PlatformError(error.code, f"{error.detail} {error.fix}") from error


def test_a_memory_that_exists_is_not_made_again(tmp_path: Path) -> None:
    Memory.create(tmp_path / "m").close()
    with pytest.raises(PlatformError, match="E_STATE"):
        Memory.create(tmp_path / "m")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE head SET size = size - 1",
        "UPDATE head SET root = zeroblob(32)",
        "UPDATE head SET origin = 'other'",
        "UPDATE head SET time = time - 1",
        "DELETE FROM head",
        "INSERT OR REPLACE INTO head SELECT origin, 1, zeroblob(32), 1, '' FROM head",
        "DELETE FROM evidence",
    ],
)
def test_the_memory_refuses_to_be_taken_back(running: Running, statement: str) -> None:
    accepted(running, 0, 5)
    running.post(request(5, 5, FORK))
    running.post(request(5, 9))
    running.post(request(9, 9, FORK))
    connection = sqlite3.connect(running.path / "memory.sqlite3")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()


def test_the_newest_cosigned_head_can_be_fetched_by_the_hash_of_its_origin(
    running: Running,
) -> None:
    path = f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert running.get(path).status == 404
    accepted(running, 0, 5)
    running.now += 60
    answer = running.get(path)
    text = answer.body.decode()
    assert verify_checkpoint(text, log_keys()).size == 5
    found = find_cosignatures(
        BOTH, parse_checkpoint_body(parse_note(text).text), parse_note(text).signatures
    )
    assert [cosignature.time for cosignature in found] == [int(NOW)] * 2
    assert running.get(f"/{'0' * 64}/checkpoint").status == 404


def test_the_page_says_who_the_witness_is_and_what_it_holds(running: Running) -> None:
    accepted(running, 0, 5)
    page = running.get("/").body.decode()
    assert "xal.example/w" in page
    assert f"log  {ORIGIN}\n     size 5" in page
    assert running.get("/healthz").body == b"ok\n"
    assert running.get("/other").status == 404
    assert running.get("/add-checkpoint").status == 404
