"""The third key: it signs roots of the one history and no checkpoints, and may come late."""

from pathlib import Path

import pytest

from sextant_audit.signer.folder import (
    add_receipt_key,
    create_signer,
    open_signer,
    read_receipt_key,
)
from sextant_audit.signer.guard import SignerGuard
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.cose_receipts import format_inclusion, verify_inclusion_receipt
from tests.support.logs import ORIGIN
from tests.unit.audit.memory import Clock
from tests.unit.audit.test_signer import LEAVES, path, root
from tests.unit.shared.merkle import naive


def grown_guard(folder: Path) -> SignerGuard:
    guard = create_signer(folder, ORIGIN, Clock())
    guard.sign(1, root(1), [])
    guard.sign(20, root(20), path(1, 20))
    return guard


def test_no_root_outside_the_history_that_was_signed_gets_a_receipt(tmp_path: Path) -> None:
    guard = grown_guard(tmp_path)
    fork = naive.root([*LEAVES[:11], LEAVES[39]])
    attempts = [
        (12, fork, path(12, 20)),
        (12, root(12), path(11, 20)),
        (12, root(12), []),
        (20, root(19), []),
        (20, root(20), [LEAVES[0]]),
        (21, root(21), []),
        (21, root(21), path(20, 21)),
        (0, root(0), []),
    ]
    for size, head, proof in attempts:
        with pytest.raises(PlatformError, match="the signer refuses") as caught:
            guard.sign_root(size, head, proof)
        assert caught.value.code is Code.INTEGRITY
    assert guard.size == 20


@pytest.mark.parametrize("size", [2, 12, 20])
def test_every_root_of_the_history_gets_a_receipt(tmp_path: Path, size: int) -> None:
    guard = grown_guard(tmp_path)
    signed = guard.sign_root(size, root(size), path(size, 20))
    receipt = format_inclusion(signed, size, 1, naive.inclusion(1, LEAVES[:size]))
    assert guard.receipt_key is not None
    assert verify_inclusion_receipt(LEAVES[1], receipt, guard.receipt_key).size == size
    assert guard.size == 20


def test_a_log_of_before_signs_none_until_it_is_given_the_key(tmp_path: Path) -> None:
    grown_guard(tmp_path).close()
    (tmp_path / "es384.json").unlink()
    guard = open_signer(tmp_path, ORIGIN, Clock())
    assert (guard.receipt_key, read_receipt_key(tmp_path, ORIGIN)) == (None, None)
    with pytest.raises(PlatformError, match=r"E_NOT_FOUND.*no key of COSE receipts"):
        guard.sign_root(20, root(20), [])
    guard.close()
    add_receipt_key(tmp_path, ORIGIN)
    guard = open_signer(tmp_path, ORIGIN, Clock())
    assert guard.receipt_key == read_receipt_key(tmp_path, ORIGIN)
    assert guard.sign_root(20, root(20), []).signature


def test_the_key_is_added_once_and_only_beside_a_memory(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="E_INTEGRITY"):
        add_receipt_key(tmp_path, ORIGIN)
    grown_guard(tmp_path)
    with pytest.raises(PlatformError, match="E_STATE"):
        add_receipt_key(tmp_path, ORIGIN)


def test_a_key_of_the_checkpoints_does_not_sign_receipts(tmp_path: Path) -> None:
    grown_guard(tmp_path).close()
    (tmp_path / "es384.json").write_bytes((tmp_path / "ed25519.json").read_bytes())
    with pytest.raises(PlatformError, match="E_KEY"):
        open_signer(tmp_path, ORIGIN, Clock())
