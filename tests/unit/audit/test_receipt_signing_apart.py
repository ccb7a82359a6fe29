"""The third key behind the socket: for the holder alone, and verified before it is believed."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sextant_audit.signer.folder import add_receipt_key, create_signer, open_signer
from sextant_audit.signer.remote import look_at_keys
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.cose_receipts import SignedRoot, sign_root, verify_signed_root
from tests.support.logs import NOW, ORIGIN, receipt_signer
from tests.support.signers import TIMEOUT_S, SignerThread, served
from tests.unit.audit.memory import Clock
from tests.unit.audit.test_signer import make_guard, path, root

OWN = frozenset({os.geteuid()})


@pytest.fixture
def signer(tmp_path: Path) -> Iterator[SignerThread]:
    guard = create_signer(tmp_path / "signer", ORIGIN, Clock())
    guard.sign(1, root(1), [])
    guard.sign(20, root(20), path(1, 20))
    with served(SignerThread(guard, tmp_path / "s", OWN)) as thread:
        yield thread


def test_a_root_outside_the_history_is_refused_over_the_socket_too(signer: SignerThread) -> None:
    with closing(signer.connect()) as remote:
        outside: tuple[tuple[int, bytes, list[bytes]], ...] = (
            (12, root(11), path(12, 20)),
            (21, root(21), []),
            (12, root(12), []),
        )
        for size, head, proof in outside:
            with pytest.raises(PlatformError, match="the signer refuses") as caught:
                remote.sign_root(size, head, proof)
            assert caught.value.code is Code.INTEGRITY


def test_a_root_of_the_history_is_signed_also_after_the_signer_came_back(
    signer: SignerThread,
) -> None:
    with closing(signer.connect()) as remote:
        key = remote.receipt_key
        assert key == signer.guard.receipt_key
        assert key is not None
        verify_signed_root(remote.sign_root(12, root(12), path(12, 20)), root(12), key)
        signer.stop()
        for _ in range(2):
            with pytest.raises(PlatformError) as caught:
                remote.sign_root(20, root(20), [])
            assert caught.value.code is Code.UNAVAILABLE
        signer.start()
        verify_signed_root(remote.sign_root(20, root(20), []), root(20), key)


def test_a_root_signed_by_another_key_is_not_believed(
    signer: SignerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(_size: int, head: bytes, _path: object) -> SignedRoot:
        return sign_root(ORIGIN, head, receipt_signer(), NOW)

    monkeypatch.setattr(signer.guard, "sign_root", other)
    with closing(signer.connect()) as remote:
        with pytest.raises(PlatformError, match="does not verify") as caught:
            remote.sign_root(20, root(20), [])
        assert caught.value.code is Code.INTEGRITY


def test_the_keys_are_told_to_who_looks(signer: SignerThread) -> None:
    keys, receipts = look_at_keys(signer.path, ORIGIN, TIMEOUT_S)
    assert (keys, receipts) == (signer.guard.keys, signer.guard.receipt_key)


def test_a_signer_without_the_key_says_how_to_get_one(tmp_path: Path) -> None:
    apart = SignerThread(make_guard(tmp_path), tmp_path / "s", OWN)
    with served(apart) as thread, closing(thread.connect()) as remote:
        assert remote.receipt_key is None
        with pytest.raises(PlatformError, match="E_NOT_FOUND") as caught:
            remote.sign_root(1, root(1), [])
        assert "add-receipt-key" in caught.value.fix


def test_a_signer_that_comes_back_with_the_key_signs_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "signer"
    create_signer(folder, ORIGIN, Clock()).close()
    (folder / "es384.json").unlink()  # a log of before it had one
    apart = SignerThread(open_signer(folder, ORIGIN, Clock()), tmp_path / "s", OWN)
    with served(apart) as thread, closing(thread.connect()) as remote:
        remote.sign(1, root(1), [])
        thread.stop()
        thread.guard.close()
        add_receipt_key(folder, ORIGIN)
        thread.guard = open_signer(folder, ORIGIN, Clock())
        thread.start()
        remote.sign(20, root(20), path(1, 20))  # the next head makes them known to each other
        key = remote.receipt_key
        assert key is not None
        verify_signed_root(remote.sign_root(12, root(12), path(12, 20)), root(12), key)
