"""The signer behind its socket: who may ask, what is a frame, and how a client lives with it."""

import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant_audit.signer.frames import (
    LENGTH_BYTES,
    MAX_FRAME_BYTES,
    AskToSign,
    Refused,
    Standing,
    ask_to_sign,
    format_frame,
    frame_length,
    read_request,
    read_signed,
    read_standing,
)
from sextant_audit.signer.remote import RemoteSigner, look
from sextant_audit.signer.server import MAX_CONNECTIONS, listen
from sextant_shared.encoding import b64, canonical_json
from sextant_shared.errors import Code, Finding, PlatformError, Severity
from sextant_shared.merkle.hashing import EMPTY_ROOT
from sextant_shared.protocol.checkpoints import verify_checkpoint
from tests.support.logs import ORIGIN, log_keys
from tests.support.signers import TIMEOUT_S, SignerThread, served
from tests.unit.audit.test_signer import make_guard, path, root

OWN = frozenset({os.geteuid()})
HASH = b64(bytes(32))


@pytest.fixture
def signer(tmp_path: Path) -> Iterator[SignerThread]:
    with served(SignerThread(make_guard(tmp_path), tmp_path / "s", OWN)) as thread:
        yield thread


def refused(remote: RemoteSigner, size: int, head: bytes, proof: list[bytes]) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        remote.sign(size, head, proof)
    return caught.value


def say(thread: SignerThread, data: bytes) -> bytes:
    """Send bytes as a stranger; return the body of the answer, and see that it was the last."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(TIMEOUT_S)
        line.connect(str(thread.path))
        line.sendall(data)
        with line.makefile("rb") as file:
            body = file.read(frame_length(file.read(LENGTH_BYTES)))
            assert file.read() == b""
    return body


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def test_heads_signed_over_the_socket_verify_and_go_on(signer: SignerThread) -> None:
    with closing(signer.connect()) as remote:
        assert (remote.size, remote.keys) == (0, log_keys())
        remote.sign(1, root(1), [])
        head = remote.sign(20, root(20), path(1, 20))
        signed = verify_checkpoint(head.checkpoint, log_keys())
        assert (signed.size, signed.root, float(signed.time)) == (20, root(20), head.time)
        assert (remote.size, remote.root) == (20, root(20))
        assert remote.sign(20, root(20), []).size == 20


def test_what_the_guard_refuses_is_refused_with_its_evidence(signer: SignerThread) -> None:
    with closing(signer.connect()) as remote:
        remote.sign(1, root(1), [])
        remote.sign(20, root(20), path(1, 20))
        for size, head, proof in (
            (19, root(19), []),
            (20, root(21), []),
            (30, root(30), []),
            (30, root(29), path(20, 30)),
        ):
            error = refused(remote, size, head, proof)
            assert error.code is Code.INTEGRITY
            assert error.evidence["signed"] == f"20\n{b64(root(20))}"
        assert remote.sign(30, root(30), path(20, 30)).size == 30


def test_a_client_of_another_log_is_refused(signer: SignerThread) -> None:
    with pytest.raises(PlatformError, match="another log") as caught:
        RemoteSigner.connect(signer.path, "log.example/other", TIMEOUT_S)
    assert (caught.value.code, caught.value.expected) == (Code.KEY, ORIGIN)


def test_one_process_holds_the_signer_and_lets_go_when_it_ends(signer: SignerThread) -> None:
    first = signer.connect()
    with pytest.raises(PlatformError, match="another process") as caught:
        signer.connect()
    assert caught.value.code is Code.STATE
    assert str(os.getpid()) in caught.value.received
    first.close()
    signer.connect().close()


def test_who_does_not_hold_may_look_and_has_nothing_signed(signer: SignerThread) -> None:
    with closing(signer.connect()) as remote:
        remote.sign(1, root(1), [])
        assert look(signer.path, ORIGIN, TIMEOUT_S) == (log_keys(), 1, root(1))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.connect(str(signer.path))
            line.sendall(format_frame(ask_to_sign(ORIGIN, 20, root(20), path(1, 20))))
            answer = line.recv(MAX_FRAME_BYTES)
        with pytest.raises(PlatformError, match="E_STATE"):
            read_signed(answer[LENGTH_BYTES:])
        assert signer.guard.size == 1


def test_another_user_is_refused_by_what_the_kernel_says(tmp_path: Path) -> None:
    other = frozenset({os.geteuid() + 1})
    thread = SignerThread(make_guard(tmp_path), tmp_path / "s", other)
    with served(thread), pytest.raises(PlatformError) as caught:
        thread.connect()
    assert (caught.value.code, caught.value.received) == (Code.FORBIDDEN, f"user {os.geteuid()}")


def test_connections_beyond_the_bound_are_told_to_come_back(signer: SignerThread) -> None:
    lines = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(MAX_CONNECTIONS)]
    for line in lines:
        line.connect(str(signer.path))
    with pytest.raises(PlatformError, match="too many") as caught:
        signer.connect()
    assert caught.value.code is Code.UNAVAILABLE
    for line in lines:
        line.close()
    signer.connect().close()


@contextmanager
def answering(listener: socket.socket, *answers: bytes) -> Iterator[None]:
    """Answer the frames of one connection with these bytes, whatever they ask, and close it."""

    def answer() -> None:
        with listener, listener.accept()[0] as line, line.makefile("rb") as file:
            for each in answers:
                file.read(frame_length(file.read(LENGTH_BYTES)))
                line.sendall(each)

    thread = threading.Thread(target=answer)
    thread.start()
    yield
    thread.join(TIMEOUT_S)


SIGN = {"v": 1, "op": "sign", "origin": ORIGIN, "size": 1, "root": HASH, "path": []}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ((MAX_FRAME_BYTES + 1).to_bytes(LENGTH_BYTES, "big"), Code.TOO_LARGE),
        (b"\xff\xff\xff\xff", Code.TOO_LARGE),
        (bytes(LENGTH_BYTES), Code.MALFORMED),
        (b"\0", Code.MALFORMED),
        (framed(b"{}")[:-1], Code.MALFORMED),
        (framed(b"{}"), Code.MALFORMED),
        (framed(b"[]"), Code.MALFORMED),
        (framed(b"GET / HTTP/1.1\r\n\r\n"), Code.MALFORMED),
        (framed(b'{"op": "look","origin":"log.example/sextant","v":1}'), Code.MALFORMED),
        (framed(b'{"v":1,"op":"look","origin":"log.example/sextant"}'), Code.MALFORMED),
        (framed(canonical_json({"v": 2, "op": "look", "origin": ORIGIN})), Code.MALFORMED),
        (framed(canonical_json({"v": True, "op": "look", "origin": ORIGIN})), Code.MALFORMED),
        (framed(canonical_json({"v": 1, "op": "give-keys", "origin": ORIGIN})), Code.MALFORMED),
        (framed(canonical_json({"v": 1, "op": "look", "origin": 1, "x": 2})), Code.MALFORMED),
        (framed(canonical_json({**SIGN, "root": HASH[:-2]})), Code.MALFORMED),
        (framed(canonical_json({**SIGN, "path": ["!"]})), Code.MALFORMED),
        (framed(canonical_json({**SIGN, "path": [HASH] * 129})), Code.MALFORMED),
        (framed(canonical_json({**SIGN, "size": -1})), Code.MALFORMED),
        (framed(canonical_json({str(n): n for n in range(4000)})), Code.MALFORMED),
    ],
)
def test_a_bad_frame_is_answered_and_ends_its_connection_alone(
    signer: SignerThread, data: bytes, code: Code
) -> None:
    with closing(signer.connect()) as remote:
        with pytest.raises(PlatformError) as caught:
            read_standing(say(signer, data))
        assert caught.value.code is code
        assert remote.sign(1, root(1), []).size == 1


def test_a_silent_stranger_is_let_go_and_a_silent_holder_is_not(signer: SignerThread) -> None:
    with closing(signer.connect()) as remote:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(TIMEOUT_S)
            line.connect(str(signer.path))
            assert line.recv(1) == b""  # more than the holder was ever silent before
        assert remote.sign(1, root(1), []).size == 1


def test_a_signer_that_is_away_passes_and_one_that_came_back_is_used(signer: SignerThread) -> None:
    with closing(signer.connect()) as remote:
        remote.sign(1, root(1), [])
        signer.stop()
        error = refused(remote, 20, root(20), path(1, 20))
        assert (error.code, error.retry_after_s) == (Code.UNAVAILABLE, 1)
        with pytest.raises(PlatformError, match="E_UNAVAILABLE"):
            remote.check()
        signer.start()
        remote.check()
        assert remote.sign(20, root(20), path(1, 20)).size == 20
        signer.stop()
        signer.start()  # nobody noticed that it was away
        assert remote.sign(30, root(30), path(20, 30)).size == 30
        remote.check()


def test_a_head_whose_answer_was_lost_is_signed_when_asked_for_again(signer: SignerThread) -> None:
    with closing(signer.connect()) as remote:
        remote.sign(1, root(1), [])
        signer.stop()
        signer.guard.sign(20, root(20), path(1, 20))  # remembered, and nobody was told
        signer.start()
        assert remote.sign(20, root(20), path(1, 20)).size == 20


def test_a_later_head_is_proved_from_the_one_whose_answer_was_lost(signer: SignerThread) -> None:
    with closing(signer.connect()) as remote:
        remote.sign(1, root(1), [])
        signer.stop()
        signer.guard.sign(20, root(20), path(1, 20))
        signer.start()
        assert refused(remote, 30, root(30), path(1, 30)).code is Code.UNAVAILABLE
        assert remote.size == 20
        assert remote.sign(30, root(30), path(20, 30)).size == 30


def test_a_signer_that_went_on_without_this_client_refuses_it(signer: SignerThread) -> None:
    with closing(signer.connect()) as remote:
        remote.sign(1, root(1), [])
        signer.stop()
        signer.guard.sign(20, root(20), path(1, 20))
        signer.start()
        assert refused(remote, 19, root(19), path(1, 19)).code is Code.INTEGRITY
        assert refused(remote, 20, root(21), path(1, 20)).code is Code.INTEGRITY


def test_a_signer_whose_memory_was_restored_is_asked_for_nothing(
    signer: SignerThread, tmp_path: Path
) -> None:
    with closing(signer.connect()) as remote:
        remote.sign(1, root(1), [])
        remote.sign(20, root(20), path(1, 20))
        signer.stop()
        (tmp_path / "old").mkdir()
        newest, signer.guard = signer.guard, make_guard(tmp_path / "old")
        signer.guard.sign(1, root(1), [])
        signer.start()
        error = refused(remote, 30, root(30), path(20, 30))
        assert (error.code, "forgot" in error.detail) == (Code.INTEGRITY, True)
        assert error.evidence["signed"] == f"20\n{b64(root(20))}"
        assert signer.guard.size == 1
        newest.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff\xff\xff\xff",
        framed(b"{}"),
        framed(b"no json"),
        framed(canonical_json({"v": 1, "checkpoint": "log.example/sextant\n"})),
        framed(canonical_json({"v": 1, "problem": {}, "retry_after_s": None})),
        framed(canonical_json({"v": 1, "problem": {"code": []}, "retry_after_s": None})),
    ],
)
def test_no_answer_of_a_broken_signer_is_believed(tmp_path: Path, answer: bytes) -> None:
    guard = make_guard(tmp_path)
    with served(SignerThread(guard, tmp_path / "s", OWN)) as thread:
        remote = thread.connect()
        thread.stop()
    listener = listen(tmp_path / "s")
    standing = format_frame(Standing.of(log_keys(), None, 0, EMPTY_ROOT))
    with closing(remote), answering(listener, standing, answer):
        error = refused(remote, 1, root(1), [])
    assert error.code in {Code.UNAVAILABLE, Code.INTEGRITY}
    assert remote.size == 0


def test_only_the_owner_may_connect(signer: SignerThread) -> None:
    assert stat.S_IMODE(signer.path.stat().st_mode) == 0o600


def test_a_group_may_connect_where_one_is_named(tmp_path: Path) -> None:
    with listen(tmp_path / "s", os.getgid()):
        assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o660


def test_only_what_a_dead_signer_left_is_replaced(tmp_path: Path) -> None:
    for taken in (tmp_path / "file", tmp_path / "live", tmp_path / ("x" * 100)):
        if taken.name == "file":
            taken.write_text("kept")
        with listen(tmp_path / "live"), pytest.raises(PlatformError, match="E_STATE"):
            listen(taken)
    assert (tmp_path / "file").read_text() == "kept"


def test_a_system_that_names_no_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "SO_PEERCRED")
    with pytest.raises(PlatformError, match=r"E_STATE.*which user"):
        listen(tmp_path / "s")
    assert not (tmp_path / "s").exists()


@given(
    size=st.integers(0, 2**53 - 1),
    head=st.binary(min_size=32, max_size=32),
    proof=st.lists(st.binary(min_size=32, max_size=32), max_size=128),
)
def test_what_is_asked_for_arrives_as_it_was_sent(
    size: int, head: bytes, proof: list[bytes]
) -> None:
    frame = format_frame(ask_to_sign(ORIGIN, size, head, proof))
    assert frame_length(frame[:LENGTH_BYTES]) == len(frame) - LENGTH_BYTES
    asked = read_request(frame[LENGTH_BYTES:])
    assert isinstance(asked, AskToSign)
    assert asked.head == (size, head, proof)


@given(position=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_changed_byte_is_another_request_or_none(position: int, value: int) -> None:
    body = bytearray(format_frame(ask_to_sign(ORIGIN, 20, root(20), path(1, 20)))[LENGTH_BYTES:])
    before = bytes(body)
    body[position % len(body)] = value
    try:
        asked = read_request(bytes(body))
    except PlatformError:  # any other error would be a fault of the reader
        return
    assert (asked == read_request(before)) == (bytes(body) == before)


def test_a_refusal_keeps_its_words_over_the_socket() -> None:
    finding = Finding(rule="S0", severity=Severity.MUST_FIX, pointer="/v", message="wrong")
    error = PlatformError(
        Code.INTEGRITY,
        "why",
        expected="a",
        received="b",
        fix="c",
        findings=[finding] * 3,
        retry_after_s=7,
        evidence={"signed": "1\nx"},
    )
    with pytest.raises(PlatformError) as caught:
        read_signed(format_frame(Refused.of(error))[LENGTH_BYTES:])
    assert vars(caught.value) == vars(error)
