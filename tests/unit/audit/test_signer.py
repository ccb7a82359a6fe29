import stat
from pathlib import Path

import pytest

from sextant_audit.signer.folder import create_signer, has_state, open_signer, read_public
from sextant_audit.signer.guard import SignerGuard
from sextant_audit.signer.state import SLOT_BYTES, StateFile, read_memory
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.hashing import EMPTY_ROOT
from sextant_shared.protocol.checkpoints import verify_checkpoint
from tests.support.logs import ORIGIN, log_keys, log_signers
from tests.unit.audit.memory import Clock
from tests.unit.shared.merkle import naive

LEAVES = [naive.leaf(n) for n in range(40)]


def root(size: int) -> bytes:
    return naive.root(LEAVES[:size])


def path(first: int, second: int) -> list[bytes]:
    return naive.consistency(first, LEAVES[:second])


def make_guard(folder: Path) -> SignerGuard:
    state = StateFile.create(folder / "state.json", ORIGIN)
    return SignerGuard(log_keys(), log_signers(), state, Clock())


def refused(guard: SignerGuard, size: int, head: bytes, proof: list[bytes]) -> PlatformError:
    before = guard.size, guard.root
    with pytest.raises(PlatformError) as caught:
        guard.sign(size, head, proof)
    assert caught.value.code is Code.INTEGRITY
    assert (guard.size, guard.root) == before
    return caught.value


def test_the_guard_signs_no_fork(tmp_path: Path) -> None:
    guard = make_guard(tmp_path)
    guard.sign(1, root(1), [])
    guard.sign(20, root(20), path(1, 20))
    fork = naive.root([*LEAVES[:19], LEAVES[39]])
    forked = [*LEAVES[:19], LEAVES[39], *LEAVES[20:30]]
    refused(guard, 19, root(19), [])
    refused(guard, 0, EMPTY_ROOT, [])
    refused(guard, 20, fork, [])
    refused(guard, 20, root(20), [LEAVES[0]])
    refused(guard, 30, root(30), [])
    refused(guard, 30, root(30), path(19, 30))
    refused(guard, 30, naive.root(forked), naive.consistency(20, forked))
    error = refused(guard, 30, root(29), path(20, 30))
    assert set(error.evidence) == {"signed", "asked"}
    assert guard.sign(30, root(30), path(20, 30)).size == 30


@pytest.mark.parametrize("size", [0, 2, 7])
def test_the_guard_begins_with_one_entry(tmp_path: Path, size: int) -> None:
    guard = make_guard(tmp_path)
    refused(guard, size, root(size), [])
    refused(guard, 1, root(1), [LEAVES[0]])
    refused(guard, 1, root(1)[:31], [])
    guard.sign(1, root(1), [])


def test_the_guard_remembers_before_it_signs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = make_guard(tmp_path)

    def killed(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("sextant_audit.signer.guard.sign_checkpoint", killed)
    with pytest.raises(KeyboardInterrupt):
        guard.sign(1, root(1), [])
    assert read_memory(tmp_path / "state.json", ORIGIN).size == 1
    monkeypatch.undo()
    assert verify_checkpoint(guard.sign(1, root(1), []).checkpoint, log_keys()).size == 1


def test_a_memory_that_cannot_be_made_durable_signs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = make_guard(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sextant_audit.signer.state.os.fdatasync", full)
    with pytest.raises(PlatformError, match=r"E_UNAVAILABLE.*No space"):
        guard.sign(1, root(1), [])
    assert guard.size == 0
    monkeypatch.undo()
    guard.sign(1, root(1), [])
    guard.close()
    assert read_memory(tmp_path / "state.json", ORIGIN).size == 1


def test_a_slot_torn_while_written_leaves_the_memory_before(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    guard = make_guard(tmp_path)
    guard.sign(1, root(1), [])
    guard.sign(5, root(5), path(1, 5))
    good = bytearray(file.read_bytes())
    slot = read_memory(file, ORIGIN).generation % 2 * SLOT_BYTES
    for position in (0, 10, 60, 100, SLOT_BYTES - 1):
        torn = bytearray(good)
        torn[slot + position] ^= 0x04
        file.write_bytes(torn)
        assert read_memory(file, ORIGIN).size == 1
    file.write_bytes(bytes(slot) + bytes(SLOT_BYTES))
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        read_memory(file, ORIGIN)


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff" * 1024, bytes(1024)])
def test_a_memory_that_is_not_readable_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "state.json").write_bytes(data)
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        StateFile.open(tmp_path / "state.json", ORIGIN)


def test_the_memory_of_another_log_is_refused(tmp_path: Path) -> None:
    make_guard(tmp_path).close()
    with pytest.raises(PlatformError, match=r"E_INTEGRITY.*another log"):
        StateFile.open(tmp_path / "state.json", "log.example/other")


def test_a_memory_is_made_once_and_held_by_one_process(tmp_path: Path) -> None:
    guard = make_guard(tmp_path)
    with pytest.raises(PlatformError, match="E_STATE"):
        StateFile.create(tmp_path / "state.json", ORIGIN)
    with pytest.raises(PlatformError, match=r"E_STATE.*another process"):
        StateFile.open(tmp_path / "state.json", ORIGIN)
    guard.close()
    StateFile.open(tmp_path / "state.json", ORIGIN).close()


def test_a_folder_with_keys_and_no_memory_is_refused(tmp_path: Path) -> None:
    create_signer(tmp_path, ORIGIN, Clock()).close()
    (tmp_path / "state.json").unlink()
    with pytest.raises(PlatformError, match=r"E_STATE.*no memory"):
        create_signer(tmp_path, ORIGIN, Clock())
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        open_signer(tmp_path, ORIGIN, Clock())
    assert not has_state(tmp_path)


def test_a_log_that_signed_is_not_made_again(tmp_path: Path) -> None:
    guard = create_signer(tmp_path, ORIGIN, Clock())
    guard.sign(1, root(1), [])
    guard.close()
    with pytest.raises(PlatformError, match=r"E_STATE.*begun already"):
        create_signer(tmp_path, ORIGIN, Clock())


def test_an_interrupted_making_keeps_the_keys_it_made(tmp_path: Path) -> None:
    first = create_signer(tmp_path, ORIGIN, Clock())
    first.close()
    (tmp_path / "ml-dsa-44.json").unlink()
    second = create_signer(tmp_path, ORIGIN, Clock())
    assert second.keys.vkeys[0] == first.keys.vkeys[0]
    assert second.keys.vkeys[1] != first.keys.vkeys[1]
    second.close()


def test_a_missing_or_sealed_key_is_refused(tmp_path: Path) -> None:
    create_signer(tmp_path, ORIGIN, Clock(), b"correct horse").close()
    for passphrase in (None, b"wrong"):
        with pytest.raises(PlatformError, match="E_KEY"):
            open_signer(tmp_path, ORIGIN, Clock(), passphrase)
    open_signer(tmp_path, ORIGIN, Clock(), b"correct horse").close()
    (tmp_path / "ed25519.json").unlink()
    for attempt in (
        lambda: read_public(tmp_path, ORIGIN),
        lambda: open_signer(tmp_path, ORIGIN, Clock()),
    ):
        with pytest.raises(PlatformError, match="E_KEY"):
            attempt()


def test_only_the_owner_reads_the_signers_files(tmp_path: Path) -> None:
    create_signer(tmp_path / "signer", ORIGIN, Clock()).close()
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "signer").iterdir()}
    names = ("ed25519.json", "ml-dsa-44.json", "es384.json", "state.json")
    assert modes == dict.fromkeys(names, 0o600)
    assert stat.S_IMODE((tmp_path / "signer").stat().st_mode) == 0o700


def test_the_identity_is_read_without_opening_a_key(tmp_path: Path) -> None:
    guard = create_signer(tmp_path, ORIGIN, Clock(), b"correct horse")
    guard.sign(1, root(1), [])
    keys, memory = read_public(tmp_path, ORIGIN)
    assert keys == guard.keys
    assert (memory.size, memory.root) == (1, root(1))
    guard.close()
